"""The last day as the servers counted it: hour by hour, with the day before, and what was off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from companion.operations import kept, tasks
from companion.operations.models import HourlyCount, Server
from companion.operations.recorder import EVERY, FAILED
from skill_endpoint.metrics import TURN_SECONDS

HOUR = timedelta(hours=1)
HOURS = 24
# two rounds, and a pause: a process that was silent for longer is gone
SILENT = timedelta(seconds=2 * EVERY + 15)
SHORTEST_GAP = timedelta(minutes=2)  # a restart takes less
MOST_SERVERS = 1_000


class Row(NamedTuple):
    hour: datetime
    name: str
    labels: str
    number: int
    first_at: datetime
    last_at: datetime


class Span(NamedTuple):
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


class Step(NamedTuple):
    """Of a histogram, in seconds: it took longer than `over`, and no longer than `most`.

    Where in between nobody knows. `most` of the last step is `inf`.
    """

    over: float
    most: float


@dataclass(frozen=True, slots=True)
class Quantiles:
    """None where nothing was measured."""

    median: Step | None = None
    late: Step | None = None  # 95 of 100 took no longer
    number: int = 0  # of turns: of fewer than 20, `late` is the slowest


@dataclass(frozen=True, slots=True)
class Hour:
    begins: datetime
    turns: int
    before: int | None  # a day earlier; None: no server then
    apologies: int
    took: Quantiles
    failures: int
    off: timedelta  # of it no server was there any more
    is_off: bool  # none at any time of it, or none yet: a gap, and no zero
    is_now: bool  # it is not over


@dataclass(frozen=True, slots=True)
class Day:
    now: datetime
    since: datetime
    hours: tuple[Hour, ...]
    turns_before: int | None  # in as much of the day before; None: no server then
    took: Quantiles
    requests: tuple[tuple[str, int], ...]  # refused, by reason; the most first
    voice_tokens: tuple[tuple[str, int], ...]  # refused in turns, by reason
    site_tokens: tuple[tuple[str, int], ...]  # refused at sign-in
    limits: tuple[tuple[str, int], ...]  # requests over a rate limit, by limit
    not_served: tuple[tuple[str, int], ...]  # by the server itself: too many at once, broken ones
    places: tuple[tuple[str, int], ...]  # of failures
    rows: tuple[Row, ...]
    servers: tuple[Server, ...]  # the last heard of first
    gaps: tuple[Span, ...]  # no server was there
    tasks: dict[str, datetime | None]  # when each ended well last, in two days

    @property
    def turns(self) -> int:
        return sum(hour.turns for hour in self.hours)

    @property
    def apologies(self) -> int:
        return sum(hour.apologies for hour in self.hours)

    @property
    def refused_requests(self) -> int:
        return sum(number for _reason, number in self.requests)

    @property
    def refused_tokens(self) -> int:
        return sum(number for _reason, number in (*self.voice_tokens, *self.site_tokens))

    @property
    def failures(self) -> int:
        return sum(number for _place, number in self.places)

    @property
    def running(self) -> tuple[Server, ...]:
        return tuple(
            server
            for server in self.servers
            if server.stopped_at is None and server.seen_at >= self.now - SILENT
        )


def day(now: datetime) -> Day:
    """The hour that is under way and the 23 before it. Two statements."""
    since = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
    earlier = since - HOURS * HOUR
    fields = HourlyCount.objects.filter(hour__gte=earlier).order_by("hour")
    rows = [Row(*values) for values in fields.values_list(*Row._fields)]
    servers = tuple(Server.objects.order_by("-seen_at")[:MOST_SERVERS])
    by_hour: dict[datetime, list[Row]] = {}
    for row in rows:
        by_hour.setdefault(row.hour, []).append(row)
    begin = min(max(min((server.started_at for server in servers), default=now), earlier), now)
    not_yet, gaps = Span(earlier, begin), _gaps(servers, begin, now)
    of_day = tuple(row for row in rows if row.hour >= since)

    def hour(begins: datetime) -> Hour:
        there, before = by_hour.get(begins, []), begins - HOURS * HOUR
        end = min(begins + HOUR, now)
        off = _inside(gaps, Span(begins, end))
        missed = _inside([*gaps, not_yet], Span(before, before + HOUR))
        return Hour(
            begins=begins,
            turns=_turns(there),
            before=_turns(by_hour.get(before, [])) if missed < HOUR or before in by_hour else None,
            apologies=_apologies(there),
            took=_quantiles(there),
            failures=_sum(row for row in there if row.name == FAILED),
            off=off,
            is_off=not there and off + _inside([not_yet], Span(begins, end)) >= end - begins,
            is_now=begins + HOUR > now,
        )

    hours = tuple(hour(since + number * HOUR) for number in range(HOURS))
    return Day(
        now=now,
        since=since,
        hours=hours,
        turns_before=_as_much_before(hours, now),
        took=_quantiles(of_day),
        requests=_by(of_day, kept.REFUSED_REQUESTS, "reason"),
        voice_tokens=_by(of_day, kept.REFUSED_BY_VOICE, "reason"),
        # access tokens are those of turns, which are counted by the door, too
        site_tokens=_by(
            (row for row in of_day if kept.read(row.labels).get("kind") != "access"),
            kept.REFUSED_TOKENS,
            "reason",
        ),
        limits=_by(of_day, kept.OVER_LIMITS, "scope"),
        not_served=_by(of_day, kept.NOT_SERVED, "reason"),
        places=_by(of_day, FAILED, "place"),
        rows=of_day,
        servers=servers,
        gaps=tuple(gap for gap in gaps if gap.end > since),
        tasks=tasks.last_of((row.name, row.labels, row.last_at) for row in rows),
    )


def _sum(rows: Iterable[Row]) -> int:
    return sum(row.number for row in rows)


def _turns(rows: Iterable[Row]) -> int:
    return _sum(row for row in rows if row.name == kept.TURNS and kept.is_spoken(row.labels))


def _apologies(rows: Iterable[Row]) -> int:
    return _sum(row for row in rows if row.name == kept.TURNS and kept.is_apology(row.labels))


def _by(rows: Iterable[Row], name: str, label: str) -> tuple[tuple[str, int], ...]:
    """Values of a label with their numbers, the most first."""
    found: Counter[str] = Counter()
    for row in rows:
        if row.name == name:
            found[kept.read(row.labels).get(label) or "other"] += row.number
    return tuple(found.most_common())


def _as_much_before(hours: Sequence[Hour], now: datetime) -> int | None:
    """Turns of the day before up to this time of the day; the hour under way in proportion."""
    known = [hour for hour in hours if hour.before is not None]
    if not known:
        return None
    whole = sum(hour.before or 0 for hour in known if not hour.is_now)
    last = hours[-1]
    return whole + round((last.before or 0) * ((now - last.begins) / HOUR))


# --- how long it took -------------------------------------------------------------------------


def _quantiles(rows: Iterable[Row]) -> Quantiles:
    buckets: Counter[float] = Counter()
    for row in rows:
        if row.name == kept.SECONDS:
            buckets[float(kept.read(row.labels).get("le", "inf"))] += row.number
    whole = max(buckets.values(), default=0)
    return Quantiles(quantile(buckets, 0.5), quantile(buckets, 0.95), whole)


def quantile(buckets: Counter[float], share: float) -> Step | None:
    """The step in which it is. Buckets are cumulative.

    No number in between, as Prometheus' histogram_quantile has it: of few turns that was longer
    than the slowest of all.
    """
    whole = max(buckets.values(), default=0)
    if not whole:
        return None
    end = min(end for end, number in buckets.items() if number >= share * whole)
    # a step that nothing fell into has no row
    return Step(max((step for step in TURN_SECONDS if step < end), default=0.0), end)


# --- when there was a server ------------------------------------------------------------------


def _gaps(servers: Iterable[Server], start: datetime, now: datetime) -> list[Span]:
    """Times between `start` and `now` in which no process was heard of."""
    gaps, until = [], start
    for span in sorted(_span(server, now) for server in servers):
        if span.start - until >= SHORTEST_GAP:
            gaps.append(Span(until, span.start))
        until = max(until, span.end)
    if now - until >= SHORTEST_GAP:
        gaps.append(Span(until, now))
    return gaps


def _span(server: Server, now: datetime) -> Span:
    """One that did not say goodbye was there until it should have spoken again."""
    end = server.stopped_at or min(server.seen_at + SILENT, now)
    return Span(server.started_at, end)


def _inside(gaps: Iterable[Span], span: Span) -> timedelta:
    """How much of `span` the gaps take."""
    return sum(
        (max(min(gap.end, span.end) - max(gap.start, span.start), timedelta()) for gap in gaps),
        timedelta(),
    )
