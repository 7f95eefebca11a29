"""A person's day: their fact, what they heard last, and for how many days in a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.models import Door, User
from companion import library, streak
from skill_endpoint.facts.models import Fact, FactReport, FactText, Favourite, Hearing
from skill_endpoint.facts.selection import Choice, day_start, todays

RECENT = 3
_LOOKED_AT = 12  # hearings among which the last facts are found: one may be heard several times


@dataclass(frozen=True, slots=True)
class Told:
    """A fact in the page's language, as it stands between the person and it."""

    fact: Fact
    text: FactText
    is_saved: bool
    is_reported: bool
    heard_at: datetime | None  # last
    heard_by: str | None


@dataclass(frozen=True, slots=True)
class Day:
    told: Told | None  # the fact that is shown; None: there are no facts
    is_todays: bool  # the fact of the day
    is_repeat: bool  # everything that was asked for had been heard
    heard_today_at: datetime | None  # by the voice door, if that told it last
    recent: list[Told]
    streak: int


def day_of(person: User, slug: str = "") -> tuple[Day, Choice | None]:
    """The fact of the day, and the page about it or about the fact of this slug."""
    choice = todays(person, language=library.language())
    return _day(person, choice, slug), choice


def day_with(person: User, choice: Choice) -> Day:
    """The page about another fact than that of the day."""
    return _day(person, choice, is_todays=False)


def _day(person: User, choice: Choice | None, slug: str = "", *, is_todays: bool = True) -> Day:
    begins = day_start(person)
    told = list(_told(person, Q(fact=choice and choice.fact_id) | Q(fact__slug=slug), begins))
    chosen = next((each for each, _ in told if choice and each.fact.pk == choice.fact_id), None)
    asked = next((each for each, _ in told if each.fact.slug == slug), None)
    shown = asked or chosen
    recent = sorted(
        ((each.heard_at, each) for each, _ in told if each.heard_at),
        key=itemgetter(0),
        reverse=True,
    )
    heard_today = bool(recent and recent[0][0] >= begins)
    return Day(
        told=shown,
        is_todays=is_todays and shown is chosen,
        is_repeat=bool(choice and choice.is_repeat and shown is chosen),
        heard_today_at=_heard_today(shown, begins),
        recent=[each for _at, each in recent[:RECENT]],
        streak=streak.length(told[0][1], heard_today=heard_today) if told else 0,
    )


def _told(person: User, wanted: Q, begins: datetime) -> Iterator[tuple[Told, int | None]]:
    """What is wanted and what was heard last, each with the first day back without a hearing."""
    heard = Hearing.objects.filter(user=person).order_by("-heard_at", "-pk")
    of_it = heard.filter(fact=OuterRef("fact"))
    reports = FactReport.objects.open().filter(user=person, fact=OuterRef("fact"))
    saved = Favourite.objects.filter(user=person, fact=OuterRef("fact"))
    texts = (
        library.texts()
        .filter(wanted | Q(fact__in=heard.values("fact")[:_LOOKED_AT]))
        .annotate(
            is_saved=Exists(saved),
            is_reported=Exists(reports),
            heard_at=Subquery(of_it.values("heard_at")[:1]),
            heard_by=Subquery(of_it.values("door")[:1]),
            first_without=streak.first_day_without(person, begins),
        )
    )
    annotated: list[Any] = library.nearest(texts)  # which the queryset's type does not say
    for text in annotated:
        marks = text.is_saved, text.is_reported, text.heard_at, text.heard_by
        yield Told(text.fact, text, *marks), text.first_without


def _heard_today(told: Told | None, begins: datetime) -> datetime | None:
    if not told or not told.heard_at or told.heard_by != Door.VOICE:
        return None
    return told.heard_at if told.heard_at >= begins else None
