"""A new version comes in the middle of conversations: in the same server, or in one beside it."""

from __future__ import annotations

import contextlib
import signal
import time

from faults.asking import ANSWERED
from faults.quiz import QUESTIONS, Quiz
from faults.scenario import Scenario
from faults.stage import Stage
from faults.talk import LOST, Talk
from faults.verdict import Expected, Outcome

UNHEARD = Expected(
    turns=frozenset({ANSWERED}), pages=frozenset({"page"}), answered=0.98, longest=4.0, well=2.0
)


def reloaded(stage: Stage) -> None:
    """SIGHUP: gunicorn begins new workers, and the old ones end when they have answered."""
    expected = Expected(
        turns=frozenset({ANSWERED}),
        pages=frozenset({"page"}),
        answered=0.98,
        longest=6.0,  # the new workers take connections while they still import
        # a connection that is kept may be closed just when something is sent on it
        few={LOST: 2},
        well=6.0,
    )
    with (
        stage.site() as site,
        stage.talking("SIGHUP: new workers", site, expected) as (talk, found),
    ):
        time.sleep(1)
        quiz = Quiz(stage, talk)
        with talk.fault():
            quiz.answer()
            site.process.popen.send_signal(signal.SIGHUP)
            quiz.answer()
            time.sleep(4)
        talk.until_well()
        _finish(quiz, talk, found)


def switched(stage: Stage) -> None:
    """A new server beside the old one, a switch in front, and SIGTERM for the old one."""
    with (
        contextlib.ExitStack() as after,
        stage.site() as site,
        stage.talking("a new server, then the switch", site, UNHEARD) as (talk, found),
    ):
        time.sleep(1)
        quiz = Quiz(stage, talk)
        with talk.fault():
            quiz.answer()
            following = after.enter_context(stage.site())
            talk.port = following.port
            quiz.answer()
            site.process.popen.terminate()
            site.process.popen.wait(30)
        talk.until_well()
        _finish(quiz, talk, found)


def _finish(quiz: Quiz, talk: Talk, found: Outcome) -> None:
    quiz.answer()
    right, asked = quiz.score
    found.said.append(f"a quiz over it: {right} of {asked}, all answered rightly")
    found.check(quiz.score == (QUESTIONS, QUESTIONS), "the quiz lost its score")


SCENARIOS = [Scenario(reloaded), Scenario(switched)]
