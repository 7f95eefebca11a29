"""Connections to PostgreSQL are few, or others hold what a turn needs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psycopg

from benchmarks.population import sub_of
from faults.asking import ANSWERED, APOLOGY
from faults.scenario import Scenario
from faults.stage import Stage
from faults.verdict import Expected

ALL_WELL = Expected(turns=frozenset({ANSWERED}), pages=frozenset({"page"}), answered=1.0)


def exhausted(stage: Stage) -> None:
    """Others hold every connection that the server has left; ours must do."""
    with (
        stage.site() as site,
        stage.talking("no connection left for more", site, ALL_WELL) as (talk, found),
    ):
        time.sleep(1)
        with talk.fault(), _all_that_are_left(stage.database_url) as count:
            found.said.append(f"{count} connections held by others")
            time.sleep(4)
        talk.until_well()


def more_threads(stage: Stage) -> None:
    """More threads than the pool may open connections, and each waits for the database."""
    with (
        stage.proxied(stage.database_url) as (between, url),
        stage.site(database=url, more={"GUNICORN_CMD_ARGS": "--threads=40"}, workers=1) as site,
        stage.talking("40 threads, 16 connections", site, ALL_WELL, turns=30) as (talk, _),
    ):
        time.sleep(1)
        with talk.fault():
            between.delay = 0.02
            time.sleep(4)
            between.delay = 0.0
        talk.until_well()


def held_rows(stage: Stage) -> None:
    """Others hold the rows of some people for long: theirs wait, and nobody else's."""
    expected = Expected(answered=0.8, longest=3.0, well=2.0)
    held = range(0, 300, 15)
    with (
        stage.site() as site,
        stage.talking("20 people's rows are held", site, expected) as (talk, found),
        psycopg.connect(stage.database_url) as other,
    ):
        time.sleep(1)
        with talk.fault():
            other.execute(
                "SELECT 1 FROM accounts_user WHERE sub = ANY(%s) FOR UPDATE",
                [[sub_of(number) for number in held]],
            )
            time.sleep(5)
            other.rollback()
        talk.until_well()
    theirs = [r for r in talk.records if r.question.is_voice and r.outcome == APOLOGY]
    found.check(
        all(r.question.person in held for r in theirs), "somebody else heard an apology, too"
    )


@contextlib.contextmanager
def _all_that_are_left(url: str) -> Iterator[int]:
    """Open connections until the server refuses one."""
    with contextlib.ExitStack() as stack:
        count = 0
        while True:
            try:
                stack.enter_context(psycopg.connect(url, autocommit=True))
            except psycopg.OperationalError:
                break
            count += 1
        yield count


SCENARIOS = [
    Scenario(exhausted),
    Scenario(more_threads),
    Scenario(held_rows),
]
