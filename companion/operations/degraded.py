"""What does not work as it should, by what the servers met: the cache, keys, other services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from companion.operations import kept
from companion.operations.day import HOUR, SILENT, Day, Row

FINE = frozenset({"ok", "busy"})  # busy: it was not asked
SERVICES = {
    "certificate_chain": "Alexa’s certificate chains (Amazon S3)",
    "key_set": "The pool’s keys",
    "token": "The pool’s token endpoint, for sign-in",
    "token_front": "The pool’s token endpoint, for linking",
    "pool_api": "The pool’s API",
}


@dataclass(frozen=True, slots=True)
class Degraded:
    """`is_over`: it works again, or nothing was heard of it for a while."""

    what: str
    since: datetime
    last: datetime
    is_over: bool
    number: int  # failures since then


def degraded(day: Day) -> list[Degraded]:
    """Of the last day; what goes on first, then the latest."""
    found = [*_services(day)]
    # these are asked all the time, and successes are not counted: silence is good
    for name, label, what in (
        (kept.CACHE_FAILURES, "", "The cache"),
        (kept.REPLAYS_UNSEEN, "", "The store of seen requests"),
        (kept.NOT_READY, "database", "Readiness: database"),
        (kept.NOT_READY, "migrations", "Readiness: migrations"),
        (kept.NOT_READY, "keys", "Readiness: keys"),
    ):
        rows = [
            row
            for row in day.rows
            if row.name == name and label in {"", kept.read(row.labels).get("part")}
        ]
        if rows:
            last = max(row.last_at for row in rows)
            found.append(_streak(what, rows, is_over=day.now - last > SILENT))
    return sorted(found, key=lambda each: (each.is_over, -each.last.timestamp()))


def _services(day: Day) -> Iterator[Degraded]:
    """Some are called once an hour: the last call says how it is, however long ago that was."""
    for service, what in SERVICES.items():
        bad: list[Row] = []
        good: list[Row] = []
        for row in day.rows:
            labels = kept.read(row.labels) if row.name == kept.CALLS else {}
            if labels.get("service") == service:
                (good if labels.get("result") in FINE else bad).append(row)
        if bad:
            worked = max((row.last_at for row in good), default=None)
            failed = max(row.last_at for row in bad)
            yield _streak(what, bad, is_over=worked is not None and worked > failed)


def _streak(what: str, rows: Iterable[Row], *, is_over: bool) -> Degraded:
    """The last hours in a row that have failures."""
    by_hour: dict[datetime, list[Row]] = {}
    for row in rows:
        by_hour.setdefault(row.hour, []).append(row)
    begin = last = max(by_hour)
    while begin - HOUR in by_hour:
        begin -= HOUR
    streak = [row for hour, some in by_hour.items() if hour >= begin for row in some]
    return Degraded(
        what,
        since=min(row.first_at for row in streak),
        last=max(row.last_at for row in by_hour[last]),
        is_over=is_over,
        number=sum(row.number for row in streak),
    )


def minutes(time: timedelta) -> int:
    return max(round(time.total_seconds() / 60), 1)
