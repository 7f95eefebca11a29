"""Request envelopes as Alexa sends them, as plain dicts. Tests use them too.

Shapes: https://developer.amazon.com/en-US/docs/alexa/custom-skills/
request-and-response-json-reference.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Envelope = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Device:
    """Who speaks, and where: everything of an envelope that is not the request itself."""

    application_id: str
    user_id: str
    device_id: str = "amzn1.ask.device.SIMULATOR"
    access_token: str = ""  # empty: not linked; Alexa leaves the field out
    person_id: str = ""  # a recognized speaker
    locale: str = "en-US"
    time_zone: str = "America/New_York"
    interfaces: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)  # beside System: Viewport …


def launch(device: Device, **parts: Any) -> Envelope:
    return _in_session(device, {"type": "LaunchRequest"}, **{"new": True, **parts})


def intent(
    device: Device, name: str, slots: Mapping[str, Any] | None = None, **parts: Any
) -> Envelope:
    """An intent; a slot value is text, or a whole slot object with its resolutions."""
    request: Envelope = {
        "type": "IntentRequest",
        "dialogState": "STARTED",
        "intent": {
            "name": name,
            "confirmationStatus": "NONE",
            "slots": {
                slot: value if isinstance(value, dict) else _slot(slot, value)
                for slot, value in (slots or {}).items()
            },
        },
    }
    return _in_session(device, request, **parts)


def touch(device: Device, arguments: list[Any], **parts: Any) -> Envelope:
    """A button of an APL document that was touched: its SendEvent."""
    request: Envelope = {
        "type": "Alexa.Presentation.APL.UserEvent",
        "token": "fact",
        "arguments": arguments,
        "source": {"type": "TouchWrapper", "handler": "Press", "id": ""},
        "components": {},
    }
    return _in_session(device, request, **parts)


def session_ended(device: Device, reason: str = "USER_INITIATED", **parts: Any) -> Envelope:
    return _in_session(device, {"type": "SessionEndedRequest", "reason": reason}, **parts)


def skill_event(
    device: Device,
    event: str,
    body: Mapping[str, Any] | None = None,
    *,
    created: datetime | None = None,
    **parts: Any,
) -> Envelope:
    """`event` without its prefix: SkillEnabled, SkillDisabled, SkillAccountLinked …

    Events have no session. `created` is the time of what happened; delivery may come much later.
    """
    moment = _timestamp(created or datetime.now(UTC))
    request: Envelope = {
        "type": f"AlexaSkillEvent.{event}",
        "eventCreationTime": moment,
        "eventPublishingTime": moment,
    }
    if body is not None:
        request["body"] = dict(body)
    return _envelope(device, request, **parts)


def resolved_slot(name: str, spoken: str, value: str, value_id: str) -> Envelope:
    """A slot whose spoken words were matched to a value of its type."""
    return {
        **_slot(name, spoken),
        "resolutions": {
            "resolutionsPerAuthority": [
                {
                    "authority": f"amzn1.er-authority.echo-sdk.simulator.{name}",
                    "status": {"code": "ER_SUCCESS_MATCH"},
                    "values": [{"value": {"name": value, "id": value_id}}],
                }
            ]
        },
    }


def _slot(name: str, value: str) -> Envelope:
    return {"name": name, "value": value, "confirmationStatus": "NONE", "source": "USER"}


def _in_session(
    device: Device,
    request: Envelope,
    *,
    session_id: str = "amzn1.echo-api.session.simulator",
    new: bool = False,
    attributes: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Envelope:
    envelope = _envelope(device, request, **parts)
    system = envelope["context"]["System"]
    envelope["session"] = {
        "new": new,
        "sessionId": session_id,
        "application": system["application"],
        "attributes": dict(attributes or {}),
        "user": system["user"],
    }
    return envelope


def _envelope(
    device: Device,
    request: Envelope,
    *,
    request_id: str = "",
    timestamp: datetime | None = None,
) -> Envelope:
    user: Envelope = {"userId": device.user_id}
    if device.access_token:
        user["accessToken"] = device.access_token
    system: Envelope = {
        "application": {"applicationId": device.application_id},
        "user": user,
        "device": {
            "deviceId": device.device_id,
            "supportedInterfaces": dict(device.interfaces),
        },
        "apiEndpoint": "https://api.amazonalexa.com",
        "apiAccessToken": "simulator",
    }
    if device.person_id:
        system["person"] = {"personId": device.person_id}
    return {
        "version": "1.0",
        "context": {"System": system, **device.context},
        "request": {
            "requestId": request_id or f"amzn1.echo-api.request.{uuid.uuid4()}",
            "timestamp": _timestamp(timestamp or datetime.now(UTC)),
            "locale": device.locale,
            **request,
        },
    }


def _timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, whole seconds, as Alexa writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
