"""The verdict on the voice door: each target can be missed, and a miss is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import population, voice
from benchmarks.contenders.start import Start
from benchmarks.load import Round
from benchmarks.turns import Person
from benchmarks.voice import EXPRESS, FLOOR, OURS, STOCK, Contender
from skill_endpoint.simulator import pki

Change = Callable[[dict[str, Contender], dict[str, dict[str, float]]], None]


def contender(name: str, rate: float, cpu: float, **more: Any) -> Contender:
    # one round that was disturbed: the medians decide
    return Contender(name, Start(["x"]), 1, rates=[1, rate, 9e9], cpu=[1, cpu, 9e9], **more)


@pytest.fixture
def field() -> dict[str, Contender]:
    """Each target is just held."""
    found = [
        contender(OURS, 1500, 2000, p99=25.0, cold_start=2.0),
        contender(FLOOR, 3000, 1000),
        contender(STOCK, 600, 5000),
        contender(EXPRESS, 1000, 3000),
    ]
    return {each.name: each for each in found}


@pytest.fixture
def counted() -> dict[str, dict[str, float]]:
    return {name: {"statements": 9, "connections": 0} for name in ("WhoAmI", "Daily")}


def judged(
    field: dict[str, Contender],
    counted: dict[str, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
) -> tuple[bool, list[str]]:
    held = voice._targets(list(field.values()), counted)
    lines = capsys.readouterr().out.splitlines()
    return held, [line.split(";")[0].split(" ", 4)[-1] for line in lines if "NOT HELD" in line]


def test_all_of_them_are_held_at_their_limits(
    field: dict[str, Contender],
    counted: dict[str, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert voice._targets(list(field.values()), counted)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert all(line.endswith(": held") for line in lines)
    assert lines[0] == "    2.50 requests/s of the stock SDK's; at least 2.5: held"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda f, c: f[STOCK].rates.__setitem__(1, 601), "2.50 requests/s of the stock SDK's"),
        (lambda f, c: f[EXPRESS].rates.__setitem__(1, 1001), "requests/s of the Express adapter's"),
        (lambda f, c: f[FLOOR].cpu.__setitem__(1, 999), "CPU of the floor's"),
        (lambda f, c: f[OURS].cpu.__setitem__(1, 2001), "CPU of the floor's"),
        (lambda f, c: setattr(f[OURS], "p99", 25.01), "ms p99 at half of capacity"),
        (lambda f, c: setattr(f[OURS], "cold_start", 2.01), "s to the first answer"),
        (lambda f, c: c["Daily"].update(connections=1), "connections opened by a warm turn"),
    ],
)
def test_one_that_is_missed_is_enough(
    field: dict[str, Contender],
    counted: dict[str, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
    change: Change,
    line: str,
) -> None:
    change(field, counted)
    held, missed = judged(field, counted, capsys)
    assert not held
    assert len(missed) == 1
    assert missed[0].endswith(line)


def test_where_express_is_not_installed_its_target_is_not_called_held(
    field: dict[str, Contender],
    counted: dict[str, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    del field[EXPRESS]
    assert voice._targets(list(field.values()), counted)
    *_, last = capsys.readouterr().out.splitlines()
    assert last.endswith("requests/s of the Express adapter's; at least 1.5: not measured")


def test_others_do_not_speak_for_ours(
    field: dict[str, Contender],
    counted: dict[str, dict[str, float]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    field["ours, replay table"] = contender("ours, replay table", 1, 9e9, p99=99.0)
    for name in (FLOOR, STOCK, EXPRESS):
        field[name].p99 = field[name].cold_start = 99.0
    assert judged(field, counted, capsys) == (True, [])


def test_a_wrong_answer_ends_the_run_with_the_servers_last_words(
    field: dict[str, Contender],
) -> None:
    ours = field[OURS]
    voice._check(ours, Round(times=[0.1]))
    wrong = Round(times=[0.1])
    wrong.wrong["400"] += 2
    with pytest.raises(SystemExit, match=r"^ours: \{'400': 2\}"):
        voice._check(ours, wrong)


def test_the_figures_are_json_with_every_round(
    field: dict[str, Contender], capsys: pytest.CaptureFixture[str]
) -> None:
    figures = json.loads(json.dumps(voice._table("SQLite", list(field.values()))))
    assert [each["name"] for each in figures] == [OURS, FLOOR, STOCK, EXPRESS]
    assert figures[0] == {
        "name": OURS,
        "cold_start": 2.0,
        "rates": [1, 1500, 9e9],
        "cpu": [1, 2000, 9e9],
        "p50": 0.0,
        "p99": 25.0,
    }
    told = capsys.readouterr().out
    assert "A turn on SQLite" in told
    assert "1500 (1-9000000000)" in told


def test_a_round_is_of_so_many_requests_and_everybody_asks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(voice, "BATCH", 7)
    pki.ensure_pki(tmp_path)
    people = [Person(number, "token") for number in range(3)]
    batch = voice._batch(people, pki.load(tmp_path))
    assert [request.expected.decode() for request in batch] == [
        population.name_of(number) for number in (0, 1, 2, 0, 1, 2, 0)
    ]
    assert len({request.raw for request in batch}) == 7
