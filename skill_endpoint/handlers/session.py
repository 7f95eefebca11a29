from __future__ import annotations

import structlog
from ask_sdk_core.dispatch_components.request_components import AbstractRequestHandler
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.response import Response
from ask_sdk_model.session_ended_request import SessionEndedRequest

log = structlog.get_logger(__name__)


class SessionEnded(AbstractRequestHandler):
    """The conversation is over; nothing may be said any more."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return isinstance(handler_input.request_envelope.request, SessionEndedRequest)

    def handle(self, handler_input: HandlerInput) -> Response:
        request = handler_input.request_envelope.request
        error = getattr(request, "error", None)
        if error:  # Alexa found our last answer wanting
            log.error(
                "session_ended_by_error",
                error=str(error.object_type),
                alexa_request_id=request and request.request_id,
            )
        return handler_input.response_builder.response
