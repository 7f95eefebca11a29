from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks import chart

SVG = "{http://www.w3.org/2000/svg}"


def contender(name: str, rates: list[float], cpu: list[float]) -> dict[str, Any]:
    return {"name": name, "rates": rates, "cpu": cpu, "p50": 5.0, "p99": 20.0}


@pytest.fixture
def run() -> dict[str, Any]:
    voice = {
        "postgresql": [
            contender("floor", [3000, 2900, 3100], [300, 310, 290]),
            contender("ours", [1400, 1500, 1600], [600, 640, 620]),
            contender("ours, claims in the database", [1200, 1210, 1220], [700, 700, 700]),
            contender("Express adapter", [900, 800, 1000], [1100, 1000, 1200]),
        ],
        "sqlite": [contender("stock SDK", [500, 500, 500], [1900, 1800, 2000])],
    }
    return {
        "begun": "2026-11-22T15:00:00+00:00",
        "machine": {"processors": 2},
        "parts": {"voice": voice},
    }


def drawn(run: dict[str, Any]) -> ET.Element:
    text = json.dumps(run)
    return ET.fromstring(chart.draw(chart.read(text), chart._measured_on(text)))  # noqa: S314 - our own


def words(picture: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in picture.iter(f"{SVG}text")]


def test_a_bar_ends_at_the_median_and_its_line_at_the_extremes(run: dict[str, Any]) -> None:
    picture = drawn(run)
    bars = [each for each in picture.iter(f"{SVG}rect") if "bar" in each.get("class", "")]
    assert len(bars) == 10  # two a contender
    floor, ours = bars[0], bars[2]
    assert float(floor.get("width", "")) == pytest.approx(3000 / 3100 * chart.LONGEST, abs=0.1)
    assert float(ours.get("width", "")) == pytest.approx(1500 / 3100 * chart.LONGEST, abs=0.1)
    line = next(picture.iter(f"{SVG}path")).get("d", "")
    start, end = line[1:].partition("M")[0].replace("H", " ").split()[0::2]
    assert float(start) == pytest.approx(chart.PANELS[0] + 2900 / 3100 * chart.LONGEST, abs=0.1)
    assert float(end) == pytest.approx(chart.PANELS[0] + chart.LONGEST, abs=0.1)


def test_ours_stands_out_in_all_its_forms(run: dict[str, Any]) -> None:
    bars = [each.get("class") for each in drawn(run).iter(f"{SVG}rect")]
    assert bars.count("bar ours") == 4


def test_figures_and_names_can_be_read(run: dict[str, Any]) -> None:
    said = words(drawn(run))
    assert said.count("this project") == 2
    assert "claims in the database" in said
    assert "3,0002,900 to 3,100" in said  # two sizes, with a gap between them
    assert "on PostgreSQL" in said
    assert "on SQLite" in said
    assert any("2 processors, 2026-11-22" in each for each in said)


def test_who_cannot_see_it_hears_every_figure(run: dict[str, Any]) -> None:
    picture = drawn(run)
    named = (picture.get("aria-labelledby") or "").split()
    found = {each.get("id"): each.text or "" for each in picture if each.get("id")}
    assert picture.get("role") == "img"
    assert [found[name] for name in named] == list(found.values())
    told = found["description"]
    assert "this project: 1,500 requests a second with 620 microseconds of CPU each" in told
    assert "On SQLite, Amazon's SDK for Python: 500 requests" in told


def test_everything_is_inside_the_picture(run: dict[str, Any]) -> None:
    picture = drawn(run)
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    for each in picture.iter():
        assert float(each.get("y", 0)) + float(each.get("height", 0)) <= height
        assert float(each.get("x", 0)) + float(each.get("width", 0) or 0) <= width


def test_names_cannot_break_out_of_the_picture(run: dict[str, Any]) -> None:
    run["parts"]["voice"]["sqlite"][0]["name"] = '</text><script>alert("1")</script>'
    picture = drawn(run)
    assert not list(picture.iter(f"{SVG}script"))
    assert '</text><script>alert("1")</script>' in words(picture)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{}", "no 'parts'"),
        ('{"parts": {}}', "no 'voice'"),
        ('{"parts": {"voice": {}}}', "nothing was measured"),
        ('{"parts": {"voice": {"sqlite": [{"name": "ours", "cpu": [1]}]}}}', "no 'rates'"),
        (
            '{"parts": {"voice": {"sqlite": [{"name": "ours", "rates": [], "cpu": [1]}]}}}',
            "without figures",
        ),
        (
            '{"parts": {"voice": {"sqlite": [{"name": "ours", "rates": [NaN], "cpu": [1]}]}}}',
            "without figures",
        ),
        ("[]", "no result"),
        ("no JSON", "no result"),
    ],
)
def test_a_file_without_results_is_refused(text: str, what: str) -> None:
    with pytest.raises(chart.NoResults, match=what):
        chart.read(text)


def test_the_command_writes_the_picture_or_says_why_not(
    run: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, picture = tmp_path / "run.json", tmp_path / "speed.svg"
    assert chart.main([str(results), str(picture)]) == 1
    assert "No such file" in capsys.readouterr().err
    results.write_text(json.dumps(run))
    assert chart.main([str(results), str(picture)]) == 0
    assert picture.read_text().startswith("<svg ")
    assert chart.main([]) == 2
