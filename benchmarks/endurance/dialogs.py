"""What people say to the skill in a day, as dialogs whose turns follow from the answers before.

A dialog knows what the person was told to be saved, so that the database can be asked afterwards
whether each favorite is there, once, and no other is.
"""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks import turns
from skill_endpoint.simulator.envelopes import resolved_slot
from skill_endpoint.simulator.pki import Signer

# (how many of a hundred dialogs, what is said in turn); one of a single turn is "Alexa, ask …"
LAUNCH = "LaunchRequest"
ENDED = "SessionEndedRequest"
SAVE, REMOVE = "SaveFactIntent", "RemoveFactIntent"
SCRIPTS: list[tuple[int, list[str]]] = [
    (30, ["DailyFactIntent"]),
    (22, [LAUNCH, "AMAZON.YesIntent", "AMAZON.StopIntent"]),
    (14, [LAUNCH, "AnotherFactIntent", SAVE, "AnotherFactIntent", SAVE, "AMAZON.StopIntent"]),
    (10, [LAUNCH, "TopicFactIntent", "TellMeMoreIntent", "FactSourceIntent", SAVE, ENDED]),
    (8, [LAUNCH, "AnotherFactIntent", "QuizIntent", "QuizAnswerIntent", ENDED]),
    (6, [LAUNCH, "ListSavedIntent", "AnotherFactIntent", SAVE, REMOVE, "AMAZON.CancelIntent"]),
    (6, ["WhoAmIIntent"]),
    (4, [LAUNCH, "AMAZON.FallbackIntent", "AMAZON.HelpIntent", "AMAZON.RepeatIntent", ENDED]),
]
TOPICS = ("space", "animals", "body", "earth", "food")
LOCALES = ("en-US", "en-US", "en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "it-IT", "ja-JP", "pt-BR")

Saved = tuple[int, int]  # number of the person, id of the fact


@dataclass(eq=False)
class Dialog:
    """One person's conversation; `request` makes its next turn, `hear` takes the answer."""

    person: turns.Person
    left: list[str]
    locale: str
    session_id: str = field(default_factory=lambda: f"amzn1.echo-api.session.{uuid.uuid4()}")
    attributes: dict[str, Any] = field(default_factory=dict)
    is_new: bool = True

    @property
    def said(self) -> str:
        return self.left[0]

    def request(self, signer: Signer, host: str = "localhost") -> bytes:
        """The bytes of a signed HTTP request, with a time of now."""
        body = json.dumps(self._envelope()).encode()
        head = {"Host": host, **signer.headers_for(body), "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"POST /alexa/ HTTP/1.1\r\n{lines}\r\n".encode() + body

    def _envelope(self) -> dict[str, Any]:
        topic = TOPICS[self.person.number % len(TOPICS)]
        slots = {
            "TopicFactIntent": {"topic": resolved_slot("topic", topic, topic, topic)},
            "QuizAnswerIntent": {"answer": resolved_slot("answer", "the first", "first", "1")},
        }
        envelope = turns.envelope(self.person, self.said, slots.get(self.said))
        request, session = envelope["request"], envelope["session"]
        request["locale"] = self.locale
        session |= {
            "new": self.is_new,
            "sessionId": self.session_id,
            "attributes": self.attributes,
        }
        if self.said in {LAUNCH, ENDED}:
            request["type"] = self.said
            del request["intent"], request["dialogState"]
        if self.said == ENDED:
            request["reason"] = "USER_INITIATED"
        return envelope

    def hear(self, status: int, body: bytes, kept: set[Saved]) -> str:
        """What is wrong with the answer; empty where nothing is. `kept` is brought up to date."""
        if status != 200:
            return str(status)
        try:
            answer = json.loads(body)
        except ValueError:
            return "no JSON"
        said, self.left, self.is_new = self.left[0], self.left[1:], False
        if said == ENDED:
            return ""
        if not answer.get("response", {}).get("outputSpeech"):
            return "silence"
        self.attributes = answer.get("sessionAttributes") or {}
        if answer["response"].get("shouldEndSession"):
            if self.left and self.left != [ENDED]:
                return "a conversation that ended too soon"  # an apology ends it
            self.left = []
        if said in {SAVE, REMOVE}:
            heard = self.attributes.get("heard")
            if not heard:
                return "no fact to save"
            change = kept.add if said == SAVE else kept.discard
            change((self.person.number, heard[-1]))
        return ""


def dialogs(people: list[turns.Person], seed: int) -> Iterator[Dialog]:
    """Without end; the same for the same seed. A person comes again after all others."""
    chance = random.Random(seed)  # noqa: S311 - what is said is no secret
    weights = [weight for weight, _ in SCRIPTS]
    for person in itertools.cycle(chance.sample(people, len(people))):
        script = chance.choices(SCRIPTS, weights)[0][1]
        yield Dialog(person, [*script], LOCALES[person.number % len(LOCALES)])
