"""One turn of a conversation: what a handler needs to know, and the shape of its answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.launch_request import LaunchRequest
from ask_sdk_model.response import Response
from ask_sdk_model.slot import Slot
from ask_sdk_model.slu.entityresolution.status_code import StatusCode
from ask_sdk_model.ui.link_account_card import LinkAccountCard
from ask_sdk_model.ui.simple_card import SimpleCard

from accounts.models import Profile, User
from accounts.units import Units
from skill_endpoint import links
from skill_endpoint.caller import Caller, caller
from skill_endpoint.interceptors import alexa_account
from skill_endpoint.locales import DEFAULT, Locale, locale_of
from skill_endpoint.memory import Memory
from skill_endpoint.screens import Screen, directive, has_screen
from skill_endpoint.ssml import PAUSE, Ssml, join, slowly


@dataclass(frozen=True, slots=True)
class Question:
    """A question of ours: what is asked, again if nobody answers, and what "yes" would mean."""

    speech: Ssml  # may be empty where the reply's own speech ends in the question
    reprompt: Ssml  # shorter, and in other words
    pending: str = ""  # one of those below; empty: yes and no are no answers


DAILY = "daily"
ANOTHER = "another"
TOPIC = "topic:"  # and a slug
# to get facts about from now on; with those that "yes" means: ":" and slugs with "+" between
WHICH_TOPICS = "which topics"
QUIZ = "quiz"  # which of the answers is right


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. With a question the session stays open, without one it ends."""

    speech: Ssml
    question: Question | None = None
    card_title: str = ""
    card_text: str = ""
    link: bool = False  # the LinkAccount card, in place of any other
    screen: Screen | None = None  # for devices that have one
    slowly: bool = False
    is_miss: bool = False  # we did not understand what was said


SPOKEN_LENGTH = 60  # what we say back of a slot: more than any topic or answer has


@dataclass(frozen=True, slots=True)
class SpokenSlot:
    """What somebody said for a slot, and the id that the interaction model has for it, if any."""

    spoken: str = ""
    id: str = ""


@dataclass
class Turn:
    caller: Caller
    memory: Memory = field(default_factory=Memory)
    seed: str = ""  # the request's id: varies the wording, and a test can choose it
    # "Alexa, ask Small Wonders for …", or a touch after a conversation: answer, then let go
    is_one_shot: bool = False
    account: links.AlexaAccount | None = None
    locale: Locale = DEFAULT
    slots: dict[str, Slot] = field(default_factory=dict)

    @classmethod
    def of(cls, handler_input: HandlerInput) -> Turn:
        envelope = handler_input.request_envelope
        request, session = envelope.request, envelope.session
        intent = request.intent if isinstance(request, IntentRequest) else None
        system = envelope.context and envelope.context.system
        return cls(
            caller=caller(handler_input),
            memory=Memory.from_attributes(session and session.attributes),
            seed=(request and request.request_id) or "",
            is_one_shot=not isinstance(request, LaunchRequest) and bool(session and session.new),
            account=alexa_account(system) if system else None,
            locale=locale_of(getattr(request, "locale", None)),
            slots=(intent and intent.slots) or {},
        )

    @property
    def user(self) -> User | None:
        return self.caller.user

    @property
    def profile(self) -> Profile | None:
        return self.user.profile if self.user else None

    @property
    def keeps_history_of(self) -> User | None:
        """The person whose hearings are written down and looked up."""
        return self.user if self.profile and self.profile.remember_history else None

    @property
    def topics(self) -> list[str]:
        """The slugs that the person chose; none means all."""
        return self.profile.topics if self.profile else []

    @property
    def imperial(self) -> bool:
        """What is said in miles and pounds: as the person chose, else as people do there."""
        return ((self.profile and self.profile.units) or self.locale.units) == Units.IMPERIAL

    def slot(self, name: str) -> SpokenSlot:
        slot = self.slots.get(name)
        if slot is None:
            return SpokenSlot()
        spoken = str(slot.value or "").strip()[:SPOKEN_LENGTH]
        authorities = (slot.resolutions and slot.resolutions.resolutions_per_authority) or []
        for found in filter(None, authorities):
            if found.status and found.status.code == StatusCode.ER_SUCCESS_MATCH:
                for match in filter(None, found.values or []):
                    if match.value and match.value.id:
                        return SpokenSlot(spoken, match.value.id)
        return SpokenSlot(spoken)

    def reply(
        self,
        statement: Ssml,
        question: Question,
        card: tuple[str, str] = ("", ""),
        screen: Screen | None = None,
    ) -> Reply:
        """An answer to what was asked: it ends a one-shot request, else it asks how to go on."""
        return Reply(statement, None if self.is_one_shot else question, *card, screen=screen)


def respond(handler_input: HandlerInput, turn: Turn, reply: Reply) -> Response:
    """The SDK's response for a reply; the session remembers it for "say that again"."""
    memory, builder, question = turn.memory, handler_input.response_builder, reply.question
    memory.misses = memory.misses + 1 if reply.is_miss else 0
    if not (question and question.pending == QUIZ):
        memory.leave_quiz()
    memory.speech, memory.pending, memory.reprompt = reply.speech, "", ""
    if question:
        memory.pending, memory.reprompt = question.pending, question.reprompt
        builder.ask(question.reprompt)
    if question and question.speech:
        memory.speech = join(reply.speech, reply.speech and PAUSE, question.speech)
    builder.speak(slowly(memory.speech) if reply.slowly else memory.speech)
    builder.set_should_end_session(question is None)
    if reply.link:
        builder.set_card(LinkAccountCard())
    elif reply.card_text:
        builder.set_card(SimpleCard(title=reply.card_title, content=reply.card_text))
    if reply.screen and has_screen(handler_input):
        builder.add_directive(directive(reply.screen))
    if handler_input.request_envelope.session is not None:
        handler_input.attributes_manager.session_attributes = memory.to_attributes()
    return builder.response
