from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from companion import library, time_zones
from companion.http import SignedInRequest, only, page_of, safe_next
from companion.removal import Removal
from skill_endpoint.facts.models import Favourite, Topic

PAGE_SIZE = 20
TO_START_WITH = 3  # facts that an empty list offers


@require_safe
def saved(request: SignedInRequest) -> HttpResponse:
    """What was saved by voice and here, newest first; days begin where the person lives."""
    mine = Favourite.objects.filter(user=request.user)
    topics = list(Topic.objects.filter(facts__favourites__user=request.user).distinct())
    topic = request.GET.get("topic", "").replace("\0", "")
    found = mine.filter(fact__topic__slug=topic) if topic else mine
    page = page_of(request, found, PAGE_SIZE, or_last=True)
    told = Favourite.objects.with_facts(library.language())
    context: dict[str, Any] = {
        "page": only(page, told),
        "topics": topics,
        "topic": topic,
        "chosen": next((each for each in topics if each.slug == topic), None),
    }
    if not topics:
        by_readers = library.readable().annotate(readers=Count("favourites"))
        context["popular"] = by_readers.order_by("-readers", "-pk")[:TO_START_WITH]
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/saved.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dismiss(request: SignedInRequest) -> HttpResponse:
    """Take the offer to undo off the page."""
    if request.method == "POST":
        Removal.forget(request)
    return redirect(safe_next(request, "/saved/"))


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: SignedInRequest) -> HttpResponse:
    """Put back what was removed last, to either list; a second press finds nothing to do."""
    if request.method != "POST":  # back from signing in, which ends with a GET
        return redirect("saved")
    removal = Removal.last(request)
    if removal and removal.undo(request.user):
        back = (
            _("It is back in your history.") if removal.is_of_history else _("It is saved again.")
        )
        messages.success(request, back)
    elif removal:
        messages.error(request, _("This fact is gone, so it cannot be put back."))
    Removal.forget(request)
    return redirect(safe_next(request, "/saved/"))
