"""Days as the servers would have counted them: an hour, a quiet day, a busy one, a bad one."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.oauth_trace.models import Attempt
from companion.operations import kept, tasks
from companion.operations.models import Failure, HourlyCount, Server
from companion.operations.recorder import FAILED

ASKED = "IntentRequest"
HOUR = timedelta(hours=1)
STEPS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1, 2, 4, 8)


def this_hour() -> datetime:
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def nothing() -> None:
    for model in (HourlyCount, Server, Failure):
        model.objects.all().delete()


def server(
    started: timedelta, *, ended: timedelta | None = None, version: str = "1.4.0", host: str = "a1"
) -> Server:
    """From so long ago until so long ago; until now without an end."""
    now = timezone.now()
    return Server.objects.create(
        key=f"{Server.objects.count():032d}",
        host=host,
        version=version,
        started_at=now - started,
        seen_at=now - (ended or timedelta()),
        stopped_at=now - ended if ended else None,
    )


def count(
    name: str, number: int, *, ago: int = 0, at: datetime | None = None, **labels: str
) -> None:
    """A counter that grew, so many hours ago."""
    hour = this_hour() - ago * HOUR
    moment = at or min(hour + timedelta(minutes=40), timezone.now())
    HourlyCount.objects.add({(hour, name, kept.written(labels)): number}, moment)


def turns(number: int, *, ago: int = 0, apologies: int = 0, late: float = 0.016) -> None:
    """Turns of an hour: half took a quarter of `late` seconds, and 95 of 100 no longer than it."""
    if number > apologies:
        count(kept.TURNS, number - apologies, ago=ago, outcome="answered", type=ASKED)
    if apologies:
        count(kept.TURNS, apologies, ago=ago, outcome="apology", type=ASKED)
    for step in (*STEPS, math.inf):
        done = 0 if step < late / 4 else 50 if step < late else 95 if step == late else 100
        if below := number * done // 100:
            count(kept.SECONDS, below, ago=ago, le=str(step))


def by_the_clock() -> None:
    """Backup and prune ended well, now."""
    for task in tasks.TASKS:
        tasks.done(task)


def an_hour() -> None:
    """The first hour of a new installation."""
    server(timedelta(minutes=50))
    turns(7)


def a_day() -> None:
    """Two days as they should be: people sleep, and one or the other thing is refused."""
    by_the_clock()
    for host in ("a1", "b2"):
        server(timedelta(days=9), host=host)
    for ago in range(48):
        of_day = (this_hour() - ago * HOUR).hour
        busy = 1 + math.sin(math.pi * (of_day - 5) / 18) if 5 <= of_day < 23 else 0.4
        turns(int(busy * (230 + 13 * ((ago * 7) % 5) - ago)), ago=ago, late=0.032)
        count(kept.CALLS, 2, ago=ago, service="key_set", result="ok")
    count(kept.TURNS, 3, ago=5, outcome="apology", type="IntentRequest")
    for reason, number in (("timestamp", 14), ("replay", 3), ("signature", 41)):
        count(kept.REFUSED_REQUESTS, number, ago=7, reason=reason)
    count(kept.REFUSED_BY_VOICE, 6, ago=3, reason="expired")
    count(kept.REFUSED_BY_VOICE, 2, ago=9, reason="unlinked")


def a_bad_day() -> None:
    """A night without servers, a deploy that failed, a cache that is away, pages that fail."""
    by_the_clock()
    now = timezone.now()
    server(timedelta(days=3), ended=timedelta(hours=15), version="1.3.2")
    server(timedelta(hours=11), ended=timedelta(hours=2, minutes=5), version="1.3.2")
    server(timedelta(hours=11), version="1.3.2", host="b2")
    server(timedelta(hours=2, minutes=4))
    for ago in (*range(11), *range(15, 48)):
        recent = ago < 3
        turns(
            340 - 9 * abs(ago % 24 - 4),
            ago=ago,
            apologies=70 if recent else 0,
            late=4 if recent else 0.064,
        )
    for reason in ("timestamp", "replay", "signature", "certificate_fetch", "malformed"):
        count(kept.REFUSED_REQUESTS, 17 * len(reason), ago=1, reason=reason)
    count(kept.REFUSED_BY_VOICE, 212, ago=1, reason="keys_unavailable")
    count(kept.REFUSED_TOKENS, 4, ago=1, kind="id", reason="nonce")
    count(kept.OVER_LIMITS, 1_200, ago=0, scope="address")
    for ago in (2, 1, 0):
        begun = this_hour() - ago * HOUR
        count(kept.CACHE_FAILURES, 321, ago=ago, at=max(begun, now - 2.1 * HOUR))
    count(kept.CACHE_FAILURES, 1, at=now)
    count(kept.CALLS, 9, ago=1, service="certificate_chain", result="timeout")
    count(kept.CALLS, 30, ago=20, service="key_set", result="unreachable")
    count(kept.CALLS, 3, ago=19, service="key_set", result="ok")
    for number in range(30):
        Failure.objects.create(
            at=now - timedelta(minutes=4 * number),
            reference=f"{number * 7919:08x}"[-8:],
            place="skill_failed" if number % 3 else "GET /facts/<slug:topic>/<slug:slug>/",
            kind="OperationalError" if number % 2 else "KeyError",
        )
    count(FAILED, 210, ago=1, place="skill_failed")
    count(FAILED, 31, ago=0, place="GET /facts/<slug:topic>/<slug:slug>/")
    for number in range(12):
        at = now - timedelta(hours=1, minutes=number)
        Attempt.objects.begin(
            started_at=at,
            updated_at=at,
            outcome="failed" if number % 4 else "linked",
            finding=("", "redirect-uri-region", "token-secret-wrong", "token-secret-wrong")[
                number % 4
            ],
        )
