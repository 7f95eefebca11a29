"""A finished examination: as text for a console, and as JSON for programs."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from companion.doctor.results import Result, State

VERSION = 1  # of the JSON: goes up where a member changes its meaning or goes away
MARKS = {
    State.OK: "✓",
    State.NOTE: "i",
    State.WARNING: "!",
    State.ERROR: "✗",
    State.SKIPPED: "–",
}
WIDTH = 100  # characters of a line
_LABEL = 9  # of `wanted`, `mend`, `source` and the space after


@dataclass(frozen=True, slots=True)
class Report:
    at: datetime
    seconds: float
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[State, int]:
        found = Counter(result.state for result in self.results)
        return {state: found[state] for state in State}

    @property
    def state(self) -> State:
        """The worst of all."""
        counts = self.counts
        return next((state for state in (State.ERROR, State.WARNING) if counts[state]), State.OK)

    @property
    def summary(self) -> str:
        counts = self.counts
        notes = [_counted(counts[State.NOTE], "note")] if counts[State.NOTE] else []
        return ", ".join(
            [
                _counted(counts[State.ERROR], "error"),
                _counted(counts[State.WARNING], "warning"),
                *notes,
                f"{counts[State.OK]} in order",
                f"{counts[State.SKIPPED]} skipped",
                f"in {self.seconds:.1f} s",
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """The documented shape of `manage.py doctor --json`."""
        return {
            "version": VERSION,
            "at": self.at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "state": str(self.state),
            "counts": {str(state): number for state, number in self.counts.items()},
            "results": [result.as_dict() for result in self.results],
        }

    def lines(self) -> Iterator[tuple[State | None, str]]:
        """(state of the line, or None, and its text). How to mend stands where there is need."""
        for heading, results in groupby(joined(self.results), key=lambda result: result.group):
            yield None, heading
            for result in results:
                head = f"  {MARKS[result.state]} {result.state:<8} {result.title}"
                yield result.state, f"{head}: {result.seen}" if result.state in _SHORT else head
                if result.state not in _SHORT:
                    for label, text in (
                        ("seen", result.seen),
                        ("wanted", result.wanted),
                        ("mend", result.mend),
                        ("source", result.source),
                    ):
                        yield from ((None, line) for line in _wrapped(label, text))
            yield None, ""
        yield None, self.summary


def joined(results: Iterable[Result]) -> Iterator[Result]:
    """Checks of a group skipped for one reason are one line, and a long reason stands once."""
    told: dict[str, str] = {}  # reason -> the heading that it stands under
    for (group, state, seen), same in groupby(
        results, key=lambda result: (result.group, result.state, result.seen)
    ):
        first, *others = list(same)
        if state is not State.SKIPPED:
            yield first
            yield from others
            continue
        title = f"{1 + len(others)} checks" if others else first.title
        before = told.setdefault(seen, group) if len(seen) > _LONG else group
        reason = seen if before == group else f"not looked at, as said under “{before}”"
        yield replace(first, title=title, seen=reason)


_SHORT = frozenset({State.OK, State.NOTE, State.SKIPPED})
_LONG = 80  # characters of a reason


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _wrapped(label: str, text: str) -> list[str]:
    if not text:
        return []
    indent = " " * 13
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{indent}{label:<{_LABEL - 2}}",
        subsequent_indent=indent + " " * (_LABEL - 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
