"""The comparison of servers measures what it says, and its verdict can be lost."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import servers, world
from benchmarks.servers import HALF, OURS, Contender, Row
from benchmarks.world import World
from companion.local.supervisor import Supervisor
from skill_endpoint.simulator import pki
from tests.cognito import new_key

ROW = Row(
    server=OURS,
    database="SQLite",
    workers=1,
    rate=950,
    slowest=900,
    fastest=1000,
    cpu=1,
    p50=2,
    p99=9,
    memory=160,
    halves=0.01,
    kept=0.01,
    wrong=0,
)
OTHER = replace(ROW, server="another", rate=1000)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    pool_key = new_key()
    pki.ensure_pki(tmp_path / "alexa")
    with Supervisor(tmp_path / "logs") as supervisor:
        url = world._serve_key_set(supervisor, tmp_path, pool_key)
        yield World(tmp_path, supervisor, pool_key, url, pki.load(tmp_path / "alexa"))


def test_turns_are_measured_behind_a_server(here: World) -> None:
    url = here.sqlite()
    here.fill(url, 4)
    [ours, *_] = servers.contenders(None)
    people = here.people(4)
    [row] = servers.measure(here, "SQLite", url, [ours], 1, people, rounds=2, batch=8, warm_up=8)
    assert row.wrong == 0
    assert row.rate > 0
    assert row.memory > 1
    assert not row.is_held_up


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ([ROW], True),
        ([ROW, OTHER], True),  # within the noise
        ([ROW, replace(OTHER, rate=1100)], False),
        ([ROW, replace(OTHER, rate=1100, halves=10)], True),  # that one can be stopped
        ([ROW, replace(OTHER, rate=1100, kept=5)], True),
        ([ROW, replace(OTHER, rate=1100, workers=2)], True),  # not the same work
        ([ROW, replace(OTHER, rate=1100, database="PostgreSQL")], True),
        ([replace(ROW, halves=5)], False),
        ([replace(ROW, kept=5)], False),
        ([replace(ROW, wrong=1)], False),
    ],
)
def test_ours_is_the_fastest_that_cannot_be_stopped(rows: list[Row], held: bool) -> None:
    assert servers.verdict(rows) is held


def test_a_server_that_nobody_answers_from_is_waited_for_so_long() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        assert servers.wait_behind(port, 2, HALF, patience=0.3) == 0.3


def test_an_answer_comes_sooner_than_the_patience() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=_answer, args=(listener, 3))
        thread.start()
        assert servers.wait_behind(listener.getsockname()[1], 2, HALF, patience=20) < 20
        thread.join()


def _answer(listener: socket.socket, count: int) -> None:
    for _ in range(count):
        peer = listener.accept()[0]
        with peer, suppress(OSError):
            if peer.recv(1000).startswith(b"GET"):
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_granian_is_compared_where_it_is_installed(tmp_path: Path) -> None:
    with_it = servers.contenders(tmp_path)
    assert {each.name for each in with_it} - {each.name for each in servers.contenders(None)} == {
        "granian"
    }
    [granian] = [each for each in with_it if each.name == "granian"]
    assert isinstance(granian, Contender)
    assert granian.path == tmp_path
    assert f"--blocking-threads={servers.THREADS}" in granian.command(1, 1)


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    """Nothing is run: there is no pip in that folder."""
    packages = tmp_path / "lib" / f"python{_version()}" / "site-packages"
    (packages / f"granian-{servers.GRANIAN}.dist-info").mkdir(parents=True)
    assert servers.install(tmp_path) == packages


def _version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
