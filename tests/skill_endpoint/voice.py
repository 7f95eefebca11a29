"""Talk to the skill as Alexa does: envelopes in, answers out, the session carried along."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext

from skill_endpoint import skill
from skill_endpoint.facts import loading
from skill_endpoint.facts.content import FactContent, TextContent, TopicContent, TopicName
from skill_endpoint.simulator import envelopes, utterances
from skill_endpoint.simulator.envelopes import Device, Envelope, resolved_slot
from skill_endpoint.simulator.spoken import output_text
from skill_endpoint.simulator.utterances import LAUNCH, Understood

SPACE = resolved_slot("topic", "outer space", "space", "space")
FOOD = resolved_slot("topic", "eating", "food", "food")
EVERYTHING = resolved_slot("topic", "anything", "everything", "all")


@dataclass(frozen=True)
class Answer:
    envelope: Envelope

    @property
    def response(self) -> Envelope:
        response: Envelope = self.envelope["response"]
        return response

    @property
    def ssml(self) -> str:
        return str(self.response["outputSpeech"]["ssml"])

    @property
    def text(self) -> str:
        """What is heard: the speech without its markup."""
        return heard(self.ssml)

    @property
    def said(self) -> str:
        """The speech as the simulator writes it, pauses and all."""
        return output_text(self.response.get("outputSpeech"))

    @property
    def reprompt(self) -> str:
        return heard(self.response["reprompt"]["outputSpeech"]["ssml"])

    @property
    def ends(self) -> bool:
        return self.response["shouldEndSession"] is True

    @property
    def card(self) -> Envelope:
        return self.response.get("card") or {}


def heard(ssml: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", ssml)).split())


def parses(ssml: str) -> bool:
    """Well-formed; expat without namespaces, because of Alexa's own `alexa:` elements."""
    try:
        expat.ParserCreate().Parse(ssml, True)
    except expat.ExpatError:
        return False
    return True


def send(envelope: Envelope) -> Answer:
    """One request; whatever is spoken keeps the rules that hold for every answer."""
    answer = Answer(json.loads(skill.answer(envelope)))
    if "outputSpeech" in answer.response:
        assert parses(answer.ssml)
        assert not re.search(r"https?:|www\.|\.com", answer.text)
        assert len(answer.text.split()) <= 60
        assert answer.ends is ("reprompt" not in answer.response)
        if not answer.ends:
            assert answer.text.endswith(("?", "？", "؟"))
            assert len(answer.reprompt) < len(answer.text)
            assert not answer.text.endswith(answer.reprompt)
    return answer


def one_shot(device: Device, intent: str, **slots: Any) -> Answer:
    """Alexa, ask Small Wonders …"""
    return send(envelopes.intent(device, intent, slots, new=True, request_id="one-shot"))


@dataclass
class Conversation:
    device: Device
    attributes: Envelope = field(default_factory=dict)
    turns: int = 0

    def launch(self) -> Answer:
        return self._take(envelopes.launch(self.device, request_id=self._id()))

    def ask(self, intent: str, **slots: Any) -> Answer:
        return self._take(
            envelopes.intent(
                self.device, intent, slots, attributes=self.attributes, request_id=self._id()
            )
        )

    def _id(self) -> str:
        self.turns += 1
        return f"turn-{self.turns}"  # wordings vary by it, so a test always hears the same

    def _take(self, envelope: Envelope) -> Answer:
        answer = send(envelope)
        self.attributes = answer.envelope.get("sessionAttributes", {})
        return answer


@dataclass
class Replay:
    """A conversation as the simulator holds it, for the tests that it saves.

    Words are resolved by the model of the device's locale; sessions begin and end by themselves.
    """

    device: Device
    is_open: bool = False
    attributes: Envelope = field(default_factory=dict)
    reprompt: str = ""  # what Alexa says into the next silence

    def say(self, words: str, *, request_id: str) -> Answer:
        return self._perform(utterances.resolve(words, self.device.locale), request_id)

    def press(self, intent: str, *, request_id: str) -> Answer:
        return self._perform(Understood(intent=intent), request_id)

    def touch(self, arguments: list[Any], *, request_id: str) -> Answer:
        return self._take(envelopes.touch(self.device, arguments, **self._parts(request_id)))

    def stay_silent(self) -> None:
        """Once is answered with the reprompt, twice ends the session."""
        assert self.is_open
        if self.reprompt:
            self.reprompt = ""
            return
        reason = "EXCEEDED_MAX_REPROMPTS"
        assert not send(
            envelopes.session_ended(self.device, reason, attributes=self.attributes)
        ).said
        self.is_open = False

    def _perform(self, understood: Understood, request_id: str) -> Answer:
        if understood.intent == LAUNCH:
            return self._take(envelopes.launch(self.device, request_id=request_id))
        parts = self._parts(request_id)
        return self._take(
            envelopes.intent(self.device, understood.intent, understood.slots, **parts)
        )

    def _parts(self, request_id: str) -> dict[str, Any]:
        attributes = self.attributes if self.is_open else {}
        return {"request_id": request_id, "new": not self.is_open, "attributes": attributes}

    def _take(self, envelope: Envelope) -> Answer:
        answer = send(envelope)
        self.is_open = answer.response.get("shouldEndSession") is False
        self.attributes = answer.envelope.get("sessionAttributes", {})
        self.reprompt = answer.reprompt if "reprompt" in answer.response else ""
        return answer


def statements(envelope: Envelope) -> list[str]:
    """The SQL that answering takes, without transaction control."""
    with CaptureQueriesContext(connection) as captured:
        skill.answer(envelope)
    control = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
    return [query["sql"] for query in captured if not query["sql"].startswith(control)]


def stock_library() -> None:
    """Two topics: space with three facts, food with two; the last one has no second layer."""
    loading.load(
        [_topic("Space", 1, "venus", "mars", "saturn"), _topic("Food", 2, "honey", "salt")]
    )


def _topic(name: str, position: int, *facts: str) -> TopicContent:
    return TopicContent(
        slug=name.lower(),
        position=position,
        names={"en": TopicName(name, name.lower())},
        facts=tuple(_fact(slug) for slug in facts),
    )


def _fact(slug: str) -> FactContent:
    """With a question that "slug" answers; salt has neither a second layer nor a question."""
    is_whole = slug != "salt"
    text = TextContent(
        headline=f"A headline on {slug}",
        speech=f"{slug} is odd.",
        more=f"There is more to {slug} & co." if is_whole else "",
        question=f"What is as odd as {slug}?" if is_whole else "",
        options=(slug, "pepper", "thyme") if is_whole else (),
    )
    return FactContent(
        slug=slug,
        source_title=f"All about {slug}",
        source_publisher="Test Press",
        source_locator=f"https://example.com/{slug}",
        checked_on=date(2026, 11, 20),
        child_safe=True,
        texts={"en": text},
    )
