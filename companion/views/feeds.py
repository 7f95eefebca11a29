"""The fact of the day for programs and feed readers; of nobody in particular, without a session.

Below `/<language>/` in that language, else in the one that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from companion import library
from companion.kept import KEPT, kept
from companion.languages import url_in
from companion.templatetags.facts import typographic
from skill_endpoint.facts.models import Fact, FactText
from skill_endpoint.facts.selection import daily_seed, first_by, local_day

DAYS = 30  # in the feed

type Feed = Callable[[HttpRequest], HttpResponse]


def feed(view: Feed) -> Callable[..., HttpResponse]:
    """Public, built once in a while, answered with 304 where nothing changed."""

    @login_not_required
    @require_safe
    @kept(by_language=True)
    @cache_control(public=True, max_age=int(KEPT.total_seconds()))
    @wraps(view)
    def wrapper(request: HttpRequest, language: str = "") -> HttpResponse:
        if not language:
            return view(request)
        # not languages.in_language: nobody who reads a feed wants a cookie of it
        with translation.override(language):
            response = view(request)
        response["Content-Language"] = language
        return response

    return wrapper


@feed
def today_json(request: HttpRequest) -> HttpResponse:
    """For widgets and dashboards on any site."""
    told = _told_on([local_day(None)])
    if not told:
        response = JsonResponse({"error": "There is no fact today."}, status=404)
    else:
        day, text = told[0]
        response = JsonResponse(_as_json(day, text), json_dumps_params={"ensure_ascii": False})
    response["Access-Control-Allow-Origin"] = "*"
    return response


@feed
def today_txt(request: HttpRequest) -> HttpResponse:
    """For a terminal."""
    told = _told_on([local_day(None)])
    plain = "text/plain; charset=utf-8"
    if not told:
        return HttpResponse("There is no fact today.\n", content_type=plain, status=404)
    _day, text = told[0]
    fact = text.fact
    lines = [
        typographic(text.speech),
        f"({fact.source_publisher}: {fact.source_title})",
        _address(text),
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type=plain)


@feed
def atom(request: HttpRequest) -> HttpResponse:
    """The facts of the last days, today's first."""
    here = f"{settings.PUBLIC_URL}{request.path}"
    made = Atom1Feed(
        title="Small Wonders",
        subtitle=_("A true, surprising, sourced fact a day, by Alexa or on the web."),
        link=f"{settings.PUBLIC_URL}{url_in(library.language(), 'today')}",
        description="",  # Atom's is the subtitle
        feed_url=here,
        feed_guid=here,
        language=library.language(),
        author_name="Small Wonders",
    )
    today = local_day(None)
    for day, text in _told_on([today - timedelta(days=back) for back in range(DAYS)]):
        begins = datetime.combine(day, time.min, UTC)
        made.add_item(
            title=typographic(text.headline),
            link=_address(text),
            description=typographic(text.speech),
            unique_id=f"tag:{settings.PUBLIC_HOST},2026:{library.language()}:{day}",
            pubdate=begins,
            updateddate=begins,
            categories=[text.fact.topic.title],
        )
    return HttpResponse(
        made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )


def _told_on(days: list[date]) -> list[tuple[date, FactText]]:
    """Each day's fact in two statements; days without one are left out."""
    facts = _facts_of(days)
    texts = {text.fact_id: text for text in _texts_of(set(facts))}
    return [(day, texts[pk]) for day, pk in zip(days, facts, strict=False) if pk in texts]


def _facts_of(days: list[date]) -> list[int]:
    facts = Fact.objects.published().told_in(library.language()).order_by()
    rows = list(facts.values_list("pk", "slug"))
    return [first_by(daily_seed(day), rows) for day in days] if rows else []


def _texts_of(facts: set[int]) -> list[FactText]:
    return library.nearest(library.texts().filter(fact__in=facts))


def _address(text: FactText) -> str:
    slugs = {"topic": text.fact.topic.slug, "slug": text.fact.slug}
    return f"{settings.PUBLIC_URL}{url_in(library.language(), 'fact', **slugs)}"


def _as_json(day: date, text: FactText) -> dict[str, object]:
    fact = text.fact
    return {
        "date": day.isoformat(),
        "language": text.language,
        "headline": typographic(text.headline),
        "fact": typographic(text.speech),
        "more": typographic(text.more),
        "topic": {"slug": fact.topic.slug, "name": fact.topic.title},
        "source": {
            "title": fact.source_title,
            "publisher": fact.source_publisher,
            "locator": fact.source_locator,
            "checked_on": fact.checked_on and fact.checked_on.isoformat(),
        },
        "address": _address(text),
    }
