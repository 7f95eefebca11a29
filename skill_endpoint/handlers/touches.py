"""Touches on a screen: what its buttons say, about the fact that it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from ask_sdk_core.dispatch_components.request_components import AbstractRequestHandler
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.interfaces.alexa.presentation.apl.runtime_error_event import (
    RuntimeErrorEvent as RuntimeErrorRequest,
)
from ask_sdk_model.interfaces.alexa.presentation.apl.user_event import UserEvent
from ask_sdk_model.response import Response

from skill_endpoint.handlers import facts, favourites
from skill_endpoint.memory import id_of
from skill_endpoint.turn import Reply, Turn, respond

log = structlog.get_logger(__name__)

VERBS: dict[str, Callable[[Turn], Reply]] = {"save": favourites.save, "another": facts.another}


class Touches(AbstractRequestHandler):
    """A UserEvent with [verb, fact id]. Anything else is answered with silence."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return isinstance(handler_input.request_envelope.request, UserEvent)

    def handle(self, handler_input: HandlerInput) -> Response:
        verb, fact_id = _arguments(handler_input.request_envelope.request)
        answer = VERBS.get(verb)
        if answer is None:
            return handler_input.response_builder.response
        turn = Turn.of(handler_input)
        if fact_id:
            turn.memory.told(fact_id)
        return respond(handler_input, turn, answer(turn))


class ScreenFailed(AbstractRequestHandler):
    """A device could not show our document. The conversation goes on; somebody should know."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return isinstance(handler_input.request_envelope.request, RuntimeErrorRequest)

    def handle(self, handler_input: HandlerInput) -> Response:
        request: Any = handler_input.request_envelope.request
        errors = {str(each and each.object_type)[:40] for each in (request.errors or [])[:9]}
        log.error(
            "screen_failed", errors=sorted(errors), alexa_request_id=request and request.request_id
        )
        return handler_input.response_builder.response


def _arguments(request: Any) -> tuple[str, int]:
    """They come back from a device: nothing about them is certain."""
    sent = request.arguments if isinstance(request.arguments, list) else []
    verb, fact_id = (*sent, None, None)[:2]
    return (verb if isinstance(verb, str) else "", id_of(fact_id))
