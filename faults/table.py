"""The one table of a run, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from faults.asking import ANSWERED, PAGE
from faults.verdict import Outcome

WIDTH = 30


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Two lines a fault or more: what it is with its figures, then what else there is to say."""
    yield (
        f"{'fault':<{WIDTH}} {'turns':>6} {'answered':>8} {'longest':>8} {'pages':>6} {'shown':>6}"
        f" {'saved':>6} {'lost':>5} {'well after':>11}  verdict"
    )
    group = ""
    for each in outcomes:
        if each.group != group:
            group = each.group
            yield group
        kept = each.balance
        well = "-" if each.well_after is None else f"{each.well_after:.1f} s"
        yield (
            f"  {each.fault:<{WIDTH - 2}} {each.turns.total():>6} {each.turns[ANSWERED]:>8}"
            f" {each.longest:>6.1f} s {each.pages.total():>6} {each.pages[PAGE]:>6}"
            f" {kept.confirmed:>6} {kept.lost + kept.forgotten:>5} {well:>11}"
            f"  {'NOT AS EXPECTED' if each.broken else 'as expected'}"
        )
        for words in (*_notices(each), *each.said):
            yield f"      {words}"
        for words in each.broken:
            yield f"      NOT KEPT: {words}"


def _notices(each: Outcome) -> Iterator[str]:
    """What people noticed."""
    yield f"for {each.seconds:.1f} s"
    if heard := _others(each.turns, ANSWERED):
        yield f"turns: {heard}"
    if seen := _others(each.pages, PAGE):
        yield f"pages: {seen}"


def _others(counted: Counter[str], usual: str) -> str:
    others = [(count, name) for name, count in counted.items() if name != usual]
    return ", ".join(f"{count} × {name}" for count, name in sorted(others, reverse=True))
