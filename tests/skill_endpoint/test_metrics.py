"""Each verified request counts once, by words that we know, and nothing else becomes a label."""

from __future__ import annotations

import time
from typing import Any

import pytest
from prometheus_client import REGISTRY

from accounts.models import User
from skill_endpoint import ending, told_turn
from skill_endpoint.handlers import launch
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.alexa import counted
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import stock_library

pytestmark = pytest.mark.django_db


def take(envelope: Envelope) -> str:
    return told_turn.told(envelope, time.perf_counter())


@pytest.mark.parametrize(
    ("request_type", "label"),
    [
        ("LaunchRequest", "LaunchRequest"),
        ("Alexa.Presentation.APL.UserEvent", "Alexa.Presentation.APL.UserEvent"),
        ("Alexa.Presentation.APL.RuntimeError", "Alexa.Presentation.APL.RuntimeError"),
        ("Alexa.Presentation.APL.Whatever", "other"),
        ("Alexa.Something.New", "other"),
    ],
)
def test_a_known_type_is_counted_by_its_name(device: Device, request_type: str, label: str) -> None:
    envelope = envelopes.launch(device, request_id="r")
    envelope["request"]["type"] = request_type
    before = counted(type=label)
    take(envelope)
    assert counted(type=label) == before + 1


def test_an_intent_that_is_not_ours_becomes_no_label(device: Device) -> None:
    envelope = envelopes.intent(device, "SecretIntent4711", {}, request_id="r")
    envelope["request"]["locale"] = "xx-SECRET"
    before = counted(intent="other", locale="other")
    take(envelope)
    assert counted(intent="other", locale="other") == before + 1
    assert counted(intent="SecretIntent4711") == counted(locale="xx-SECRET") == 0


@pytest.mark.parametrize("strange", [None, 7, ["DailyFactIntent"], {"a": 1}, True])
def test_a_name_of_another_shape_becomes_no_label(strange: Any) -> None:
    kind = told_turn.kind_of({"type": "IntentRequest", "intent": {"name": strange}})
    assert kind.intent in {"", "other"}
    assert told_turn.kind_of({"type": "x", "intent": strange}).intent == ""
    assert told_turn.kind_of({"type": "x", "locale": strange}).locale in {"", "other"}


def test_an_answer_counts_with_its_intent_and_locale(linked_device: Device) -> None:
    stock_library()
    labels = {"intent": "DailyFactIntent", "locale": "en-US", "outcome": "answered"}
    before = counted(**labels)
    take(envelopes.intent(linked_device, "DailyFactIntent", {}, request_id="r"))
    assert counted(**labels) == before + 1


def test_who_is_asked_to_link_counts_so(device: Device) -> None:
    labels = {"intent": "WhoAmIIntent", "outcome": "asked_to_link"}
    before = counted(**labels)
    take(envelopes.intent(device, "WhoAmIIntent", {}, request_id="r"))
    assert counted(**labels) == before + 1


def test_an_apology_counts_as_one(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(turn: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(launch, "welcome", broken)
    before = counted(type="LaunchRequest", outcome="apology")
    take(envelopes.launch(device, request_id="r"))
    assert counted(type="LaunchRequest", outcome="apology") == before + 1


def test_what_nobody_hears_is_silent(device: Device) -> None:
    before = counted(type="SessionEndedRequest", outcome="silent")
    take(envelopes.session_ended(device, "USER_INITIATED", attributes={}))
    assert counted(type="SessionEndedRequest", outcome="silent") == before + 1


def test_what_nobody_handles_is_unknown(device: Device) -> None:
    envelope = envelopes.launch(device, request_id="r")
    envelope["request"]["type"] = "Alexa.Something.New"
    before = counted(type="other", outcome="unknown")
    take(envelope)
    assert counted(type="other", outcome="unknown") == before + 1


def test_a_turn_says_nothing_of_the_one_before(
    device: Device, linked_device: Device, linked: User
) -> None:
    take(envelopes.intent(linked_device, "WhoAmIIntent", {}, request_id="r"))
    assert ending.current().sub == linked.sub
    take(envelopes.intent(device, "AMAZON.HelpIntent", {}, request_id="r2"))
    assert ending.current().sub == ""


def test_a_token_that_does_not_count_is_counted(
    device: Device, mint: TokenMint, linked: User
) -> None:
    def refused() -> float:
        labels = {"reason": "expired"}
        return REGISTRY.get_sample_value("voice_tokens_refused_total", labels) or 0

    before = refused()
    old = Device(
        application_id=device.application_id,
        user_id=device.user_id,
        access_token=mint.access(linked.sub, exp=1),
    )
    take(envelopes.intent(old, "WhoAmIIntent", {}, request_id="r"))
    assert refused() == before + 1


def test_the_time_of_a_turn_is_counted(device: Device) -> None:
    def turns() -> float:
        labels = {"type": "LaunchRequest"}
        return REGISTRY.get_sample_value("alexa_turn_seconds_count", labels) or 0

    before = turns()
    take(envelopes.launch(device, request_id="r"))
    assert turns() == before + 1
