"""One look at the last day, for the page of it and for the line on the admin's front page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from accounts import forgiving_cache
from companion import readiness
from companion.doctor.views import KEPT as DOCTORS_REPORT
from companion.operations import database, tasks
from companion.operations.day import Day, day
from companion.operations.degraded import Degraded, degraded
from companion.operations.recorder import unwritten
from companion.operations.wellness import Trouble, troubles


@dataclass(frozen=True, slots=True)
class Look:
    day: Day
    amiss: list[Degraded]
    ready: readiness.Readiness
    report: dict[str, Any] | None  # the doctor's last
    troubles: list[Trouble]


def look() -> Look:
    """Two statements, three with PostgreSQL; one more where two days do not know of each task."""
    found = day(timezone.now())
    if None in found.tasks.values():
        found = replace(found, tasks=tasks.known())
    amiss, ready, report = degraded(found), readiness.now(), forgiving_cache.found(DOCTORS_REPORT)
    said = troubles(found, amiss, ready, report, unwritten(), database.trouble())
    return Look(found, amiss, ready, report, said)
