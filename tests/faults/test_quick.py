"""The quick part of `make faults`, and that its judge can say no."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.population import sub_of
from companion.local import environment
from faults.__main__ import GROUPS
from faults.asking import ANSWERED, APOLOGY, SAVED, SORRY, TOLD, Question
from faults.background import background
from faults.ledger import Balance, Rows, balance
from faults.proxy import Mode, proxy
from faults.table import lines
from faults.talk import Record, Talk
from faults.verdict import Expected, Outcome
from skill_endpoint.speech import favourites
from skill_endpoint.speech.builtin import apology
from skill_endpoint.ssml import Ssml
from tests.real_services import need

QUICK = [name for name, (scenarios, _) in GROUPS.items() if any(s.is_quick for s in scenarios)]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run of the quick ones wrote down, by fault. In a process of its own: it forgets who
    called it, and with that what tests stand on.
    """
    need("PostgreSQL")
    need("Redis")
    folder = tmp_path_factory.mktemp("faults")
    command = [sys.executable, "-m", "faults", "--quick", f"--json={folder}", *QUICK]
    done = subprocess.run(
        command, cwd=environment.BASE_DIR, capture_output=True, text=True, timeout=400
    )
    (written,) = folder.glob("*.json")
    found: dict[str, Any] = json.loads(written.read_text())["parts"]
    assert done.returncode == int(any(each["broken"] for each in found.values()))
    return found


@pytest.mark.parametrize("group", QUICK)
def test_people_notice_no_more_of_a_fault_than_they_must(
    figures: dict[str, Any], group: str
) -> None:
    played = {fault: each["broken"] for fault, each in figures.items() if each["group"] == group}
    assert played
    assert {fault: broken for fault, broken in played.items() if broken} == {}


def test_what_is_listened_for_is_what_the_skill_says() -> None:
    for seed in map(str, range(40)):
        for said in (favourites.saved, favourites.saved_already):
            assert SAVED.search(str(said(seed, Ssml("A headline"))))
    assert SORRY in str(apology())
    assert not SAVED.search(str(apology()))
    assert TOLD.search("<speak>" + "a fact " * 10)


def test_a_favorite_that_was_confirmed_and_is_not_there_is_lost() -> None:
    def record(fact: int, outcome: str) -> Record:
        return Record(Question("save", b"POST /alexa/ HTTP/1.1", 3, fact), 1.0, 0.1, outcome)

    empty = Rows(Counter(), Counter())
    after = Rows(Counter({(sub_of(3), 1): 1, (sub_of(3), 3): 1}), Counter())
    found = balance([record(1, ANSWERED), record(2, ANSWERED), record(3, APOLOGY)], empty, after)
    assert (found.confirmed, found.lost, found.unheard) == (2, 1, 1)


def test_a_fact_that_was_told_and_is_in_no_history_is_forgotten() -> None:
    told = Record(Question("another", b"POST /alexa/ HTTP/1.1", 3), 1.0, 0.1, ANSWERED)
    before = Rows(Counter(), Counter({sub_of(3): 5}))
    after = Rows(Counter(), Counter({sub_of(3): 6}))
    assert balance([told, told], before, after).forgotten == 1


def judged(outcome: str, took: float = 0.1, **expected: float) -> list[str]:
    with background() as loop:
        talk = Talk(loop, None, 0, begun=10.0, lifted=12.0, well_after=1.0)  # type: ignore[arg-type]
        question = Question("who", b"POST /alexa/ HTTP/1.1")
        talk.records.append(Record(question, 11.0, took, outcome))
    found = Outcome("group", "fault")
    found.count(talk, Balance())
    found.judge(Expected(**expected), talk)  # type: ignore[arg-type]
    assert bool(found.broken) == any("NOT KEPT" in line for line in lines([found]))
    return found.broken


def test_what_was_not_expected_breaks_the_promise() -> None:
    assert judged(ANSWERED) == []
    assert judged(APOLOGY) == []
    assert judged("status 500") == ["turns: 1 × status 500"]
    assert judged("no answer in time") == ["turns: 1 × no answer in time"]
    assert judged(APOLOGY, answered=0.5) == ["answered only 0 of 1"]
    assert judged(ANSWERED, took=7.0) == ["a turn took 7.0 s, more than 6"]
    assert judged(ANSWERED, well=0.5) == ["well after 1.0 s, more than 0.5"]


def test_the_proxy_hangs_and_goes_on() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        background() as loop,
        proxy(loop, server.getsockname()[1]) as between,
        socket.create_connection(("127.0.0.1", between.port), timeout=5) as client,
    ):
        behind, _ = server.accept()
        with behind:
            behind.sendall(b"passed")
            assert client.recv(10) == b"passed"
            between.be(Mode.SILENT)
            behind.sendall(b"held")
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(10)
            between.be(Mode.PASS)
            client.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(10) == b""  # what hung does not go on: it begins anew


def test_every_fault_is_in_the_document() -> None:
    text = Path(__file__).parents[2].joinpath("docs/faults.md").read_text(encoding="utf-8")
    missing = [name for name in GROUPS if not re.search(rf"`{name}`", text)]
    assert missing == []


def test_nothing_is_asked_any_more_once_a_talk_has_ended() -> None:
    """What came after the books are closed would be taken for lost."""
    asked: list[int] = []

    class Counting(Talk):
        def _next_turn(self, number: int) -> Question:
            asked.append(number)
            return Question("who", b"POST /alexa/ HTTP/1.1\r\n\r\n")

    with background() as loop:
        talk = Counting(loop, None, 1, turns=20.0, pages=0.0)  # type: ignore[arg-type]
        running = loop.start(talk.run())
        while not asked:
            time.sleep(0.001)
        loop.run(talk.end())
        count = len(asked)
        running.result(5)
        assert len(asked) == count == len(talk.records)
