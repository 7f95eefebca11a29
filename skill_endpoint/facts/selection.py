"""Which fact comes next: a choice that is the same wherever and whenever it is made again.

Every fact has a place in a list that a seed shuffles; who asks gets the first one that is new to
them. With the day as the seed that is the fact of the day: the same for everybody with the same
topics, and for who had heard it before their day began the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactText, Hearing, candidates
from skill_endpoint.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Choice:
    fact_id: int
    is_repeat: bool = False  # everything that was asked for had been heard: this one, longest ago
    heard_today: bool = False  # only of the fact of the day
    topics: tuple[str, ...] = ()  # slugs that it was chosen from; none: all


class _Fact(NamedTuple):
    pk: int
    slug: str
    last_heard: datetime | None = None
    last_heard_before: datetime | None = None  # before the person's day began


def local_time(user: User | None, now: datetime | None = None) -> datetime:
    """The time by the person's time zone; UTC for whom we do not know."""
    name = user.profile.time_zone if user else "UTC"
    try:
        zone = ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a zone that was renamed since it was chosen
        zone = ZoneInfo("UTC")
    return (now or timezone.now()).astimezone(zone)


def local_day(user: User | None, now: datetime | None = None) -> date:
    return local_time(user, now).date()


def day_start(user: User | None, now: datetime | None = None) -> datetime:
    return local_time(user, now).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def daily_seed(day: date) -> str:
    return day.isoformat()


def first_by(seed: str, facts: Iterable[tuple[int, str]]) -> int:
    """Of (id, slug) pairs the id whose slug the seed shuffles to the front.

    By the slug's hash, so that installations agree, and so that a fact added or taken away
    moves no other.
    """
    return min(facts, key=lambda fact: hashlib.sha256(f"{seed} {fact[1]}".encode()).digest())[0]


def todays(
    user: User | None, *, language: str = "en", now: datetime | None = None
) -> Choice | None:
    """The fact of the person's day, at either door; in at most two statements.

    It is one fact from midnight to midnight: what the person hears in between does not move it.
    """
    start = day_start(user, now)
    seed = daily_seed(start.date())
    topics = user.profile.topics if user else ()
    history_of = user if user and user.profile.remember_history else None
    facts, topics = _facts(language, topics, history_of, start, or_any_topic=True)
    if not facts:
        return None
    new = [(fact.pk, fact.slug) for fact in facts if not fact.last_heard_before]
    oldest = min(facts, key=lambda fact: (fact.last_heard_before or _LONG_AGO, fact.slug))
    pk = first_by(seed, new) if new else oldest.pk
    chosen = next(fact for fact in facts if fact.pk == pk)
    return Choice(
        pk,
        is_repeat=not new,
        heard_today=bool(chosen.last_heard and chosen.last_heard >= start),
        topics=topics,
    )


def choose(
    seed: str,
    *,
    topics: Sequence[str] = (),
    or_any_topic: bool = False,
    history_of: User | None = None,
    heard: Sequence[int] = (),
    language: str = "en",
) -> Choice | None:
    """The next fact of these topics (none: of all), in at most two statements.

    New is what neither the history of a person holds nor `heard`, the ids of this conversation,
    oldest first. Only facts that have a text for the language (fr-ca, else fr, else English)
    count. `or_any_topic` goes to all topics where these have no fact at all; otherwise
    the answer is then None.
    """
    facts, topics = _facts(language, topics, history_of, or_any_topic=or_any_topic)
    if not facts:
        return None
    place = {pk: number for number, pk in enumerate(heard, start=1)}
    if new := [(f.pk, f.slug) for f in facts if not f.last_heard and f.pk not in place]:
        return Choice(first_by(seed, new), topics=topics)
    # what this conversation told is what the person heard last, whatever the clocks say
    oldest = min(facts, key=lambda f: (place.get(f.pk, 0), f.last_heard or _LONG_AGO, f.slug))
    return Choice(oldest.pk, is_repeat=True, topics=topics)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _facts(
    language: str,
    topics: Sequence[str],
    history_of: User | None,
    day: datetime | None = None,
    *,
    or_any_topic: bool,
) -> tuple[list[_Fact], tuple[str, ...]]:
    """What may be told, with when the person heard it; and the topics that it was taken from."""
    values: list[str | int | datetime] = [*candidates(language), *topics]
    if history_of:
        values += [history_of.pk, day] if day else [history_of.pk]
    telling = _telling(len(topics), with_history=bool(history_of), with_day=bool(day))
    facts = [_Fact(*row) for row in telling(*values)]
    if facts or not (topics and or_any_topic):
        return facts, tuple(topics)
    return _facts(language, (), history_of, day, or_any_topic=False)


@cache
def _telling(topics: int, *, with_history: bool, with_day: bool) -> Prepared[tuple[Any, ...]]:
    """Values: three languages, so many slugs of topics, then the person and when their day began.

    A day is looked at with a history only.
    """

    def build(*values: Any) -> QuerySet[Fact, tuple[Any, ...]]:
        slugs, rest = values[3 : 3 + topics], values[3 + topics :]
        texts = FactText.objects.of_fact().filter(language__in=values[:3])
        told = Fact.objects.published().filter(Exists(texts)).in_topics(list(slugs)).order_by()
        if not with_history:
            return told.values_list("pk", "slug")
        hearings = Hearing.objects.filter(user=rest[0], fact=OuterRef("pk"))
        moments = {"last_heard": _latest(hearings)}
        if with_day:
            moments["last_heard_before"] = _latest(hearings.filter(heard_at__lt=rest[1]))
        return told.annotate(**moments).values_list("pk", "slug", *moments)

    return Prepared(build)


def _latest(hearings: QuerySet[Hearing]) -> Subquery:
    return Subquery(hearings.order_by("-heard_at").values("heard_at")[:1])
