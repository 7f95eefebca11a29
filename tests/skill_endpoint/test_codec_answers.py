"""The skill's own answers: the codec writes each as the SDK's serializer does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope

from skill_endpoint.codec import CompiledSerializer
from skill_endpoint.facts import content, loading
from skill_endpoint.facts.models import Fact
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.utterances import LAUNCH, resolve
from skill_endpoint.skill import INTENTS, build_skill
from tests.skill_endpoint.sdk_models import STOCK, difference
from tests.skill_endpoint.voice import FOOD, SPACE, stock_library

CODEC = CompiledSerializer()
SKILL = build_skill()
CONVERSATIONS = Path(__file__).parent / "conversations"
SCREEN = {"Alexa.Presentation.APL": {"runtime": {"maxVersion": "2024.3"}}}
EVENTS = ["SkillEnabled", "SkillDisabled", "SkillAccountLinked", "SkillPermissionChanged"]


def answer(envelope: Envelope) -> Envelope:
    """What the skill says, the request read and the answer written by both."""
    text = json.dumps(envelope)
    request = CODEC.deserialize(text, RequestEnvelope)
    assert not difference(STOCK.deserialize(text, RequestEnvelope), request)

    response = SKILL.invoke(request, None)

    expected: Any = STOCK.serialize(response)
    assert not difference(expected, CODEC.serialize(response))
    assert json.loads(CODEC.to_json(response)) == json.loads(json.dumps(expected))
    again = CODEC.deserialize(expected, ResponseEnvelope)
    assert CODEC.serialize(again) == expected
    return {**expected}


def requests(device: Device, fact_id: int) -> Iterator[Envelope]:
    """All that the skill has a handler for, with and without something to go on from."""
    quiz: Any = {"heard": [fact_id], "pending": "quiz", "quiz": [fact_id], "quiz_seed": "s"}
    for attributes in ({}, quiz, {"heard": [fact_id], "pending": "which topics: space"}):
        for intent in INTENTS:
            for slots in ({}, {"topic": SPACE}, {"topic": FOOD, "answer": "venus"}):
                yield envelopes.intent(device, intent, slots, attributes=attributes)
        for verb in ("save", "another", "nothing"):
            yield envelopes.touch(device, [verb, fact_id], attributes=attributes)
    yield envelopes.launch(device)
    yield envelopes.session_ended(device)
    for event in EVENTS:
        yield envelopes.skill_event(
            device, event, {"userInformationPersistenceStatus": "PERSISTED"}
        )


@pytest.mark.parametrize("interfaces", [{}, SCREEN], ids=["voice", "screen"])
@pytest.mark.parametrize("who", ["device", "linked_device"])
def test_each_handler(
    request: pytest.FixtureRequest, who: str, interfaces: Envelope, db: None
) -> None:
    stock_library()
    device = replace(request.getfixturevalue(who), interfaces=interfaces)

    said = [
        answer(each)["response"] for each in requests(device, Fact.objects.get(slug="venus").pk)
    ]

    assert any("directives" in each for each in said) is bool(interfaces)
    assert any("card" in each for each in said)
    assert any(each.get("shouldEndSession") is False for each in said)


def test_a_conversation_with_the_real_content(linked_device: Device) -> None:
    """In letters and a direction that are not ours."""
    loading.load(content.read())
    device = replace(linked_device, locale="ar-SA", interfaces=SCREEN)
    written = (CONVERSATIONS / f"{device.locale}.txt").read_text(encoding="utf-8")
    said = [line[2:] for line in written.splitlines() if line.startswith("> ")]
    assert said
    attributes: Envelope = {}
    for words in said:
        understood = resolve(words, device.locale)
        if understood.intent == LAUNCH:
            envelope = envelopes.launch(device)
        else:
            parts = (device, understood.intent, understood.slots)
            envelope = envelopes.intent(*parts, attributes=attributes)
        attributes = answer(envelope).get("sessionAttributes", {})
