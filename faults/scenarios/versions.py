"""An older version and this one side by side: one database, one Redis, the same people."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from companion.local.environment import BASE_DIR
from faults.asking import ANSWERED
from faults.quiz import QUESTIONS, Quiz
from faults.scenario import Scenario
from faults.stage import Stage
from faults.verdict import Expected

OLD = "8a0623b"  # the last one that was deployed: what a deployment meets
ALL_WELL = Expected(
    turns=frozenset({ANSWERED}), pages=frozenset({"page"}), answered=1.0, longest=3.0, well=1.0
)
REFUSED = "status 400"


def side_by_side(stage: Stage) -> None:
    """Every tenth of a second the next request goes to the other one."""
    fault = f"{OLD} and this one"
    folder = _older(stage)
    if folder is None:
        stage.leave_out(fault, "needs the history of the repository")
        return
    more = {"STATIC_ROOT": str(stage.world.state / "older-static")}
    env = stage.environment(more=more)
    collect = [*_inside(folder), sys.executable, "-m", "django", "collectstatic", "--no-input"]
    stage.world.supervisor.finish(stage.world.supervisor.start("older-static", collect, env))
    with (
        stage.site(more=more, folder=folder, prefix=_inside(folder)) as older,
        stage.site() as site,
        stage.talking(fault, site, ALL_WELL) as (talk, found),
    ):
        ports = itertools.cycle([older.port, site.port])
        quizzes = [Quiz(stage, talk)]
        talk.port = older.port
        quizzes.append(Quiz(stage, talk))
        with talk.fault():
            for number in range(80):
                talk.port = next(ports)
                if number % 20 == 5 and not quizzes[0].is_over:
                    for quiz in quizzes:  # each question at the other one than the last
                        quiz.answer()
                        talk.port = next(ports)
                if number % 20 == 15:
                    question = talk.cast.next_turn("save")
                    first = talk.ask(question)
                    talk.port = next(ports)
                    again = talk.aside(question)
                    found.check(first.outcome == ANSWERED, f"a turn: {first.outcome}")
                    found.check(again.outcome == REFUSED, "a replay at the other one was taken")
                time.sleep(0.1)
        talk.port = site.port
        talk.until_well()
        scores = [quiz.score for quiz in quizzes]
        found.said.append(f"two quizzes, each begun at one of them: {scores}")
        found.check(scores == [(QUESTIONS, QUESTIONS)] * 2, "a quiz lost its score")


def _inside(folder: Path) -> tuple[str, ...]:
    """A program that finds its modules there."""
    return ("/usr/bin/env", f"--chdir={folder}")


def _older(stage: Stage) -> Path | None:
    """The files of the older version; None where the repository does not hold it."""
    done = subprocess.run(
        ["/usr/bin/git", "archive", "--format=tar", OLD], cwd=BASE_DIR, capture_output=True
    )
    if done.returncode:
        return None
    folder = stage.world.state / "older"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


SCENARIOS = [Scenario(side_by_side)]
