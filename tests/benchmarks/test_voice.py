"""The verdict on the voice door: each promise can be broken, and that is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import voice
from benchmarks.contenders.start import Start
from benchmarks.load import Round
from benchmarks.turns import Person
from benchmarks.voice import EXPRESS, FLOOR, OURS, STOCK, Contender
from benchmarks.world import World
from companion.local.supervisor import Supervisor
from skill_endpoint.simulator import pki
from tests.cognito import new_key

Field = dict[str, Contender]
Figures = dict[str, Any]
Printed = pytest.CaptureFixture[str]


def contender(name: str, rate: float, cpu: float, **more: Any) -> Contender:
    # rounds that were disturbed, one each way: the medians decide
    return Contender(name, Start(["x"]), 1, rates=[1, rate, 9e9], cpu=[9e9, cpu, 1], **more)


@pytest.fixture
def field() -> Field:
    """Each promise is just kept, and no aim but that of no connections reached."""
    found = [
        contender(OURS, 900, 6000, cold_start=5.0),
        contender(FLOOR, 3000, 1000),
        contender(STOCK, 600, 5000),
        contender(EXPRESS, 1800, 3000),
    ]
    return {each.name: each for each in found}


@pytest.fixture
def figures() -> Figures:
    counted = {name: {"statements": 9, "connections": 0} for name in ("WhoAmI", "Daily")}
    return {"half": {"p99": 100.0}, "turns": counted}


def lines_of(printed: Printed) -> list[str]:
    return [
        line
        for line in printed.readouterr().out.splitlines()
        if " promised, " in line and "aimed at, " in line
    ]


def test_at_their_limits_all_promises_hold(field: Field, figures: Figures, capsys: Printed) -> None:
    assert voice._judge(field, figures)
    lines = lines_of(capsys)
    assert len(lines) == 6
    assert all("promised, held;" in line for line in lines)
    assert [line.endswith("reached") for line in lines] == [False] * 5 + [True]
    assert lines[0] == (
        "     1.5 times the requests/s of the stock SDK:"
        " at least 1.5 promised, held; 2.5 aimed at, missed"
    )


def test_the_values_go_into_the_file(field: Field, figures: Figures) -> None:
    voice._judge(field, figures)
    assert list(json.loads(json.dumps(figures["targets"])).values()) == [1.5, 0.5, 6, 100, 5, 0]


BROKEN: list[tuple[Callable[[Field, Figures], object], str]] = [
    (lambda field, _: field[STOCK].rates.__setitem__(1, 601), "of the stock SDK"),
    (lambda field, _: field[EXPRESS].rates.__setitem__(1, 1801), "of the Express adapter"),
    (lambda field, _: field[FLOOR].cpu.__setitem__(1, 999), "the CPU of the floor"),
    (lambda field, _: field[OURS].cpu.__setitem__(1, 6001), "the CPU of the floor"),
    (lambda _, figures: figures["half"].update(p99=100.01), "waits one of a hundred"),
    (lambda field, _: setattr(field[OURS], "cold_start", 5.01), "to its first answer"),
    (lambda _, figures: figures["turns"]["Daily"].update(connections=1), "a warm turn"),
]


@pytest.mark.parametrize(("change", "name"), BROKEN)
def test_one_that_is_broken_is_enough(
    field: Field,
    figures: Figures,
    capsys: Printed,
    change: Callable[[Field, Figures], object],
    name: str,
) -> None:
    change(field, figures)
    assert not voice._judge(field, figures)
    [line] = [line for line in lines_of(capsys) if "NOT HELD" in line]
    assert name in line


def test_an_aim_that_is_missed_breaks_no_promise_and_is_told(
    field: Field, figures: Figures, capsys: Printed
) -> None:
    field[STOCK].rates[1] = 900 / 2.5
    assert voice._judge(field, figures)
    assert lines_of(capsys)[0].endswith("2.5 aimed at, reached")
    field[STOCK].rates[1] = 900 / 2.49
    assert voice._judge(field, figures)
    assert lines_of(capsys)[0].endswith("2.5 aimed at, missed")


def test_where_express_is_not_installed_nothing_is_said_of_it(
    field: Field, figures: Figures, capsys: Printed
) -> None:
    del field[EXPRESS]
    assert voice._judge(field, figures)
    assert "Express" not in capsys.readouterr().out


def test_others_do_not_speak_for_ours(field: Field, figures: Figures) -> None:
    field[voice.ALONE] = contender(voice.ALONE, 1, 9e9, cold_start=99.0)
    field[voice.NEW_TOKENS] = contender(voice.NEW_TOKENS, 1, 9e9, cold_start=99.0)
    for name in (FLOOR, STOCK, EXPRESS):
        field[name].cold_start = 99.0
    assert voice._judge(field, figures)


def test_a_wrong_answer_ends_the_run(field: Field) -> None:
    ours = field[OURS]
    voice._check(ours, Round(times=[0.1]))
    wrong = Round(times=[0.1])
    wrong.wrong["400"] += 2
    with pytest.raises(SystemExit, match=r"^ours: \{'400': 2\}"):
        voice._check(ours, wrong)


def test_the_figures_are_json_with_every_round_and_the_table_has_the_medians(
    field: Field, capsys: Printed
) -> None:
    field[OURS].waited = [0.001, 0.002, 0.003]
    assert json.loads(json.dumps(field[OURS].figures())) == {
        "name": OURS,
        "cold_start": 5.0,
        "rates": [1, 900, 9e9],
        "cpu": [9e9, 6000, 1],
        "p50": 2.0,
        "p99": 2.98,
    }
    voice._table("SQLite", list(field.values()), 300)
    told = capsys.readouterr().out
    assert "On SQLite" in told
    assert "900 (1-9000000000)" in told
    assert "5000 (1-9000000000)" in told


@pytest.mark.parametrize("has_new_tokens", [True, False])
def test_everybody_asks_in_turn(tmp_path: Path, has_new_tokens: bool) -> None:
    pki.ensure_pki(tmp_path)
    with Supervisor(tmp_path / "logs") as supervisor:
        here = World(tmp_path, supervisor, new_key(), "", pki.load(tmp_path))
    people = [Person(number, f"token {number}") for number in range(3)]
    asking = voice._asking(contender(OURS, 1, 1, has_new_tokens=has_new_tokens), here, people, 7)
    assert [person.number for person in asking] == [0, 1, 2, 0, 1, 2, 0]
    tokens = {person.token for person in asking}
    assert (len(tokens), tokens <= {each.token for each in people}) == (
        (7, False) if has_new_tokens else (3, True)
    )
