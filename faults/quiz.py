"""A quiz of three questions, answered rightly: what a conversation remembers, turn by turn."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from benchmarks import turns
from faults.asking import Question
from faults.stage import Stage
from faults.talk import Talk

QUESTIONS = 3
_ANSWERS = "SELECT fact_id, options FROM facts_facttext WHERE language = 'en' AND question <> ''"
_SCORE = re.compile(r"(\d) of (\d)")


class Quiz:
    """Of one person; Alexa gives back with each turn what the last answer left in the session."""

    def __init__(self, stage: Stage, talk: Talk) -> None:
        self._cast, self._talk = stage.cast, talk
        self._person = stage.cast.people[-1]
        with psycopg.connect(stage.database_url, connect_timeout=5) as connection:
            self._right: dict[int, list[str]] = dict(connection.execute(_ANSWERS).fetchall())
        self._attributes: dict[str, Any] = {"heard": list(self._right)[:QUESTIONS]}
        self._ask("QuizIntent", {})

    def answer(self) -> None:
        """Rightly. Raises KeyError where no question is open."""
        [fact, *_] = self._attributes["quiz"]
        slot = {"name": "answer", "value": self._right[fact][0], "confirmationStatus": "NONE"}
        self._ask("QuizAnswerIntent", {"answer": slot})

    @property
    def is_over(self) -> bool:
        return not self._attributes.get("quiz")

    @property
    def score(self) -> tuple[int, int]:
        """Right answers, and questions, as the last answer told them; (0, 0) before the end."""
        told = _SCORE.search(self._speech)
        return (int(told[1]), int(told[2])) if told else (0, 0)

    def _ask(self, intent: str, slots: dict[str, Any]) -> None:
        envelope = turns.envelope(self._person, intent, slots)
        envelope["session"] |= {"new": False, "attributes": self._attributes}
        answer = self._talk.answer(Question("quiz", self._cast.signed(envelope)))
        self._attributes = answer["sessionAttributes"]
        self._speech = str(answer["response"]["outputSpeech"]["ssml"])
