"""A verified request answered, and told: in the counters, and in the line of the log."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import structlog

from accounts import spans
from skill_endpoint import ending, metrics
from skill_endpoint.locales import LOCALES
from skill_endpoint.skill import INTENTS, answer

# Types, intents and locales are texts from outside, and each value of a label is kept for ever:
# those that we do not know count together.
OTHER = "other"
TYPES = frozenset(
    {
        "LaunchRequest",
        "IntentRequest",
        "SessionEndedRequest",
        "System.ExceptionEncountered",
        "Alexa.Presentation.APL.UserEvent",
        "Alexa.Presentation.APL.RuntimeError",
        "AlexaSkillEvent.SkillEnabled",
        "AlexaSkillEvent.SkillDisabled",
        "AlexaSkillEvent.SkillAccountLinked",
        "AlexaSkillEvent.SkillPermissionAccepted",
        "AlexaSkillEvent.SkillPermissionChanged",
    }
)


class Kind(NamedTuple):
    """What a request is called; empty for what it has not."""

    type: str
    intent: str
    locale: str


def kind_of(request: dict[str, Any]) -> Kind:
    """Of the `request` of a verified envelope, in words that we know."""
    intent = request.get("intent")
    return Kind(
        _known(request.get("type"), TYPES),
        _known(intent.get("name"), INTENTS) if isinstance(intent, dict) else "",
        _known(request.get("locale"), LOCALES),
    )


def _known(text: object, words: Any) -> str:
    if not text:
        return ""
    return text if isinstance(text, str) and text in words else OTHER


def told(envelope: dict[str, Any], begun: float) -> str:
    """The answer, as skill.answer gives it. `begun` is perf_counter() when the request came."""
    request = envelope["request"]
    kind, turn = kind_of(request), ending.begin()
    named = {name: value for name, value in zip(kind._fields[1:], kind[1:], strict=True) if value}
    # before the turn: what is logged in it is found by these
    structlog.contextvars.bind_contextvars(
        alexa_request_id=request["requestId"], alexa_request_type=kind.type, **named
    )
    with spans.span("turn") as span:
        text = answer(envelope)
        span.note({**kind._asdict(), "outcome": turn.outcome.value, "token": turn.refused})
    more = turn.person
    if turn.refused:
        more["token"] = turn.refused
    structlog.contextvars.bind_contextvars(outcome=turn.outcome.value, **more)
    metrics.alexa_turns.labels(*kind, turn.outcome.value).inc()
    metrics.alexa_turn_seconds.labels(kind.type).observe(time.perf_counter() - begun)
    return text
