"""Whether all is well now, and what is not, in short sentences with the way to more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from companion import readiness
from companion.operations import tasks
from companion.operations.day import HOUR, SILENT, Day
from companion.operations.degraded import Degraded, minutes
from companion.operations.figures import FEW_TURNS
from companion.operations.recorder import Unwritten

DAY = timedelta(days=1)
# deploy/monitoring/alerts.yml has about the same bounds; here they are of whole hours
# fewer than FEW_TURNS say nothing of a share, nor by their absence
MANY_APOLOGIES = 0.02  # of the turns
SLOW = 1.0  # seconds: a turn takes milliseconds, and Alexa waits eight


@dataclass(frozen=True, slots=True)
class Trouble:
    text: str
    since: datetime | None = None
    address: str = ""
    more: str = ""  # the words of the link
    is_grave: bool = True


def troubles(
    day: Day,
    found: list[Degraded],
    ready: readiness.Readiness,
    report: Mapping[str, Any] | None,
    unwritten: Unwritten | None,
    of_database: str,
) -> list[Trouble]:
    """Of now and of the last hour, the grave ones first; what is over is elsewhere on the page.

    `unwritten`: what the process that makes the page counted and could not write yet.
    """
    all_ = [
        *_parts(ready),
        *([Trouble(of_database, address="#degraded", more="What is degraded")] * bool(of_database)),
        *_now(unwritten),
        *_servers(day),
        *_tasks(day),
        *(
            Trouble(
                f"{each.what} failed {each.number} time{'s' if each.number != 1 else ''}.",
                since=each.since,
                address="#degraded",
                more="What is degraded",
            )
            for each in found
            if not each.is_over
        ),
        *_silence(day),
        *_turns(day),
        *_doctor(report),
    ]
    return sorted(all_, key=lambda trouble: not trouble.is_grave)


def _parts(ready: readiness.Readiness) -> Iterator[Trouble]:
    """Of the process that makes this page; since when is under `degraded`."""
    for name, part in ready.parts.items():
        if part.state is not readiness.State.OK:
            yield Trouble(
                f"{'Not ready' if part.state is readiness.State.FAILED else 'Degraded'}: "
                f"{name}, {part.why}.",
                address="#degraded",
                more="Since when",
            )


def _servers(day: Day) -> Iterator[Trouble]:
    if day.servers and not day.running:
        yield Trouble(
            "No server writes down what it counts: the figures end here.",
            since=day.servers[0].seen_at,
            address="#servers",
            more="Servers",
        )
    for server in day.servers:
        is_silent = server.stopped_at is None and server.seen_at < day.now - SILENT
        if day.running and is_silent and server.seen_at > day.now - HOUR:
            yield Trouble(
                f"A process on {server.host} ended without a word: killed, or out of memory?",
                since=server.seen_at,
                address="#servers",
                more="Servers",
                is_grave=False,
            )
    versions = sorted({server.version for server in day.running})
    if len(versions) > 1:
        yield Trouble(
            f"Two versions run side by side: {', '.join(versions)}.",
            address="#servers",
            more="Servers",
            is_grave=False,
        )
    for gap in day.gaps:
        if gap.end < day.now and day.now - gap.end < HOUR:
            yield Trouble(
                f"No server was there for {minutes(gap.length)} min.",
                since=gap.start,
                address="#servers",
                more="Servers",
            )


def _now(unwritten: Unwritten | None) -> Iterator[Trouble]:
    """Of the last half minute, or for as long as nothing can be written."""
    if unwritten is None:
        return
    if unwritten.since:
        yield Trouble(
            "What is counted cannot be written to the database: the figures below are old.",
            since=unwritten.since,
            address="#servers",
            more="Servers",
        )
    if unwritten.apologies:
        yield Trouble(
            f"{unwritten.apologies} turn{'s' if unwritten.apologies != 1 else ''} just ended in an "
            "apology; the figures below do not have them yet.",
            address="#failures",
            more="Failures",
        )


def _tasks(day: Day) -> Iterator[Trouble]:
    """Late, and for as long as it is; others may do the backups of this database."""
    began = min((server.started_at for server in day.servers), default=None)
    for task, since in tasks.waiting(day.tasks, began).items():
        late = day.now - since
        if late > tasks.LATE[task]:
            long = f"{minutes(late) // 60} hours" if late < 3 * DAY else f"{late.days} days"
            yield Trouble(
                f"manage.py {task} has not ended well for {long}."
                if day.tasks[task]
                else f"manage.py {task} has never ended well, by what is known here.",
                since=since if late < 6 * DAY else None,  # it is shown as a day of the week
                is_grave=False,
            )


def _silence(day: Day) -> Iterator[Trouble]:
    """Nobody spoke for two hours, and a day earlier people did."""
    last = day.hours[-3:]
    before = sum(hour.before or 0 for hour in last[:2])
    if before >= FEW_TURNS and not any(hour.turns or hour.is_off for hour in last):
        yield Trouble(
            f"Nobody is heard. A day earlier there were {before} turns in two hours.",
            since=last[0].begins,
            address="#turns",
            more="Turns",
        )


def _turns(day: Day) -> Iterator[Trouble]:
    last = day.hours[-2:]
    turns, apologies = sum(hour.turns for hour in last), sum(hour.apologies for hour in last)
    are_few = turns < FEW_TURNS
    if apologies and (are_few or apologies > MANY_APOLOGIES * turns):
        yield Trouble(
            f"{apologies} of the last {turns} turns ended in an apology.",
            since=last[0].begins,
            address="#failures",
            more="Failures",
            is_grave=not are_few,  # of few turns a share says little, but somebody heard it
        )
    slow = [
        hour
        for hour in last
        if hour.turns >= FEW_TURNS and hour.took.late and hour.took.late.over >= SLOW
    ]
    if slow:
        yield Trouble(
            "Turns are slow: one in twenty takes more than a second.",
            since=slow[0].begins,
            address="#times",
            more="Times",
        )
    failures = sum(hour.failures for hour in last)
    if failures > apologies:  # an apology is a failure, too
        yield Trouble(
            f"{failures} failure{'s' if failures != 1 else ''} in this hour and the one before.",
            address="#failures",
            more="Failures",
            is_grave=False,
        )


def _doctor(report: Mapping[str, Any] | None) -> Iterator[Trouble]:
    errors = report["counts"]["error"] if report else 0
    if errors:
        yield Trouble(
            f"The doctor found {errors} error{'s' if errors != 1 else ''}.",
            since=datetime.fromisoformat(report["at"]) if report else None,
            address=reverse("doctor"),
            more="Doctor",
        )
