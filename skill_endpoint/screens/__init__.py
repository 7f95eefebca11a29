"""What devices with a screen show beside the answer: one document, fact.json, for all of them.

https://developer.amazon.com/en-US/docs/alexa/alexa-presentation-language/apl-document.html

Voice stands alone: the screen repeats the fact and its source, and its buttons say what could be
said. A touch comes back as a UserEvent with the arguments [verb, fact id].
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.interfaces.alexa.presentation.apl.render_document_directive import (
    RenderDocumentDirective,
)
from django.utils.translation import get_language_bidi

from skill_endpoint.speech import screen as say

DOCUMENT: dict[str, Any] = json.loads(
    Path(__file__).with_name("fact.json").read_text(encoding="utf-8")
)
TOKEN = "fact"  # noqa: S105 - the name of what is shown, as APL calls it


@dataclass(frozen=True, slots=True)
class Screen:
    """A fact to be shown, in plain text."""

    fact_id: int
    topic: str
    headline: str
    text: str
    source: str
    is_saved: bool = False


def has_screen(handler_input: HandlerInput) -> bool:
    system = handler_input.request_envelope.context and (
        handler_input.request_envelope.context.system
    )
    interfaces = system and system.device and system.device.supported_interfaces
    return bool(interfaces and interfaces.alexa_presentation_apl)


def directive(screen: Screen) -> RenderDocumentDirective:
    texts = {
        "topic": screen.topic,
        "headline": screen.headline,
        "text": screen.text,
        "source": screen.source,
        "save": say.save(),
        "saved": say.saved(),
        "another": say.another(),
    }
    shown: dict[str, object] = {
        "id": screen.fact_id,
        "isSaved": screen.is_saved,
        "direction": "RTL" if get_language_bidi() else "LTR",
        # a Text component reads markup: "5 < 6" would be a tag
        # https://developer.amazon.com/en-US/docs/alexa/alexa-presentation-language/apl-text.html
        **{name: escape(text) for name, text in texts.items()},
    }
    return RenderDocumentDirective(token=TOKEN, document=DOCUMENT, datasources={"fact": shown})
