"""The skill: which handler answers what, and the one way in, `answer`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import structlog
from ask_sdk_core import exceptions as core
from ask_sdk_core.dispatch_components.request_components import AbstractRequestHandler
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_core.skill import CustomSkill
from ask_sdk_core.skill_builder import CustomSkillBuilder
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.launch_request import LaunchRequest
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response import Response
from ask_sdk_model.response_envelope import ResponseEnvelope
from ask_sdk_runtime import exceptions as runtime
from django.utils import translation

from skill_endpoint import ending
from skill_endpoint.certvalidator_stand_in import WebserviceSkillHandler
from skill_endpoint.codec import CompiledSerializer, compile_ahead
from skill_endpoint.essentials import essentials, silence
from skill_endpoint.handlers import builtin, facts, favourites, launch, profile, quiz
from skill_endpoint.handlers.errors import Apology
from skill_endpoint.handlers.events import SkillEvents
from skill_endpoint.handlers.session import SessionEnded
from skill_endpoint.handlers.touches import ScreenFailed, Touches
from skill_endpoint.interceptors import IdentifyCaller, language_of
from skill_endpoint.locales import LOCALES
from skill_endpoint.recent_turns import NoteTurn
from skill_endpoint.speech.builtin import apology
from skill_endpoint.speech.wording import month_of
from skill_endpoint.turn import QUIZ, WHICH_TOPICS, Reply, Turn, respond

log = structlog.get_logger(__name__)

INTENTS: dict[str, Callable[[Turn], Reply]] = {
    "DailyFactIntent": facts.daily,
    "TopicFactIntent": facts.by_topic,
    "AnotherFactIntent": facts.another,
    "TellMeMoreIntent": facts.tell_me_more,
    "FactSourceIntent": facts.who_says_so,
    "SaveFactIntent": favourites.save,
    "RemoveFactIntent": favourites.remove,
    "ListSavedIntent": favourites.list_saved,
    "ListTopicsIntent": facts.list_topics,
    "SetTopicsIntent": profile.set_topics,
    "QuizIntent": quiz.start,
    "QuizAnswerIntent": quiz.answer,
    "ReportFactIntent": facts.report,
    "SlowerIntent": builtin.slower,
    "WhoAmIIntent": profile.who_am_i,
    "SettingsIntent": profile.settings_,
    "ReactionIntent": builtin.reaction,
    "AMAZON.YesIntent": builtin.yes,
    "AMAZON.NoIntent": builtin.no,
    "AMAZON.RepeatIntent": builtin.repeat,
    "AMAZON.HelpIntent": builtin.help_,
    "AMAZON.StopIntent": builtin.stop,
    "AMAZON.CancelIntent": builtin.stop,
    "AMAZON.NavigateHomeIntent": builtin.stop,
    "AMAZON.FallbackIntent": builtin.fallback,
}

# What an intent means as the answer to what we asked: "Venus" may come as a topic, and "space and
# food" as topics to hear about now. Everything else leaves the question and is done.
ANSWERS: dict[str, dict[str, Callable[[Turn], Reply]]] = {
    QUIZ: {
        "TopicFactIntent": quiz.topic_or_answer,
        "AnotherFactIntent": quiz.pass_on,
        "AMAZON.YesIntent": quiz.ask_again,
        "AMAZON.NoIntent": quiz.ask_again,
        "AMAZON.HelpIntent": quiz.help_,
        "AMAZON.FallbackIntent": quiz.ask_again,
        "AMAZON.CancelIntent": quiz.leave,
        "QuizIntent": quiz.question_again,
        "TellMeMoreIntent": quiz.aside(facts.tell_me_more),
        "FactSourceIntent": quiz.aside(facts.who_says_so),
        "SaveFactIntent": quiz.aside(favourites.save),
        "RemoveFactIntent": quiz.aside(favourites.remove),
        "ReportFactIntent": quiz.aside(facts.report),
    },
    WHICH_TOPICS: {
        "TopicFactIntent": profile.set_topics,
        "AMAZON.YesIntent": profile.yes_to_topics,
        "AMAZON.NoIntent": profile.no_to_topics,
        "AMAZON.HelpIntent": profile.help_on_topics,
    },
}

# of the SDK's two packages each has a class of its own
UNREADABLE = (core.SerializationException, runtime.SerializationException)


class Launch(AbstractRequestHandler):
    def can_handle(self, handler_input: HandlerInput) -> bool:
        return isinstance(handler_input.request_envelope.request, LaunchRequest)

    def handle(self, handler_input: HandlerInput) -> Response:
        turn = Turn.of(handler_input)
        return respond(handler_input, turn, launch.welcome(turn))


class Intents(AbstractRequestHandler):
    """Every intent. One that a newer interaction model has and we do not is not understood."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return isinstance(handler_input.request_envelope.request, IntentRequest)

    def handle(self, handler_input: HandlerInput) -> Response:
        request = handler_input.request_envelope.request
        intent = request.intent if isinstance(request, IntentRequest) else None
        turn = Turn.of(handler_input)
        name = (intent and intent.name) or ""
        answers = ANSWERS.get(turn.memory.pending.partition(":")[0], {})
        handler = answers.get(name) or INTENTS.get(name, builtin.fallback)
        return respond(handler_input, turn, handler(turn))


