from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from benchmarks import growth, histories, population, world
from benchmarks.growth import Point
from benchmarks.population import sub_of
from benchmarks.world import World
from companion.local import services
from companion.local.supervisor import Supervisor
from skill_endpoint.facts.models import Fact, Hearing
from skill_endpoint.simulator import pki
from tests.cognito import new_key

MB = 2**20


def curve(
    cpu: Sequence[float], rss: list[int] | None = None, intent: str = ""
) -> list[dict[str, Any]]:
    more = {"intent": intent} if intent else {}
    sizes = rss or [100 * MB] * len(cpu)
    rest = {"database_cpu": 0.0, "cache_cpu": 0.0, "making": 200.0, "more": more}
    return [{"cpu": c, "rss": r, **rest} for c, r in zip(cpu, sizes, strict=True)]


@pytest.fixture
def flat() -> dict[str, Any]:
    return {name: curve([1000, 1100, 1400]) for name in growth.CURVES}


def test_flat_curves_have_no_faults(flat: dict[str, Any]) -> None:
    assert growth.faults(flat) == []


@pytest.mark.parametrize("name", ["profiles", "lasting"])
def test_more_cpu_at_the_end_is_a_fault(flat: dict[str, Any], name: str) -> None:
    flat[name] = curve([1000, 1100, 1600])
    assert growth.faults(flat) == [f"{name}: 1.6 times the CPU at its end, more than 1.5"]


def test_the_database_counts_too(flat: dict[str, Any]) -> None:
    flat["profiles"][-1]["database_cpu"] = 400
    assert growth.faults(flat) == ["profiles: 1.8 times the CPU at its end, more than 1.5"]


def test_a_machine_that_has_become_slower_is_no_fault(flat: dict[str, Any]) -> None:
    flat["profiles"] = curve([1000, 1500, 2000])
    flat["profiles"][-1]["making"] = 400
    assert growth.faults(flat) == []


def test_one_disturbed_point_of_many_is_no_fault(flat: dict[str, Any]) -> None:
    flat["lasting"] = curve([1000] * 8 + [1000, 1900])
    assert growth.faults(flat) == []
    flat["lasting"] = curve([1000] * 7 + [1900] * 3)
    assert growth.faults(flat) == ["lasting: 1.9 times the CPU at its end, more than 1.5"]


def test_each_intent_has_a_curve_of_its_own(flat: dict[str, Any]) -> None:
    flat["heard"] = curve([4000, 4000], intent="A") + curve([1000, 9000], intent="B")
    assert growth.faults(flat) == ["heard, B: 9.0 times the CPU at its end, more than 1.5"]


def test_memory_may_not_grow_with_requests(flat: dict[str, Any]) -> None:
    flat["lasting"] = curve([1, 1, 1], [100 * MB, 101 * MB, 101 * MB])
    assert growth.faults(flat) == []
    flat["lasting"] = curve([1, 1, 1], [100 * MB, 101 * MB, 102 * MB])
    assert growth.faults(flat) == ["lasting: 2.0 MB more memory at its end"]


def test_strangers_may_fill_the_memory_and_no_more(flat: dict[str, Any]) -> None:
    flat["strangers"] = curve([1] * 4, [100 * MB, 110 * MB, 120 * MB, 120 * MB])
    assert growth.faults(flat) == []
    flat["strangers"] = curve([1] * 4, [100 * MB, 110 * MB, 120 * MB, 130 * MB])
    assert growth.faults(flat) == ["strangers: 10.0 MB more memory at its end"]


@pytest.mark.django_db
def test_histories_go_around_the_library() -> None:
    call_command("facts", "load", stdout=StringIO())
    population.fill(2)
    histories.fill([10, 300])
    histories.fill([20, 300])
    heard = [Hearing.objects.filter(user=User.objects.get(sub=sub_of(n))) for n in (0, 1)]
    assert [each.count() for each in heard] == [20, 300]
    assert heard[1].values("fact").distinct().count() == Fact.objects.published().count()
    assert heard[1].values("heard_at").distinct().count() == 300


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("growth")
    pool_key = new_key()
    pki.ensure_pki(state / "alexa")
    with Supervisor(state / "logs") as supervisor:
        url = world._serve_key_set(supervisor, state, pool_key)
        yield World(state, supervisor, pool_key, url, pki.load(state / "alexa"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SPEAKING": 4, "ROUND": 12, "WARM_UP": 2, "HEARING": 6, "HEARD": (10, 130)}
    sizes |= {"LASTING": 24, "POINTS": 2, "STRANGERS": 8, "CLIENTS": (1, 3), "WORKERS": (1,)}
    sizes |= {"TRIES": 2, "FEWEST": 4, "PROFILES": 40, "BATCH": 5}
    for name, value in sizes.items():
        monkeypatch.setattr(growth, name, value)


@pytest.mark.usefixtures("small")
def test_each_curve_is_measured_on_a_site_that_answers(
    here: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(services, "missing", lambda: ["Redis: install it"])
    stores = growth._stores(here)
    assert "no Redis: install it" in capsys.readouterr().err
    found = {
        name: list(growth._printed(make(here, stores))) for name, make in growth.CURVES.items()
    }
    assert {name: [point.at for point in points] for name, points in found.items()} == {
        "profiles": [4, 40],
        "heard": [10, 130] * 3,
        "clients": [1, 3],
        "lasting": [0, 12, 24],
        "strangers": [4, 8],
    }
    assert all(_is_plausible(point) for points in found.values() for point in points)
    asked = list(growth._printed_turns(growth.turn(here, stores)))
    assert [each["intent"] for each in asked] == list(growth.ANSWERS)
    # the claim of the request and the person's link are two of them
    assert all(3 <= each["statements"] <= 6 for each in asked)
    assert json.dumps(asked)


def _is_plausible(point: Point) -> bool:
    return point.rate > 0 and 0 < point.p50 <= point.p99 and point.rss > 10 * MB


@pytest.mark.usefixtures("small")
def test_a_wrong_answer_ends_the_measurement(
    here: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(services, "missing", lambda: ["Redis: install it"])
    monkeypatch.setitem(growth.ANSWERS, "WhoAmIIntent", b"nobody says this")
    with pytest.raises(SystemExit, match="another answer"):
        list(growth.profiles(here, growth._stores(here)))
