"""What a RenderDocument directive would put on a screen, as far as its data says: no rendering.

It comes from the skill under test, so it is read as from a stranger: text of a bounded length, and
nothing else.
"""

from __future__ import annotations

from html import unescape
from typing import Any

from skill_endpoint.simulator.envelopes import Envelope

RENDER = "Alexa.Presentation.APL.RenderDocument"
DATA = "fact"  # the name of the data source that skill_endpoint.screens sends
VERBS = ("save", "another")  # of the document's buttons; each label stands in the data by this name
_TEXTS = ("topic", "headline", "text", "source", "saved")
_LENGTH = 600


def sketch(response: Envelope | None) -> dict[str, Any] | None:
    """The texts of the screen, its buttons as (verb, label), and the id that they send."""
    data = _data(response)
    if data is None:
        return None
    is_saved = data.get("isSaved") is True
    offered = [verb for verb in VERBS if not (verb == "save" and is_saved)]
    buttons = [{"verb": verb, "label": _text(data, verb)} for verb in offered if _text(data, verb)]
    fact_id = data.get("id")
    return {
        **{name: _text(data, name) for name in _TEXTS},
        "is_saved": is_saved,
        "buttons": buttons,
        "id": fact_id if type(fact_id) is int and 0 < fact_id < 2**63 else 0,
    }


def _data(response: Envelope | None) -> dict[str, Any] | None:
    answer = (response or {}).get("response")
    directives = answer.get("directives") if isinstance(answer, dict) else None
    for directive in directives if isinstance(directives, list) else []:
        if isinstance(directive, dict) and directive.get("type") == RENDER:
            sources = directive.get("datasources")
            data = sources.get(DATA) if isinstance(sources, dict) else None
            return data if isinstance(data, dict) else {}
    return None


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return unescape(value)[:_LENGTH] if isinstance(value, str) else ""
