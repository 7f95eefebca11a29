"""What a conversation remembers: Alexa sends the session's attributes back with each turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ALL = "*"
HEARD_LIMIT = 60  # fact ids; a response, attributes included, may have 24 KB
QUIZ_LENGTH = 3
SPEECH_LIMIT = 2000  # characters, markup included: an answer of ours has less than half of that
_SLUG_LIMIT = 200  # characters: several slugs may stand in one
_ID_LIMIT = 2**63  # more than a database column holds


@dataclass
class Memory:
    heard: list[int] = field(default_factory=list)  # ids of facts, the last one told at the end
    topic: str = ""  # slug that was asked for last; "another one" stays with it
    pending: str = ""  # the question that yes and no would answer: see speech.Question
    more_of: int = 0  # id of the fact that there is no more to tell of
    used_up: list[str] = field(default_factory=list)  # topics said to be used up; ALL: everything
    misses: int = 0  # turns in a row that we did not understand
    in_english: bool = False  # it was said that there is no text in the person's language
    quizzed: bool = False  # the last of those was asked about, not told: nothing to save
    quiz: list[int] = field(default_factory=list)  # facts to ask about, the one asked now first
    quiz_seed: str = ""  # shuffles its answers, the same way until it is over
    quiz_asked: int = 0  # how many questions were asked, and answered rightly
    quiz_right: int = 0
    speech: str = ""  # the last answer, for "say that again"
    reprompt: str = ""

    @property
    def fact_id(self) -> int | None:
        """The fact that "that" means."""
        return self.heard[-1] if self.heard else None

    def told(self, fact_id: int) -> None:
        self.heard = [*(pk for pk in self.heard if pk != fact_id), fact_id][-HEARD_LIMIT:]
        self.quizzed = False

    def asked_about(self, fact_id: int) -> None:
        self.told(fact_id)
        self.quizzed = True

    def leave_quiz(self) -> None:
        self.quiz, self.quiz_seed, self.quiz_asked, self.quiz_right = [], "", 0, 0

    def to_attributes(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value}

    @classmethod
    def from_attributes(cls, attributes: object) -> Memory:
        """Attributes of another version, or of nobody knows what, count as far as they fit."""
        known = attributes if isinstance(attributes, dict) else {}
        return cls(
            heard=_ids(known.get("heard"))[-HEARD_LIMIT:],
            topic=_text(known, "topic"),
            pending=_text(known, "pending"),
            more_of=id_of(known.get("more_of")),
            used_up=_slugs(known.get("used_up")),
            misses=id_of(known.get("misses")),
            in_english=known.get("in_english") is True,
            quizzed=known.get("quizzed") is True,
            quiz=_ids(known.get("quiz"))[:QUIZ_LENGTH],
            quiz_seed=_text(known, "quiz_seed"),
            quiz_asked=min(id_of(known.get("quiz_asked")), QUIZ_LENGTH),
            quiz_right=min(id_of(known.get("quiz_right")), QUIZ_LENGTH),
            speech=_text(known, "speech", SPEECH_LIMIT),
            reprompt=_text(known, "reprompt", SPEECH_LIMIT),
        )


def id_of(value: object) -> int:
    """A row's id that came back from Alexa; 0 for anything that is none."""
    return value if type(value) is int and 0 < value < _ID_LIMIT else 0


def _ids(value: object) -> list[int]:
    return [pk for pk in map(id_of, value) if pk] if isinstance(value, list) else []


def _slugs(value: object) -> list[str]:
    slugs = value if isinstance(value, list) else []
    return [slug for slug in slugs if isinstance(slug, str) and len(slug) <= _SLUG_LIMIT][:20]


def _text(attributes: dict[str, Any], name: str, limit: int = _SLUG_LIMIT) -> str:
    """What is longer than it can be was never ours."""
    value = attributes.get(name)
    fits = isinstance(value, str) and value.strip() and len(value) <= limit
    return str(value) if fits else ""
