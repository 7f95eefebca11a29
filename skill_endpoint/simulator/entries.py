"""A turn as the conversation shows and keeps it: plain data, bounded, without its tokens."""

from __future__ import annotations

import math
from typing import Any

from skill_endpoint.pace import seconds
from skill_endpoint.simulator import checks
from skill_endpoint.simulator.alexa import Turn
from skill_endpoint.simulator.envelopes import Envelope
from skill_endpoint.simulator.languages import answer_language
from skill_endpoint.simulator.masking import masked, masked_json
from skill_endpoint.simulator.sketch import sketch
from skill_endpoint.simulator.utterances import Understood

MAX_JSON = 48 * 1024  # characters of a request or a response that a page shows
MAX_TEXT = checks.MAX_SPEECH
_CARD_TEXTS = ("type", "title", "content", "text")


def entry_of(turn: Turn, *, kind: str = "turn", **more: Any) -> dict[str, Any]:
    request = turn.request["request"]
    language = answer_language(request["locale"])
    # before anything is cut: half a token would no longer look like one
    response = masked(turn.response)
    shown = {
        "kind": kind,
        "type": request["type"].removeprefix("AlexaSkillEvent."),
        "locale": request["locale"],
        "language": language,
        "speech": masked(turn.speech)[:MAX_TEXT],
        "reprompt": masked(turn.reprompt)[:MAX_TEXT],
        "card": _card(masked(turn.card)),
        "screen": sketch(response),
        "seconds": max(1, round(seconds(turn.speech, language, turn.ssml))),
        "status": turn.status,
        "milliseconds": turn.milliseconds,
        "problem": turn.problem,
        "ended": turn.ended,
        "checks": checks.as_data(checks.check(turn.request, turn.response, turn.milliseconds)),
        "request_id": request["requestId"],
        "told": _tells_content(turn),
        **more,
    }
    return {
        **masked(shown),
        "request": _shortened(masked_json(turn.request)),
        "response": _shortened(masked_json(response)) if response is not None else "",
    }


def heard(understood: Understood) -> list[str]:
    """Intent and slots: ["TopicFactIntent", "topic = space → Space"]"""
    parts = [understood.intent]
    for slot in understood.slots.values():
        found = slot.get("resolutions", {}).get("resolutionsPerAuthority", [{}])[0].get("values")
        match = f" → {found[0]['value']['name']}" if found else ""
        parts.append(f"{slot['name']} = {slot['value']}{match}")
    return parts


def candidates(understood: Understood) -> list[dict[str, Any]]:
    """What the words might mean, the likeliest first, with the score in percent."""
    return [
        {
            "intent": each.intent,
            "sample": each.sample,
            "slots": [f"{name} = {said}" for name, said in each.slots.items()],
            # rounded down: only what fits wholly has a hundred
            "percent": math.floor(each.score * 100),
        }
        for each in understood.candidates
    ]


def _card(card: dict[str, Any] | None) -> dict[str, str] | None:
    """Its texts; one that is missing is empty, because a template fails on what is not there."""
    if card is None:
        return None
    return {name: str(card.get(name) or "")[:MAX_TEXT] for name in _CARD_TEXTS}


def _tells_content(turn: Turn) -> bool:
    """Whether the answer tells, or asks about, facts: another library would have it differ."""
    before = _attributes(turn.request.get("session"), "attributes")
    after = _attributes(turn.response, "sessionAttributes")
    return before.get("heard") != after.get("heard") or bool(
        before.get("quiz") or after.get("quiz")
    )


def _attributes(parent: Envelope | None, name: str) -> dict[str, Any]:
    value = (parent or {}).get(name)
    return value if isinstance(value, dict) else {}


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_JSON else f"{text[:MAX_JSON]}\n…"
