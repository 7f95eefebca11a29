"""What a fault may do to people, and whether it did no more than that."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from faults.asking import ANSWERED, APOLOGY, PAGE
from faults.ledger import Balance
from faults.talk import Talk

AWAY = "status 503"


@dataclass(frozen=True)
class Expected:
    """Times in seconds. Nothing that was confirmed may ever be lost: that is always expected."""

    turns: frozenset[str] = frozenset({ANSWERED, APOLOGY})  # what may be heard meanwhile
    pages: frozenset[str] = frozenset({PAGE, AWAY})
    answered: float = 0.0  # at least this part of the turns meanwhile is answered as ever
    longest: float = 6.0  # that a turn may take: Alexa gives up after 8
    well: float = 3.0  # after the fault is lifted
    few: dict[str, int] = field(default_factory=dict)  # outcome of a turn: so many at most
    forgotten: int = 0  # so many facts at most that were told and are in nobody's history


@dataclass
class Outcome:
    """What came of one scenario. `said` are its own findings, `broken` the promises not kept."""

    group: str
    fault: str
    seconds: float = 0.0  # that it lasted
    turns: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0  # seconds, of a turn
    median: float = 0.0
    well_after: float | None = None
    balance: Balance = field(default_factory=Balance)
    said: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def count(self, talk: Talk, found: Balance) -> None:
        """From the beginning of the fault to the end of the talk."""
        took = sorted(r.took for r in talk.records if r.question.is_voice and r.sent >= talk.begun)
        self.seconds = talk.lifted - talk.begun
        self.turns = talk.counted(voice=True, since=talk.begun)
        self.pages = talk.counted(voice=False, since=talk.begun)
        self.longest = took[-1] if took else 0.0
        self.median = took[len(took) // 2] if took else 0.0
        self.well_after = talk.well_after
        self.balance = found

    def check(self, holds: bool, promise: str) -> None:
        """A promise of one scenario alone."""
        if not holds:
            self.broken.append(promise)

    def judge(self, expected: Expected, talk: Talk) -> None:
        """Add to `broken` what was not as expected."""
        before = [r for r in talk.records if r.sent + r.took < talk.begun and not r.is_right]
        if before:
            self.broken.append(f"not well before it: {dict(Counter(r.outcome for r in before))}")
        for what, seen, allowed in (
            ("turns", self.turns, expected.turns),
            ("pages", self.pages, expected.pages),
        ):
            for outcome, count in seen.items():
                if outcome not in allowed and count > expected.few.get(outcome, 0):
                    self.broken.append(f"{what}: {count} × {outcome}")
        meanwhile = talk.counted(voice=True, since=talk.begun, until=talk.lifted)
        if meanwhile[ANSWERED] < expected.answered * meanwhile.total():
            self.broken.append(f"answered only {meanwhile[ANSWERED]} of {meanwhile.total()}")
        if self.longest > expected.longest:
            self.broken.append(f"a turn took {self.longest:.1f} s, more than {expected.longest:g}")
        if self.well_after is None:
            self.broken.append("not well again while we looked")
        elif self.well_after > expected.well:
            self.broken.append(f"well after {self.well_after:.1f} s, more than {expected.well:g}")
        forgotten = self.balance.forgotten > expected.forgotten
        if self.balance.lost or forgotten or self.balance.twice:
            self.broken.append(f"not kept: {self.balance}")

    def figures(self) -> dict[str, Any]:
        plain = vars(self) | {"turns": dict(self.turns), "pages": dict(self.pages)}
        return plain | {"balance": asdict(self.balance)}
