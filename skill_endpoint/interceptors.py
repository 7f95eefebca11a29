"""Before a handler runs: the language of the answer, and the person who asked."""

from __future__ import annotations

from dataclasses import replace

import structlog
from ask_sdk_core.dispatch_components.request_components import AbstractRequestInterceptor
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.interfaces.alexa.presentation.apl.user_event import UserEvent
from ask_sdk_model.interfaces.system.system_state import SystemState
from ask_sdk_model.launch_request import LaunchRequest
from ask_sdk_model.request_envelope import RequestEnvelope

from accounts.cognito.tokens import TokenRejected, verify_access_token
from accounts.models import Door, PersonErased, User
from skill_endpoint import ending, links, metrics, traced
from skill_endpoint.caller import Caller, attach
from skill_endpoint.locales import locale_of

log = structlog.get_logger(__name__)


def language_of(envelope: RequestEnvelope) -> str:
    """What the request's locale is answered in. Events come without a locale."""
    return locale_of(getattr(envelope.request, "locale", None)).language


def alexa_account(system: SystemState) -> links.AlexaAccount:
    """Who the request came from; parts that are missing are empty."""
    return links.AlexaAccount(
        application_id=(system.application and system.application.application_id) or "",
        user_id=(system.user and system.user.user_id) or "",
        person_id=(system.person and system.person.person_id) or "",
    )


class IdentifyCaller(AbstractRequestInterceptor):
    """Finds the person of a turn by their access token and keeps their AccountLink true.

    One statement for a person whose link is known. Events are no turns: their tokens count only
    where they say that an account was linked (handlers/events.py).
    """

    def process(self, handler_input: HandlerInput) -> None:
        envelope = handler_input.request_envelope
        system = envelope.context and envelope.context.system
        if isinstance(envelope.request, LaunchRequest | IntentRequest | UserEvent) and system:
            caller = _caller(system, envelope.request.request_id or "")
            attach(handler_input, caller)
            turn = ending.current()
            turn.refused = caller.refused
            if caller.user:
                turn.sub = caller.user.sub
            if caller.refused:
                metrics.voice_tokens_refused.labels(caller.refused).inc()
            traced.note(envelope, (system.user and system.user.access_token) or "", caller.refused)


def _caller(system: SystemState, request_id: str) -> Caller:
    account = alexa_account(system)
    token = system.user and system.user.access_token
    if not token:
        return Caller(speaker_id=account.person_id)
    try:
        claims = verify_access_token(token)
    except TokenRejected as error:
        return _refused(account, error.reason, request_id)
    known = links.KnownLinks.of(account)
    if known.were_taken_back(claims):
        return _taken_back(account, known, request_id)
    owner = known.link and known.link.user
    try:
        user = owner if owner and owner.sub == claims.sub else _person(claims.sub)
    except PersonErased:
        return _refused(account, "erased", request_id)
    if not user.is_active:
        return _refused(account, "inactive", request_id)
    links.note_use(account, known, user, claims.grant)
    return Caller(user=user, speaker_id=account.person_id, known_as=user.pk)


def _person(sub: str) -> User:
    return User.objects.for_sub(sub, door=Door.VOICE)


def _taken_back(account: links.AlexaAccount, known: links.KnownLinks, request_id: str) -> Caller:
    """The person unlinked on the website: a good token, and still nobody whom we know."""
    log.info("voice_token_refused", reason="unlinked", alexa_request_id=request_id)
    known_as = known.link.user_id if known.link else None
    return Caller(refused="unlinked", speaker_id=account.person_id, known_as=known_as)


def _refused(account: links.AlexaAccount, reason: str, request_id: str) -> Caller:
    refused = Caller(refused=reason, speaker_id=account.person_id)
    log.warning("voice_token_refused", reason=reason, alexa_request_id=request_id)
    if refused.is_out_of_reach:  # a link is not broken because of the pool's keys, or our clock
        return refused
    link = links.KnownLinks.of(account).link
    links.note_refusal(link, reason)
    return replace(refused, known_as=link.user_id if link and reason != "erased" else None)
