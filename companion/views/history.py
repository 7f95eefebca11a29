"""What a person heard, by either door: shown, taken out one by one, or forgotten as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Door
from companion import library, time_zones
from companion.http import SignedInRequest, only, page_of, safe_next
from companion.removal import Removal
from companion.templatetags.facts import text_of
from skill_endpoint.facts.models import Hearing

PAGE_SIZE = 30


@require_safe
def history(request: SignedInRequest) -> HttpResponse:
    """Newest first; days begin where the person lives."""
    heard = Hearing.objects.filter(user=request.user)
    door = request.GET.get("door", "")
    if door in Door.values:
        heard = heard.filter(door=door)
    told = Hearing.objects.with_facts(library.language())
    page = only(page_of(request, heard, PAGE_SIZE, or_last=True), told)
    # a fact's star stands once on a page, where it was heard last
    stars = {hearing.fact_id: hearing.pk for hearing in reversed(list(page))}
    context = {
        "page": page,
        "stars": stars.values(),
        "door": door if door in Door.values else "",
        "is_kept": request.user.profile.remember_history,
    }
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """One of the person's own; a second press finds it gone, and goes back as the first did."""
    if request.method != "POST":  # back from signing in, which ends with a GET
        return redirect("history")
    back = redirect(safe_next(request, "/history/"))
    hearings = Hearing.objects.filter(user=request.user).with_facts(library.language())
    hearing = hearings.filter(pk=pk).first()
    if not hearing:
        last = Removal.last(request)
        if last and last.is_of_history and last.pk == pk:
            return back
        raise Http404
    text = text_of(hearing.fact)
    Removal.keep(
        request,
        hearing,
        text.headline if text else hearing.fact.slug,
        text.language if text else "",
    )
    hearing.delete()
    return back


@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: SignedInRequest) -> HttpResponse:
    """All of it, for good: asks on a page of its own first."""
    heard = Hearing.objects.filter(user=request.user)
    if request.method != "POST":
        return render(request, "companion/history_forget.html", {"count": heard.count()})
    gone, _models = heard.delete()
    last = Removal.last(request)
    if last and last.is_of_history:  # Undo would bring one of them back
        Removal.forget(request)
    if gone:
        said = ngettext(
            "Forgotten: %(count)s fact that you heard.",
            "Forgotten: %(count)s facts that you heard.",
            gone,
        )
        messages.success(request, said % {"count": localize(gone)})
    else:
        messages.info(request, _("There was nothing to forget."))
    return redirect("history")
