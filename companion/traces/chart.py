"""Attempts a day by outcome: bars of an SVG each, and the same in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from accounts.oauth_trace.models import Outcome
from companion.traces import words
from companion.traces.briefs import Brief

DAYS = 14
HEIGHT = 60.0  # units of the SVG
LEAST = 2.0  # units of one attempt among thousands


@dataclass(frozen=True, slots=True)
class Part:
    style: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    number: int
    text: str  # 3 linked, 1 failed
    parts: tuple[Part, ...]


def days(briefs: Iterable[Brief]) -> list[Day]:
    """The last DAYS days that end with the latest of these, in the current time zone."""
    zone = timezone.get_current_timezone()
    counts: dict[date, Counter[str]] = {}
    for brief in briefs:
        day = brief.started_at.astimezone(zone).date()
        counts.setdefault(day, Counter())[brief.outcome] += 1
    if not counts:
        return []
    last = max(counts)
    first = max(min(counts), last - timedelta(days=DAYS - 1))
    shown = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    most = max(sum(counts.get(day, Counter[str]()).values()) for day in shown)
    return [_day(day, counts.get(day, Counter()), most) for day in shown]


def _day(day: date, counted: Counter[str], most: int) -> Day:
    parts, said, top = [], [], HEIGHT
    for outcome in Outcome:
        number = counted[outcome]
        if not number:
            continue
        look = words.OUTCOMES[outcome]
        height = max(HEIGHT * number / most, LEAST)
        top = max(top - height, 0.0)
        parts.append(Part(look.style, round(top, 1), round(height, 1)))
        said.append(f"{number} {look.word}")
    return Day(day, counted.total(), ", ".join(said) or "none", tuple(parts))
