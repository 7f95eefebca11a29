"""Requests of another time, and times that are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from skill_endpoint.certification import sources
from skill_endpoint.certification.case import Needs
from skill_endpoint.certification.cases.accepted import EVENT
from skill_endpoint.certification.cases.making import grouped, not_broken, refused
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.kit import Kit

Build = Callable[[Kit], Request]


def _aged(age: timedelta) -> Build:
    return lambda kit: kit.request(kit.launch(timestamp=datetime.now(UTC) - age))


def _saying(timestamp: Callable[[], Any]) -> Build:
    """A launch with this in the place of its timestamp; `...`: with none."""

    def build(kit: Kit) -> Request:
        envelope, value = kit.launch(), timestamp()
        if value is ...:
            del envelope["request"]["timestamp"]
        else:
            envelope["request"]["timestamp"] = value
        return kit.request(envelope)

    return build


def _event(age: timedelta) -> Build:
    def build(kit: Kit) -> Request:
        moment = datetime.now(UTC) - age
        return kit.request(kit.event("SkillEnabled", timestamp=moment, created=moment))

    return build


def _milliseconds(age: timedelta = timedelta()) -> int:
    return round((datetime.now(UTC) - age).timestamp() * 1000)


CASES = grouped(
    "Timestamp",
    refused(
        "timestamp-old",
        "a LaunchRequest of 155 seconds ago",
        _aged(timedelta(seconds=155)),
        why="150 seconds are the limit",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "timestamp-day-old",
        "a LaunchRequest of yesterday",
        _aged(timedelta(days=1)),
        why="150 seconds are the limit",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "timestamp-future",
        "a LaunchRequest of 155 seconds ahead",
        _aged(timedelta(seconds=-155)),
        why="one from the future stays good until then, and 150 seconds longer",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "timestamp-far-future",
        "a LaunchRequest of next year",
        _aged(timedelta(days=-365)),
        why="it could be sent again for a year",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "timestamp-missing",
        "no timestamp",
        _saying(lambda: ...),
        why="a request that has no time is of no time",
        source=sources.HOSTING,
    ),
    refused(
        "timestamp-null",
        "null in its place",
        _saying(lambda: None),
        why="a request that has no time is of no time",
        source=sources.HOSTING,
    ),
    refused(
        "timestamp-empty",
        "an empty timestamp",
        _saying(lambda: ""),
        why="a parser's error is no 500",
        source=sources.HOSTING,
    ),
    refused(
        "timestamp-words",
        "“yesterday” in its place",
        _saying(lambda: "yesterday"),
        why="a parser's error is no 500",
        source=sources.HOSTING,
    ),
    refused(
        "timestamp-no-such-day",
        "the 31st of February",
        _saying(lambda: "2026-02-31T12:00:00Z"),
        why="a parser's error is no 500",
        source=sources.HOSTING,
    ),
    refused(
        "timestamp-object",
        "an object in its place",
        _saying(lambda: {"now": True}),
        why="a parser's error is no 500",
        source=sources.FORMAT,
    ),
    refused(
        "timestamp-without-zone",
        "the right time without its zone",
        _saying(lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")),
        why="Alexa writes the zone; guessing one is right in one of them",
        source=sources.FORMAT,
        level="should",
    ),
    refused(
        "timestamp-old-number",
        "an hour ago in milliseconds since 1970",
        _saying(lambda: _milliseconds(timedelta(hours=1))),
        why="in whatever form, it is too old",
        source=sources.HOSTING,
    ),
    not_broken(
        "timestamp-number",
        "now in milliseconds since 1970",
        _saying(_milliseconds),
        why="Amazon's test tools have sent that; the page knows text only",
        source=sources.FORMAT,
    ),
    refused(
        "timestamp-huge-number",
        "a number beyond all calendars",
        _saying(lambda: 10**30),
        why="arithmetic's error is no 500",
        source=sources.HOSTING,
    ),
    refused(
        "event-too-old",
        "a SkillEnabled event, delivered 61 minutes after its time",
        _event(timedelta(minutes=61)),
        why="an hour is the limit for events",
        source=sources.EVENTS,
        needs=Needs.KEY,
        control=EVENT,
    ),
    refused(
        "event-future",
        "a SkillEnabled event of 155 seconds ahead",
        _event(timedelta(seconds=-155)),
        why="events are late, and never early",
        source=sources.EVENTS,
        level="should",
        needs=Needs.KEY,
        control=EVENT,
    ),
)
