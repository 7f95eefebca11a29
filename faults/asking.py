"""What is said to the site: signed turns of linked people, and pages. Each is made when it is sent.

What a right answer is stands beside the request, so that an answer is judged by what was asked.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks import turns
from benchmarks.population import name_of
from skill_endpoint.simulator.pki import Signer

HOST = "localhost:1"  # as the site's settings have it
ALEXA_WAITS = 8.0  # seconds, for an answer of a skill
BROWSER_WAITS = 20.0  # seconds: nobody looks at an empty page for longer

ANSWERED, APOLOGY, ASKED_TO_LINK, SILENCE = "answered", "apology", "asked to link", "said nothing"
OTHER_WORDS = "other words"
OUT_OF_REACH = "account out of reach"
PAGE = "page"
SORRY = "Sorry, something went wrong on my side. Please try again in a minute."
NOT_NOW = "reach your account"
# what the skill says in English; tests/faults sees that it still does
SAVED = re.compile(r"Saved: |I've saved |is in your favorites|saved that one already|already got ")
TOLD = re.compile(r"<speak>.{60,}", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """`kind`: who, save, another, daily, or a page's path; `person`, `fact`: what it is about."""

    kind: str
    raw: bytes
    person: int = -1
    fact: int = -1
    expected: re.Pattern[str] | None = None

    @property
    def is_voice(self) -> bool:
        return self.raw.startswith(b"POST /alexa/ ")

    @property
    def patience(self) -> float:
        return ALEXA_WAITS if self.is_voice else BROWSER_WAITS

    def outcome(self, status: int, body: bytes) -> str:
        """What the person heard or saw, in a word or two."""
        if status != 200:
            return f"status {status}"
        if not self.is_voice:
            return PAGE
        answer = json.loads(body)["response"]
        if answer.get("card", {}).get("type") == "LinkAccount":
            return ASKED_TO_LINK
        speech = answer.get("outputSpeech", {}).get("ssml", "")
        if not speech:
            return SILENCE
        if SORRY in speech:
            return APOLOGY
        if NOT_NOW in speech:
            return OUT_OF_REACH
        is_right = self.expected is None or self.expected.search(speech)
        return ANSWERED if is_right else OTHER_WORDS

    def said(self, status: int, body: bytes) -> str:
        """How the speech of an answer begins."""
        if not self.is_voice or status != 200:
            return ""
        speech = json.loads(body)["response"].get("outputSpeech", {})
        return str(speech.get("ssml", ""))[:80]


@dataclass
class Cast:
    """Who talks: `people` by voice, `sessions` of some of them on the website."""

    people: list[turns.Person]
    sessions: list[str]
    facts: list[int]  # ids that can be saved
    signer: Signer
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def next_turn(self, intent: str = "") -> Question:
        """The kinds in turns; a pair of person and fact to save comes once in all."""
        number = next(self._numbers)
        person = self.people[number % len(self.people)]
        kind = intent or ("save", "another", "who", "save", "daily")[number % 5]
        if kind == "save":
            fact = self.facts[number // len(self.people) % len(self.facts)]
            return self.turn(person, "SaveFactIntent", kind, SAVED, fact)
        if kind == "who":
            return self.turn(person, "WhoAmIIntent", kind, re.compile(name_of(person.number)))
        name = "AnotherFactIntent" if kind == "another" else "DailyFactIntent"
        return self.turn(person, name, kind, TOLD)

    def turn(
        self,
        person: turns.Person,
        intent: str,
        kind: str,
        expected: re.Pattern[str],
        fact: int = -1,
        attributes: dict[str, Any] | None = None,
    ) -> Question:
        """A turn in the middle of a conversation, in which `fact` was told last."""
        envelope = turns.envelope(person, intent)
        envelope["session"]["new"] = False
        given = attributes or ({"heard": [fact]} if fact >= 0 else {})
        envelope["session"]["attributes"] = given
        return Question(kind, self.signed(envelope), person.number, fact, expected)

    def signed(self, envelope: dict[str, Any]) -> bytes:
        body = json.dumps(envelope).encode()
        head = {
            "Host": HOST,
            **self.signer.headers_for(body),
            "Content-Length": str(len(body)),
            "X-Forwarded-For": "192.0.2.1",
        }
        return _raw("POST /alexa/", head, body)

    def page(self, path: str) -> Question:
        """Each from another address, as visitors come; /saved/ in the session of a person."""
        number = next(self._numbers)
        head = {
            "Host": HOST,
            "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "Accept-Language": "en",
        }
        if path == "/saved/":
            head["Cookie"] = f"doors_session={self.sessions[number % len(self.sessions)]}"
        return Question(path, _raw(f"GET {path}", head, b""))


def _raw(line: str, head: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{line} HTTP/1.1\r\n{lines}\r\n".encode() + body
