"""What search engines ask for: which pages there are, in which languages, and which are not theirs.

https://www.sitemaps.org/protocol.html, with the alternates of
https://developers.google.com/search/docs/specialty/international/localized-versions#sitemap
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from companion import library
from companion.addresses import Addresses, addresses
from companion.kept import kept
from companion.languages import CODES
from skill_endpoint.facts.models import Fact

FACTS_IN_A_FILE = 200  # each in up to ten languages that name one another
KEPT = int(timedelta(hours=1).total_seconds())
_PRIVATE = ("/accounts/", "/admin/", "/alexa/", "/alexa-link/", "/history/", "/me/", "/saved/")


@dataclass(frozen=True, slots=True)
class Listed:
    """A page in all its languages."""

    where: Addresses
    changed: date | None = None


@login_not_required
@require_safe
@cache_control(public=True, max_age=KEPT)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _PRIVATE)]
    # actions of pages, not pages
    lines += [f"Disallow: /*/{action}/" for action in ("save", "remove", "report")]
    lines += ["", f"Sitemap: {settings.PUBLIC_URL}{reverse('sitemap')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@kept(by_language=False)
@cache_control(public=True, max_age=KEPT)
def sitemap(request: HttpRequest) -> HttpResponse:
    """The list of lists."""
    files = -(-Fact.objects.published().count() // FACTS_IN_A_FILE)
    paths = [reverse("sitemap_pages")]
    paths += [reverse("sitemap_facts", args=[number]) for number in range(1, files + 1)]
    files_at = [f"{settings.PUBLIC_URL}{path}" for path in paths]
    return _xml("companion/sitemap_index.xml", {"files": files_at})


@login_not_required
@require_safe
@kept(by_language=False)
@cache_control(public=True, max_age=KEPT)
def pages(request: HttpRequest) -> HttpResponse:
    """Front page, today, the library and its topics."""
    shelves = [shelf for shelf in library.shelves(None) if shelf.languages]
    told_in = frozenset[str]().union(*(shelf.languages for shelf in shelves))
    listed = [Listed(addresses("home", shown=library.ENGLISH, languages=CODES))]
    if told_in:
        listed += [
            Listed(addresses(name, shown=library.ENGLISH, languages=told_in))
            for name in ("today", "facts")
        ]
    listed += [
        Listed(
            addresses(
                "topic",
                shown=library.ENGLISH,
                languages=shelf.languages,
                topic=shelf.topic.slug,
            )
        )
        for shelf in shelves
    ]
    return _xml("companion/sitemap.xml", {"listed": listed})


@login_not_required
@require_safe
@kept(by_language=False)
@cache_control(public=True, max_age=KEPT)
def facts(request: HttpRequest, number: int) -> HttpResponse:
    """So many facts, in the languages that each is told in; a number that is too high is none."""
    first = (number - 1) * FACTS_IN_A_FILE
    if number < 1 or number > 10_000:
        raise Http404
    found = Fact.objects.published().with_text().annotate(edited_at=Max("versions__made_at"))
    listed = [
        Listed(
            addresses(
                "fact",
                shown=library.ENGLISH,
                languages=[text.language for text in fact.texts.all()],
                topic=fact.topic.slug,
                slug=fact.slug,
            ),
            _changed(fact.checked_on, getattr(fact, "edited_at", None)),
        )
        for fact in found.order_by("pk")[first : first + FACTS_IN_A_FILE]
    ]
    if not listed:
        raise Http404
    return _xml("companion/sitemap.xml", {"listed": listed})


def _changed(checked_on: date | None, edited_at: datetime | None) -> date | None:
    """What is known of the day when somebody last went over the text."""
    edited_on = edited_at.astimezone(UTC).date() if edited_at else None
    return max(filter(None, (checked_on, edited_on)), default=None)


def _xml(template: str, context: dict[str, object]) -> HttpResponse:
    """The same whoever asks, in whatever language: shared caches keep one for all."""
    return HttpResponse(
        render_to_string(template, context),
        content_type="application/xml; charset=utf-8",
        headers={"Content-Language": settings.LANGUAGE_CODE},
    )
