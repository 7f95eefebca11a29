"""The library: open to everybody, with a star for people who are signed in."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.models import Door, User
from accounts.rate_limit import limited
from companion import library, wish
from companion.addresses import Addresses, addresses
from companion.forms import SearchForm
from companion.http import (
    SignedInRequest,
    SiteRequest,
    page_behind,
    page_of,
    safe_next,
    to_sign_in,
)
from companion.removal import Removal
from companion.templatetags.facts import text_of, typographic
from skill_endpoint.facts.models import Fact, FactReport, Favourite

PAGE_SIZE = 24


@login_not_required
@require_safe
@vary_on_headers("HX-Request")
def facts(request: SiteRequest, topic: str = "") -> HttpResponse:
    person = request.user if isinstance(request.user, User) else None
    shelves = library.shelves(person)
    chosen = next((shelf for shelf in shelves if shelf.topic.slug == topic), None)
    if topic and not chosen:
        raise Http404
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    only_new = bool(person and person.profile.remember_history and request.GET.get("new") == "1")
    found = library.listed().in_topics([topic] if topic else [])
    if only_new and person:
        found = found.unheard_by(person)
    found = found.matching(words, library.language())
    page = page_of(request, found.order_by("topic__position", "topic__slug", "slug"), PAGE_SIZE)
    nothing = words and not page.paginator.count
    context = {
        "shelves": [shelf for shelf in shelves if shelf.count],
        "chosen": chosen,
        "form": form,
        "words": words,
        "only_new": only_new,
        "keeps_count": bool(person and person.profile.remember_history),
        "page": page,
        "meant": library.meant(words, [shelf.topic for shelf in shelves]) if nothing else "",
        "in_english": library.ENGLISH in _languages_shown(page) - {library.language()},
        "addresses": _addresses_of_shelf(chosen, shelves, page.number),
    }
    template = "partials/fact_results.html" if request.htmx else "companion/facts.html"
    return render(request, template, context, status=200 if form.is_valid() else 422)


def _languages_shown(page: Page[Fact]) -> set[str]:
    return {fact.text(library.language()).language for fact in page}


def _addresses_of_shelf(
    chosen: library.Shelf | None, shelves: list[library.Shelf], number: int
) -> Addresses:
    told_in = frozenset[str]().union(
        *(each.languages for each in ([chosen] if chosen else shelves))
    )
    shown = library.language() if library.language() in told_in else library.ENGLISH
    query = f"?page={number}" if number > 1 else ""
    if chosen:
        slug = chosen.topic.slug
        return addresses("topic", shown=shown, languages=told_in, query=query, topic=slug)
    return addresses("facts", shown=shown, languages=told_in, query=query)


@login_not_required
@require_safe
def fact(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    person = request.user if isinstance(request.user, User) else None
    readable = library.beside(library.marked(library.readable(), person))
    shown = readable.filter(topic__slug=topic, slug=slug).first()
    if not shown:
        return _withdrawn(request, topic, slug)
    text = shown.text(library.language())
    told_in = [text.language for text in shown.texts.all()]
    where = addresses("fact", shown=text.language, languages=told_in, topic=topic, slug=slug)
    context = {"fact": shown, "text": text, "addresses": where}
    return render(request, "companion/fact.html", context)


def _withdrawn(request: HttpRequest, topic: str, slug: str) -> HttpResponse:
    """Gone is what was here once; what never was is not found."""
    withdrawn = Fact.objects.filter(is_published=False).select_related("topic")
    fact = get_object_or_404(withdrawn, topic__slug=topic, slug=slug)
    return render(request, "companion/withdrawn.html", {"topic": fact.topic}, status=410)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@limited("report", rate=20, per=60)
def report(request: SiteRequest, topic: str, slug: str) -> HttpResponse:
    """ "That's wrong": a page that asks, then before the operators it goes."""
    shown = get_object_or_404(library.readable(), topic__slug=topic, slug=slug)
    text = shown.text(library.language())
    if request.method != "POST":
        return render(request, "companion/report.html", {"fact": shown, "text": text})
    person = request.user if isinstance(request.user, User) else None
    FactReport.objects.file(shown.pk, person, language=text.language, request_id="")
    return _reported(request, shown, is_reported=True)


@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: SignedInRequest, topic: str, slug: str) -> HttpResponse:
    """A report of this person that no operator has answered yet."""
    shown = get_object_or_404(library.readable(), topic__slug=topic, slug=slug)
    if request.method != "POST":
        return redirect(shown)
    FactReport.objects.open().filter(user=request.user, fact=shown).delete()
    return _reported(request, shown, is_reported=False)


def _reported(request: SiteRequest, fact: Fact, *, is_reported: bool) -> HttpResponse:
    here = safe_next(request, fact.get_absolute_url())
    if request.htmx:
        context = {"fact": fact, "is_reported": is_reported, "here": here, "swapped": True}
        return render(request, "partials/report.html", context)
    if is_reported:
        messages.success(request, _("Thank you. Somebody will compare the fact with its source."))
    else:
        messages.success(request, _("Your report is taken back."))
    return redirect(here)


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


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedInRequest, topic: str, slug: str) -> HttpResponse:
    """Also of a fact that was withdrawn since it was saved."""
    shown = get_object_or_404(Fact.objects.with_text(), topic__slug=topic, slug=slug)
    if request.method != "POST":
        return redirect("saved")
    saved = Favourite.objects.filter(user=request.user, fact=shown).first()
    if saved:
        text = text_of(shown)
        headline, language = (text.headline, text.language) if text else (shown.slug, "")
        Removal.keep(request, saved, headline, language)
        saved.delete()
    if "list" in request.POST:  # the list itself comes back, with the row that follows
        return redirect(safe_next(request, "/saved/"))
    return _star(request, shown, saved=False)


def _star(request: SignedInRequest, fact: Fact, *, saved: bool) -> HttpResponse:
    here = safe_next(request, fact.get_absolute_url())
    if not request.htmx:
        return redirect(here)
    context = {"fact": fact, "saved": saved, "here": here}
    return render(request, "partials/star_swapped.html", context)
