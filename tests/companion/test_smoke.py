from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from companion.local import environment, scenario, smoke
from companion.local.scenario.stage import Stage, Step, expect

LOADED = """
import sys, companion.local.smoke
print([name for name in sys.modules if name.startswith("django.db") or
       name.endswith(".models") and name.startswith(("accounts.", "skill_endpoint."))])
"""


class Site:
    """As much of a running site as a report of failure reads."""

    class process:  # noqa: N801 - an attribute of Site
        log = Path("site.log")

        @staticmethod
        def tail() -> str:
            return "the last line of the log"


def stage() -> Stage:
    site: Any = Site()
    return Stage(site)


def test_it_prints_a_line_for_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    smoke._play(stage(), [Step("first", lambda stage: None), Step("second", lambda stage: None)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:] for line in lines] == [["s", "ok", "first"], ["s", "ok", "second"]]


def test_it_stops_at_the_first_failure_and_says_what_it_saw(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(stage: Stage) -> None:
        expect(False, "an answer", "silence")

    with pytest.raises(smoke.StepFailed):
        smoke._play(stage(), [Step("asks", fails), Step("never reached", fails)])
    out, err = capsys.readouterr()
    assert "FAILED  asks" in out
    assert "never reached" not in out
    assert "expected an answer\n     saw silence" in err
    assert "the last line of the log" in err


def test_a_failed_step_gives_a_failing_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def two_starts(state: Path, more: Mapping[str, str]) -> int:
        raise smoke.StepFailed

    monkeypatch.setattr(smoke, "_two_starts", two_starts)
    monkeypatch.setattr(environment, "forget_caller", lambda state: None)
    assert smoke.main() == 1


def test_each_step_has_a_title_of_its_own() -> None:
    titles = [step.title for step in (*scenario.FIRST_START, *scenario.SECOND_START)]
    assert len(titles) == len(set(titles)) > 30


def test_it_imports_no_models() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"
