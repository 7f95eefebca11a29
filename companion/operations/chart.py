"""The day as bars of an SVG: turns of each hour with the day before, and how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf

from companion.operations.day import Day, Hour, Step

WIDTH = 10.0  # units of an hour
HEIGHT = 60.0
LEAST = 1.0  # of a bar that is not empty
LONGEST = 8.0  # seconds: Alexa waits no longer


@dataclass(frozen=True, slots=True)
class Bar:
    style: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`lines`: points of the day before, broken where it has a gap. `most`: what the top means."""

    width: float
    height: float
    most: float
    bars: tuple[Bar, ...]
    lines: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.most


def turns(day: Day) -> Chart:
    """A bar has what went well, and on top what ended in an apology."""
    most = max(max(hour.turns, hour.before or 0) for hour in day.hours)
    bars: list[Bar] = []
    for number, hour in enumerate(day.hours):
        if hour.is_off:
            bars.append(_gap(number))
            continue
        whole = _height(hour.turns, most)
        failed = min(_height(hour.apologies, most), whole)
        if whole > failed:
            bars.append(_bar("now" if hour.is_now else "turns", number, whole - failed))
        if failed:
            bars.append(_bar("apologies", number, failed, above=whole - failed))
    return Chart(WIDTH * len(day.hours), HEIGHT, most, tuple(bars), _lines(day.hours, most))


def times(day: Day) -> Chart:
    """A bar to where 95 of 100 are done, and in it one to where half are."""
    most = max((_seconds(hour.took.late) for hour in day.hours), default=0.0)
    bars: list[Bar] = []
    for number, hour in enumerate(day.hours):
        if hour.is_off:
            bars.append(_gap(number))
        elif hour.took.late is not None:
            bars.append(_bar("late", number, _height(_seconds(hour.took.late), most)))
            bars.append(_bar("median", number, _height(_seconds(hour.took.median), most)))
    return Chart(WIDTH * len(day.hours), HEIGHT, most, tuple(bars))


def _seconds(step: Step | None) -> float:
    """Its end: a bar shows what it was at most."""
    return 0.0 if step is None else LONGEST if step.most == inf else step.most


def _height(number: float, most: float) -> float:
    return max(HEIGHT * number / most, LEAST) if number else 0.0


def _bar(style: str, number: int, height: float, *, above: float = 0.0) -> Bar:
    return Bar(
        style,
        x=WIDTH * number + 1,
        y=round(HEIGHT - height - above, 1),
        width=WIDTH - 2,
        height=round(height, 1),
    )


def _gap(number: int) -> Bar:
    return Bar("gap", x=WIDTH * number, y=0.0, width=WIDTH, height=HEIGHT)


def _lines(hours: Sequence[Hour], most: int) -> tuple[str, ...]:
    """A step for each hour."""
    if not any(hour.before for hour in hours):
        return ()
    made = []
    for is_known, some in groupby(enumerate(hours), key=lambda item: item[1].before is not None):
        if is_known:
            made.append(
                " ".join(
                    f"{x:g},{HEIGHT - HEIGHT * (hour.before or 0) / most:.1f}"
                    for number, hour in some
                    for x in (WIDTH * number, WIDTH * (number + 1))
                )
            )
    return tuple(made)
