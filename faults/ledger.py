"""What people were told against what the database holds."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.population import sub_of
from faults.asking import ANSWERED
from faults.talk import Record

_SAVED = "SELECT u.sub, f.fact_id FROM facts_favourite f JOIN accounts_user u ON u.id = f.user_id"
_HEARD = "SELECT u.sub, COUNT(*) FROM facts_hearing h JOIN accounts_user u ON u.id = h.user_id GROUP BY u.sub"  # noqa: E501 - one statement


@dataclass(frozen=True)
class Rows:
    """`saved`: pairs of sub and fact's id. `heard`: how often each sub heard something."""

    saved: Counter[tuple[str, int]]
    heard: Counter[str]

    @classmethod
    def of(cls, database_url: str) -> Rows:
        """Asked directly, past whatever is broken between the site and the database."""
        saved, heard = (_rows(database_url, statement) for statement in (_SAVED, _HEARD))
        return cls(
            Counter((str(sub), int(fact)) for sub, fact in saved),
            Counter({str(sub): int(count) for sub, count in heard}),
        )


@dataclass(frozen=True)
class Balance:
    """Counts of one talk. `twice`: rows that stand there more than once."""

    confirmed: int = 0  # favorites that a person heard is saved
    lost: int = 0  # of them without a row
    twice: int = 0
    told: int = 0  # facts that a person heard and that go into their history
    forgotten: int = 0  # of them without a row
    lost_ones: tuple[str, ...] = ()  # what can be said of them
    unheard: int = 0  # favorites with a row, of which the person heard nothing good


def balance(records: Iterable[Record], before: Rows, after: Rows) -> Balance:
    saves = [r for r in records if r.question.kind == "save"]
    told = Counter(
        sub_of(r.question.person)
        for r in records
        if r.question.kind == "another" and r.outcome == ANSWERED
    )
    pairs = {
        is_good: {
            (sub_of(r.question.person), r.question.fact)
            for r in saves
            if (r.outcome == ANSWERED) == is_good
        }
        for is_good in (True, False)
    }
    lost = [
        r
        for r in saves
        if r.outcome == ANSWERED and (sub_of(r.question.person), r.question.fact) not in after.saved
    ]
    rows = after.heard - before.heard
    return Balance(
        confirmed=len(pairs[True]),
        lost=len(lost),
        lost_ones=tuple(
            f"person {r.question.person}, fact {r.question.fact}, {r.took:.2f} s: {r.said};"
            f" has {sorted(f for s, f in after.saved if s == sub_of(r.question.person))}"
            for r in lost
        ),
        twice=sum(count > 1 for count in after.saved.values()),
        told=told.total(),
        forgotten=sum(max(0, count - rows[sub]) for sub, count in told.items()),
        unheard=sum(pair in after.saved for pair in pairs[False] - pairs[True]),
    )


def _rows(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    if database_url.startswith("sqlite:///"):
        path = database_url.removeprefix("sqlite:///")
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return list(connection.execute(statement))
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        return list(connection.execute(statement.encode()).fetchall())
