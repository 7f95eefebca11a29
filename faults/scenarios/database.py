"""PostgreSQL is away, drops its connections, hangs, answers slowly, or lets nobody write."""

from __future__ import annotations

import time

import psycopg

from companion.local import services
from faults.asking import ANSWERED
from faults.proxy import Mode
from faults.scenario import Scenario
from faults.stage import Stage
from faults.verdict import Expected

AWAY = Expected(longest=5.0, well=3.0)


def stopped(stage: Stage) -> None:
    """Everything that is open breaks, and nobody listens for a while."""
    with stage.site() as site, stage.talking("stopped, and started", site, AWAY) as (talk, _):
        time.sleep(1)
        with talk.fault():
            services.pause(stage.database, stage.database_url)
            time.sleep(6)
            services.resume(stage.database, stage.database_url)
        talk.until_well()


def dropped(stage: Stage) -> None:
    """As a failover to a standby does it, or a restart that takes no time."""
    expected = Expected(answered=0.9, longest=2.5, well=1.0)
    with (
        stage.site() as site,
        stage.talking("all connections dropped", site, expected) as (talk, found),
    ):
        time.sleep(1)
        with talk.fault():
            for _ in range(3):
                found.said.append(f"{_terminate(stage.database_url)} connections ended")
                time.sleep(1)
        talk.until_well()


def silent(stage: Stage) -> None:
    """The host hangs, or the network swallows what is sent: nothing is refused, nothing comes."""
    with (
        stage.proxied(stage.database_url) as (between, url),
        stage.site(database=url) as site,
        stage.talking("hangs, without a word", site, AWAY) as (talk, _),
    ):
        time.sleep(1)
        with talk.fault():
            between.be(Mode.SILENT)
            time.sleep(8)
            between.be(Mode.PASS)
        talk.until_well()


def slow(stage: Stage) -> None:
    """Each answer takes a while: a turn asks up to ten times."""
    expected = Expected(turns=frozenset({ANSWERED}), answered=1.0, longest=4.0, well=2.0)
    with (
        stage.proxied(stage.database_url) as (between, url),
        stage.site(database=url) as site,
        stage.talking("each answer takes 0.05 s", site, expected, turns=12) as (talk, _),
    ):
        time.sleep(1)
        with talk.fault():
            between.delay = 0.05
            time.sleep(4)
            between.delay = 0.0
        talk.until_well()


def slower(stage: Stage) -> None:
    """So slow that a whole turn would come too late: it ends with an apology, in time."""
    with (
        stage.proxied(stage.database_url) as (between, url),
        stage.site(database=url) as site,
        stage.talking("each answer takes 1 s", site, AWAY, turns=2.5, pages=1) as (talk, _),
    ):
        time.sleep(1)
        with talk.fault():
            between.delay = 1.0
            time.sleep(6)
            between.delay = 0.0
        talk.until_well()


def locked(stage: Stage) -> None:
    """Somebody works on the table that turns write to, and holds on to it."""
    expected = Expected(answered=0.3, longest=4.0, well=2.0)
    with (
        stage.site() as site,
        stage.talking("a table is locked for writing", site, expected, turns=12) as (talk, _),
        psycopg.connect(stage.database_url) as other,
    ):
        time.sleep(1)
        with talk.fault():
            other.execute("LOCK TABLE facts_favourite IN EXCLUSIVE MODE")
            time.sleep(5)
            other.rollback()
        talk.until_well()


def _terminate(url: str) -> int:
    """End every connection but this one; how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        ).fetchall()
    return len(rows)


SCENARIOS = [
    Scenario(stopped, is_quick=True),
    Scenario(dropped, is_quick=True),
    Scenario(silent, is_quick=True),
    Scenario(slow),
    Scenario(slower),
    Scenario(locked),
]