class SmallWonders(CustomSkill):
    """The skill, in the language of each request."""

    def invoke(self, request_envelope: RequestEnvelope, context: Any) -> ResponseEnvelope:
        # Around the whole dispatch and not in an interceptor: a handler that fails would leave
        # its language to the thread's next request.
        with translation.override(language_of(request_envelope)):
            return super().invoke(request_envelope, context)


def build_skill() -> SmallWonders:
    """The skill as any host needs it: ours below, or AWS Lambda."""
    _read_catalogues()
    builder = CustomSkillBuilder()
    builder.add_global_request_interceptor(IdentifyCaller())
    builder.add_global_response_interceptor(NoteTurn())
    for handler in (Launch(), Intents(), Touches(), ScreenFailed(), SessionEnded(), SkillEvents()):
        builder.add_request_handler(handler)
    builder.add_exception_handler(Apology())
    return SmallWonders(builder.skill_configuration)


def _read_catalogues() -> None:
    """Sentences and names of months in every language: now, and not in somebody's turn."""
    for language in {locale.language for locale in LOCALES.values()}:
        with translation.override(language):
            month_of(date(2000, 1, 1))
            apology()


class WrittenOut(CompiledSerializer):
    """Answers are sent as text: they become text in one step."""

    def serialize(self, obj: object) -> str:
        return self.to_json(obj)


def _build_service() -> Any:
    """The view verified the request before: signature, time, skill id, replay.

    Its serializer takes what the view has parsed, and gives text; the SDK declares it otherwise.
    """
    skill = build_skill()
    skill.serializer = WrittenOut()  # type: ignore[assignment]  # any of its interface
    compile_ahead()
    return WebserviceSkillHandler(skill, verify_signature=False, verify_timestamp=False)


_service = _build_service()


def answer(envelope: dict[str, Any]) -> str:
    """The response to a verified request as JSON, which can be sent as it is. Never raises."""
    try:
        try:
            text: str = _service.verify_request_and_dispatch({}, envelope)
        except UNREADABLE:
            readable = essentials(envelope)
            if readable is None:
                return silence(envelope)
            text = _service.verify_request_and_dispatch({}, readable)
        text.encode()  # half a surrogate pair is text to Python, and nothing that can be sent
    except (*UNREADABLE, runtime.DispatchException):
        ending.current().outcome = ending.Outcome.UNKNOWN
        return silence(envelope)
    except Exception:
        turn = ending.current()
        log.exception("skill_failed_outside_its_handlers", **turn.person)
        turn.outcome = ending.Outcome.FAILED
        return silence(envelope)
    return text
