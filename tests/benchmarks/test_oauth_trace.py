from __future__ import annotations

import pytest

from benchmarks import oauth_trace, report


def times(off: float, on: float) -> dict[str, list[float]]:
    return {"straight": [1.0] * 100, "not recording": [off] * 100, "recorded": [on] * 100}


@pytest.mark.parametrize(
    ("off", "on", "held"), [(3.0, 4.0, True), (12.0, 3.0, False), (3.0, 12.0, False)]
)
def test_the_slower_way_is_judged(
    off: float, on: float, held: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert oauth_trace._table(times(off, on)) is held
    *_, machine, verdict = capsys.readouterr().out.splitlines()
    assert machine.startswith("This machine: load ")
    assert verdict.endswith("held." if held else "NOT HELD.")


@pytest.mark.parametrize(
    ("load", "processors", "words"),
    [
        (1.04, 1, "This machine: load 1.0 on 1 processor."),
        (2.9, 2, "This machine: load 2.9 on 2 processors."),
        (7.0, 2, "This machine: load 7.0 on 2 processors, busy with other things."),
    ],
)
def test_it_says_how_busy_the_machine_is(load: float, processors: int, words: str) -> None:
    assert report.busyness(load, processors) == words
