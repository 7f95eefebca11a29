"""Limits of time of a process that serves people; with a real PostgreSQL, slow or silent."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.http import HttpRequest, HttpResponse

from companion import serving
from companion.local import environment
from companion.postgresql import away as away_module
from companion.postgresql.away import Away
from companion.postgresql.replanning import ReplanningCursor
from companion.until import asked_until
from faults.background import Background, background
from faults.proxy import Mode, Proxy, proxy
from tests.conftest import browser

OTHERS = """FROM pg_stat_activity WHERE backend_type = 'client backend'
    AND datname = current_database() AND pid <> pg_backend_pid()"""
# a process that serves, on the database of DATABASE_URL; the story goes on in `told`
SERVER = """
import json, os, sys, time
import django
django.setup()
from django.db import connection, connections, OperationalError
from companion import serving
serving.begin()

def asked(statement="SELECT 1"):
    begun = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            said = str(cursor.fetchone()[0])
    except OperationalError as error:
        said = type(error.__cause__).__name__
    finally:
        connection.close()
    return said, round(time.monotonic() - begun, 1)

def step(**found):
    print(json.dumps(found), flush=True)
    sys.stdin.readline()
"""


class Server:
    """Says a line of JSON at each `step`, and waits to be told to go on."""

    def __init__(self, url: str, state: Path, told: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", SERVER + textwrap.dedent(told)],
            cwd=environment.BASE_DIR,
            env={
                **environment.bare(state),
                "DJANGO_SETTINGS_MODULE": "companion.settings",
                "DATABASE_URL": url,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def said(self) -> dict[str, Any]:
        assert self.popen.stdout
        found: dict[str, Any] = json.loads(self.popen.stdout.readline())
        return found

    def go_on(self) -> None:
        assert self.popen.stdin
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()

    def end(self) -> None:
        self.popen.communicate("\n", timeout=30)


@pytest.fixture
def here() -> Iterator[Background]:
    with background() as loop:
        yield loop


@pytest.fixture
def between(here: Background, postgresql_url: str) -> Iterator[Proxy]:
    with proxy(here, urlsplit(postgresql_url).port or 0) as made:
        yield made


def test_a_connection_that_the_server_ended_costs_nobody_an_answer(
    postgresql_url: str, tmp_path: Path
) -> None:
    server = Server(
        postgresql_url,
        tmp_path,
        """
        step(first=asked())
        step(again=asked())
        """,
    )
    assert server.said()["first"][0] == "1"
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        # all of the pool, which may have more than one by now and gives them in turns
        ended = other.execute(f"SELECT pid, pg_terminate_backend(pid) {OTHERS}").fetchall()
        assert ended
        pids = [pid for pid, _ in ended]
        while other.execute(
            "SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s)", [pids]
        ).fetchone():
            time.sleep(0.01)
    server.go_on()
    assert server.said()["again"][0] == "1"
    server.end()


def test_a_database_that_hangs_is_given_up_and_one_tries_while_nobody_waits(
    postgresql_url: str, between: Proxy, tmp_path: Path
) -> None:
    server = Server(
        between.url(postgresql_url),
        tmp_path,
        """
        step(first=asked())
        step(hanging=asked(), next=[asked() for _ in range(5)])
        time.sleep(0.6)
        step(again=[asked() for _ in range(4)])
        """,
    )
    assert server.said()["first"][0] == "1"
    between.be(Mode.SILENT)
    server.go_on()
    found = server.said()
    assert found["hanging"][0] == "OperationalError"
    assert found["hanging"][1] < 6  # Alexa waits 8 s
    # at once, and not after as long once more
    assert sum(seconds for _, seconds in found["next"]) < 2
    between.be(Mode.PASS)
    server.go_on()
    assert server.said()["again"][-1][0] == "1"
    server.end()


def test_a_try_that_fails_takes_no_connection_from_the_pool_for_ever(
    postgresql_url: str, between: Proxy, tmp_path: Path
) -> None:
    server = Server(
        between.url(postgresql_url),
        tmp_path,
        """
        from concurrent.futures import ThreadPoolExecutor
        from companion.postgresql import impatient
        impatient.ANSWER = 0.3  # seconds

        def held():
            stats = connection.pool.get_stats()
            return stats["pool_size"] - stats["pool_available"]

        with ThreadPoolExecutor(4) as threads:
            step(first=list(threads.map(asked, ["SELECT 1 FROM pg_sleep(0.2)"] * 4)))
        hanging = []
        while len(hanging) < 3:  # the first one, and two tries
            if (found := asked())[1]:
                hanging.append(found[0])
        step(hanging=hanging)
        while asked()[0] != "1":
            time.sleep(0.1)
        end = time.monotonic() + 5  # those that were closed are opened anew
        while held() and time.monotonic() < end:
            time.sleep(0.1)
        step(held=held())
        """,
    )
    assert [said for said, _ in server.said()["first"]] == ["1"] * 4
    between.be(Mode.SILENT)
    server.go_on()
    assert server.said()["hanging"] == ["OperationalError"] * 3
    between.be(Mode.PASS)
    server.go_on()
    assert server.said()["held"] == 0
    server.end()


def test_the_server_ends_a_statement_that_takes_too_long(
    postgresql_url: str, tmp_path: Path
) -> None:
    server = Server(
        postgresql_url, tmp_path, "step(ended=asked('SELECT pg_sleep(30)'), next=asked())"
    )
    found = server.said()
    server.end()
    assert found["ended"][0] == "QueryCanceled"
    assert found["next"][0] == "1"


def test_nobody_waits_for_a_lock_that_others_keep(postgresql_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgresql_url) as other:
        other.execute("CREATE TABLE IF NOT EXISTS of_others (id integer)")
        other.commit()
        other.execute("LOCK TABLE of_others")
        server = Server(
            postgresql_url,
            tmp_path,
            "step(ended=asked('SELECT count(*) FROM of_others'), next=asked())",
        )
        found = server.said()
        server.end()
    assert found["ended"][0] == "LockNotAvailable"
    assert found["next"][0] == "1"


def test_who_serves_waits_for_sqlite_no_longer_than_alexa_does(tmp_path: Path) -> None:
    server = Server(
        f"sqlite:///{tmp_path / 'busy.sqlite3'}",
        tmp_path,
        """
        step(busy=connections.settings["default"]["OPTIONS"]["timeout"], asked=asked())
        """,
    )
    assert server.said() == {"busy": serving.SQLITE_BUSY, "asked": ["1", pytest.approx(0, abs=2)]}
    server.end()


def test_a_turn_whose_time_is_over_asks_nothing_more(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgresql_url, cursor_factory=ReplanningCursor) as connection:
        with serving.turn_in_time():
            assert connection.execute("SELECT 1").fetchone() == (1,)
        monkeypatch.setattr(serving, "TURN", -1.0)
        with serving.turn_in_time(), pytest.raises(psycopg.OperationalError, match="too long"):
            connection.execute("SELECT 1")
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.django_db
def test_alexa_alone_has_so_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def alexa(request: HttpRequest) -> HttpResponse:
        asked.append(asked_until.get())
        return HttpResponse()

    monkeypatch.setattr("companion.middleware.alexa", alexa)
    browser().post("/alexa/", b"", content_type="application/json")
    assert asked[0] <= time.monotonic() + serving.TURN
    assert asked_until.get() == float("inf")


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("companion.postgresql.away.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_while_the_database_is_away_one_tries_after_the_other(clock: Clock) -> None:
    away = Away()
    assert away.enter() is False
    away.missed(is_try=False)
    with pytest.raises(psycopg.OperationalError):
        away.enter()
    clock.now += away_module.REST
    assert away.enter() is True
    with pytest.raises(psycopg.OperationalError):
        away.enter()
    away.missed(is_try=True)
    with pytest.raises(psycopg.OperationalError):
        away.enter()
    clock.now += away_module.REST
    assert away.enter() is True
    away.saw(is_try=True)
    assert away.enter() is False


def test_who_finds_no_connection_among_those_who_do_stops_nobody(clock: Clock) -> None:
    away = Away()
    away.saw(is_try=False)
    clock.now += away_module.SEEN_FOR / 2
    away.missed(is_try=False)
    assert away.enter() is False
    clock.now += away_module.SEEN_FOR
    away.missed(is_try=False)
    with pytest.raises(psycopg.OperationalError):
        away.enter()
