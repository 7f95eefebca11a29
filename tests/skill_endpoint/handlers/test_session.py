from __future__ import annotations

import json
from typing import Any

import pytest

from skill_endpoint import skill
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device


def answered(envelope: Any) -> Any:
    return json.loads(skill.answer(envelope))


def test_it_says_nothing_when_the_session_has_ended(device: Device) -> None:
    assert answered(envelopes.session_ended(device))["response"] == {}


def test_it_logs_why_alexa_ended_the_session(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    envelope = envelopes.session_ended(device, "ERROR", request_id="ended-1")
    envelope["request"]["error"] = {"type": "INVALID_RESPONSE", "message": "Bad SSML"}

    answered(envelope)

    assert "INVALID_RESPONSE" in caplog.text
    assert "ended-1" in caplog.text
