"""The library: open to everybody, with a star for people who are signed in."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.models import Door, User
from accounts.rate_limit import limited
from companion import library, time_zones, wish
from companion.forms import SearchForm
from companion.http import (
    SignedInRequest,
    SiteRequest,
    page_behind,
    page_of,
    safe_next,
    signed_in,
    to_sign_in,
)
from companion.removal import Removal
from companion.templatetags.facts import text_of, typographic
from skill_endpoint.facts.models import Fact, Favourite, Topic

PAGE_SIZE = 24


@login_not_required
@require_safe
@vary_on_headers("HX-Request")
def facts(request: SiteRequest, topic: str = "") -> HttpResponse:
    published = Count("facts", filter=Q(facts__is_published=True))
    topics = list(Topic.objects.annotate(count=published).order_by("position", "slug"))
    chosen = next((other for other in topics if other.slug == topic), None)
    if topic and not chosen:
        raise Http404
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    found = (
        library.readable()
        .in_topics([topic] if topic else [])
        .matching(words, library.language())
        .order_by("topic__position", "topic__slug", "slug")
    )
    context = {
        "topics": [other for other in topics if other.count],
        "topic": chosen,
        "form": form,
        "words": words,
        "page": page_of(request, found, PAGE_SIZE),
    }
    template = "partials/fact_results.html" if request.htmx else "companion/facts.html"
    return render(request, template, context, status=200 if form.is_valid() else 422)


@login_not_required
@require_safe
def fact(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    readable = library.readable().marking_saved_by(request.user)
    shown = get_object_or_404(readable, topic__slug=topic, slug=slug)
    return render(request, "companion/fact.html", {"fact": shown})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def save(request: SiteRequest, topic: str, slug: str) -> HttpResponse:
    """On the list of who is signed in; a visitor signs in first, which saves it as well."""
    shown = get_object_or_404(library.readable(), topic__slug=topic, slug=slug)
    if isinstance(request.user, User):
        who = cast("SignedInRequest", request)
        return _save(who, shown) if request.method == "POST" else _fulfil(who, shown)
    return _wish(request, shown) if request.method == "POST" else redirect(shown)


@limited("wish", rate=30, per=60)  # each may begin a session, which is a row
def _wish(request: SiteRequest, shown: Fact) -> HttpResponse:
    back = page_behind(request) or safe_next(request, shown.get_absolute_url())
    wish.keep(request, shown, back)
    return to_sign_in(request, request.path)


def _fulfil(request: SignedInRequest, shown: Fact) -> HttpResponse:
    """Back from signing in, which ends with a GET: it saves what a POST asked for before."""
    back = wish.take(request, shown)
    if back is None:
        return redirect(shown)
    Favourite.objects.keep(request.user, shown.pk, Door.WEB)
    text = text_of(shown)
    messages.success(request, _("Saved: %s") % (typographic(text.headline) if text else shown))
    return redirect(back)


def _save(request: SignedInRequest, shown: Fact) -> HttpResponse:
    removal = Removal.of(request)
    if removal and removal.fact_id == shown.pk:  # a second thought: as it was, door and time
        removal.undo(request.user)
    Favourite.objects.keep(request.user, shown.pk, Door.WEB)
    Removal.forget(request, shown.pk)
    return _star(request, shown, saved=True)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, topic: str, slug: str) -> HttpResponse:
    """Also of a fact that was withdrawn since it was saved."""
    shown = get_object_or_404(Fact.objects.with_text(), topic__slug=topic, slug=slug)
    if request.method != "POST":
        return redirect("saved")
    saved = Favourite.objects.filter(user=request.user, fact=shown).first()
    if saved:
        text = text_of(shown)
        Removal.keep(request, saved, text.headline if text else shown.slug)
        saved.delete()
    return _star(request, shown, saved=False)


def _star(request: SignedInRequest, fact: Fact, *, saved: bool) -> HttpResponse:
    if not request.htmx:
        return redirect(safe_next(request, fact.get_absolute_url()))
    here = safe_next(request, fact.get_absolute_url())
    context = {"fact": fact, "saved": saved, "here": here}
    if here == reverse("home"):  # it shows what was saved last, too
        context["recent"] = library.saved_last(request.user)
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "partials/star_swapped.html", context)
