"""Which fact comes next: a choice that is the same wherever and whenever it is made again.

Every fact has a place in a list that a seed shuffles; who asks gets the first one that is new to
them. With the day as the seed that is the fact of the day: the same for everybody with the same
topics, and for who has heard it already the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Case, F, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactQuerySet, Hearing


@dataclass(frozen=True, slots=True)
class Choice:
    fact_id: int
    is_repeat: bool = False  # everything that was asked for had been heard: this one, longest ago


def local_day(user: User | None, now: datetime | None = None) -> date:
    """The person's date by their time zone; UTC for whom we do not know."""
    name = user.profile.time_zone if user else "UTC"
    try:
        zone = ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # a zone that was renamed since it was chosen
        zone = ZoneInfo("UTC")
    return (now or timezone.now()).astimezone(zone).date()


def daily_seed(day: date) -> str:
    return day.isoformat()


def first_by(seed: str, facts: Iterable[tuple[int, str]]) -> int:
    """Of (id, slug) pairs the id whose slug the seed shuffles to the front.

    By the slug's hash, so that installations agree, and so that a fact added or taken away
    moves no other.
    """
    return min(facts, key=lambda fact: hashlib.sha256(f"{seed} {fact[1]}".encode()).digest())[0]


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
    told = _facts(language)
    facts = told.in_topics(list(topics))
    if history_of:
        facts = facts.unheard_by(history_of)
    found = dict(facts.order_by().values_list("pk", "slug"))
    if new := [(pk, slug) for pk, slug in found.items() if pk not in heard]:
        return Choice(first_by(seed, new))
    if history_of:
        return _longest_ago(told, history_of, topics, or_any_topic=or_any_topic)
    if found:
        return Choice(next(pk for pk in heard if pk in found), is_repeat=True)
    return choose(seed, heard=heard, language=language) if topics and or_any_topic else None


def _facts(language: str) -> FactQuerySet:
    return Fact.objects.published().told_in(language)


def _longest_ago(
    facts: FactQuerySet, user: User, topics: Sequence[str], *, or_any_topic: bool
) -> Choice | None:
    """The fact heard longest ago; where these topics have none and others may serve, a new one."""
    wanted = Q(topic__slug__in=topics) if topics else Q(pk__isnull=False)
    if not or_any_topic:
        facts = facts.filter(wanted)
    hearings = Hearing.objects.filter(user=user, fact=OuterRef("pk")).order_by("-heard_at")
    row = (
        facts.annotate(
            wanted=Case(
                When(wanted, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
            last_heard=Subquery(hearings.values("heard_at")[:1]),
        )
        .order_by(F("wanted").desc(), F("last_heard").asc(nulls_first=True), "slug")
        .values_list("pk", "last_heard")
        .first()
    )
    return Choice(row[0], is_repeat=row[1] is not None) if row else None
