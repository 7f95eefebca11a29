"""The latest attempts, briefly: what the list, its counts and its chart are made from.

One statement reads at most MOST rows by an index. What is counted is counted in these, so a page
costs the same with a hundred attempts and with a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from accounts.oauth_trace.models import Attempt, Event, Outcome, Stage
from companion.traces import words

MOST = 2_000
BEFORE_REFRESH = (Stage.AUTHORIZE, Stage.LOGIN, Stage.CALLBACK, Stage.TOKEN)


class Brief(NamedTuple):
    """The columns that a row shows; in the order of the statement."""

    pk: int
    reference: str
    started_at: datetime
    updated_at: datetime
    outcome: str
    finding: str
    redirect_uri: str
    client_id: str
    language: str
    sub: str
    site_sub: str
    stages: dict[str, str]
    is_complete: bool
    pinned: bool

    @property
    def look(self) -> words.Look:
        return words.outcome_look(self.outcome, self.finding)

    @property
    def outcome_word(self) -> str:
        """Without the warning: it is filtered by this."""
        return words.OUTCOMES[Outcome(self.outcome)].word

    @property
    def dots(self) -> list[tuple[str, words.Look]]:
        return words.stage_looks(self.stages, is_linked=self.outcome == Outcome.LINKED)

    @property
    def cause(self) -> str:
        return words.cause_of(self.finding)

    @property
    def stage(self) -> str:
        return words.stage_of(self.finding)

    @property
    def region(self) -> str:
        return words.region_of(self.redirect_uri)

    @property
    def region_name(self) -> str:
        return words.REGIONS.get(self.region, "")

    @property
    def client(self) -> str:
        return words.client_of(self.client_id)

    @property
    def client_name(self) -> str:
        return words.CLIENTS.get(self.client, "")

    @property
    def person(self) -> str:
        return self.sub or self.site_sub

    @property
    def who(self) -> str:
        return words.masked(self.person)


# what a list can be filtered by without another statement: parameter -> value of a row
KEYS: dict[str, Callable[[Brief], str]] = {
    "outcome": lambda brief: brief.outcome,
    "stage": lambda brief: brief.stage,
    "cause": lambda brief: brief.finding,
    "region": lambda brief: brief.region,
    "client": lambda brief: brief.client,
    "language": lambda brief: brief.language,
}


def latest(attempts: QuerySet[Attempt]) -> tuple[list[Brief], bool]:
    """The latest of these, and whether there are more."""
    rows: list[Any] = list(
        attempts.order_by("-started_at", "-pk").values_list(*Brief._fields)[: MOST + 1]
    )
    return [Brief(*row) for row in rows[:MOST]], len(rows) > MOST


def durations(briefs: list[Brief]) -> dict[int, timedelta]:
    """By primary key: how long it took to the last exchange before any refresh. One statement."""
    told = Event.objects.filter(
        attempt__in=[brief.pk for brief in briefs], stage__in=BEFORE_REFRESH
    ).values_list("attempt_id", "at", "milliseconds")
    ends: dict[int, list[tuple[datetime, int]]] = {}
    for pk, at, milliseconds in told.order_by():
        ends.setdefault(pk, []).append((at, milliseconds))
    return {
        brief.pk: lasted(brief.started_at, ends[brief.pk]) for brief in briefs if brief.pk in ends
    }


def lasted(begun: datetime, exchanges: Iterable[tuple[datetime, int]]) -> timedelta:
    """To the end of the last of these; each: when it began, and its milliseconds.

    Zero where the first was the last: nobody came back.
    """
    ends = [at + timedelta(milliseconds=milliseconds) for at, milliseconds in exchanges]
    return max(ends) - begun if len(ends) > 1 else timedelta()
