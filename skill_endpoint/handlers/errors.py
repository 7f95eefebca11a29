from __future__ import annotations

import structlog
from ask_sdk_core.dispatch_components.exception_components import AbstractExceptionHandler
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_core.response_helper import ResponseFactory
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.interfaces.alexa.presentation.apl.user_event import UserEvent
from ask_sdk_model.launch_request import LaunchRequest
from ask_sdk_model.response import Response
from ask_sdk_runtime.exceptions import DispatchException

from skill_endpoint import ending, recent_turns
from skill_endpoint.speech.builtin import apology

log = structlog.get_logger(__name__)


class Apology(AbstractExceptionHandler):
    """Whatever fails: say sorry in the request's language, and log it with Alexa's request id.

    The line also has the intent and the locale, which told_turn bound, and the person's digest.
    """

    def can_handle(self, handler_input: HandlerInput, exception: Exception) -> bool:
        # "no handler for it" is no failure: skill.answer gives it an empty response
        return not isinstance(exception, DispatchException)

    def handle(self, handler_input: HandlerInput, exception: Exception) -> Response:
        request = handler_input.request_envelope.request
        turn = ending.current()
        log.error(
            "skill_failed",
            alexa_request_id=request and request.request_id,
            request_type=request and request.object_type,
            **turn.person,
            exc_info=exception,
        )
        turn.outcome = ending.Outcome.FAILED
        answer = ResponseFactory()  # a new one: the handler may have left half an answer
        if isinstance(request, LaunchRequest | IntentRequest | UserEvent):  # somebody listens
            answer.speak(apology()).set_should_end_session(True)
            recent_turns.note(handler_input, recent_turns.Outcome.APOLOGY)
        return answer.response
