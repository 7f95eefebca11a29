"""Skill events: Alexa tells that the skill was enabled, linked, disabled, given permissions.

https://developer.amazon.com/en-US/docs/alexa/smapi/skill-events-in-alexa-skills.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from ask_sdk_core.dispatch_components.request_components import AbstractRequestHandler
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.events.skillevents.account_linked_request import AccountLinkedRequest
from ask_sdk_model.events.skillevents.permission_accepted_request import PermissionAcceptedRequest
from ask_sdk_model.events.skillevents.permission_changed_request import PermissionChangedRequest
from ask_sdk_model.events.skillevents.skill_disabled_request import SkillDisabledRequest
from ask_sdk_model.events.skillevents.skill_enabled_request import SkillEnabledRequest
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response import Response
from django.utils import timezone

from accounts.cognito.tokens import AccessClaims, TokenRejected, verify_access_token
from skill_endpoint import links, traced
from skill_endpoint.interceptors import alexa_account
from skill_endpoint.link_history import NOT_PERSISTED
from skill_endpoint.verification import TOLERANCE

EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)  # Alexa had no skills before

log = structlog.get_logger(__name__)

EVENTS = (
    SkillEnabledRequest,
    SkillDisabledRequest,
    AccountLinkedRequest,
    PermissionAcceptedRequest,
    PermissionChangedRequest,
)


class SkillEvents(AbstractRequestHandler):
    """Records the event and keeps the links true; the answer is empty, nobody hears it."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return isinstance(handler_input.request_envelope.request, EVENTS)

    def handle(self, handler_input: HandlerInput) -> Response:
        envelope = handler_input.request_envelope
        request: Any = envelope.request
        system = envelope.context and envelope.context.system
        if system:
            # the token first: its check may fetch keys, and no transaction waits for that
            event = links.Event(
                type=request.object_type,
                request_id=request.request_id,
                account=alexa_account(system),
                time=_time(request),
                persistence=_persistence(request),
                claims=_linked_claims(envelope),
            )
            recorded = links.record(event)
            log.info(
                "skill_event",
                event_type=event.type,
                alexa_request_id=event.request_id,
                outcome="known" if not recorded else "applied" if recorded.applied else "kept",
            )
        return handler_input.response_builder.response


def _time(request: Any) -> datetime:
    """When it happened, not when it was delivered: that may be an hour later. Whole seconds.

    A time that cannot be true must neither outdo every later event nor break a page that shows it.
    """
    now = timezone.now()
    moment = request.event_creation_time or request.timestamp
    if not isinstance(moment, datetime):
        moment = now
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now + timedelta(seconds=TOLERANCE):  # our clock may be slow by as much
        moment = now
    return max(moment, EARLIEST).astimezone(UTC).replace(microsecond=0)


def _persistence(request: Any) -> str:
    """Of SkillDisabled. The SDK's class has no body, so the body is what JSON had there."""
    body = getattr(request, "body", None) if isinstance(request, SkillDisabledRequest) else None
    value = body.get("userInformationPersistenceStatus") if isinstance(body, dict) else ""
    return value if isinstance(value, str) and value in {"PERSISTED", NOT_PERSISTED} else ""


def _linked_claims(envelope: RequestEnvelope) -> AccessClaims | None:
    """Whom an AccountLinked event's token belongs to; None where it does not count."""
    request = envelope.request
    if not isinstance(request, AccountLinkedRequest):
        return None
    found = getattr(request.body, "access_token", None)
    token = found if isinstance(found, str) else ""
    try:
        claims = verify_access_token(token)
    except TokenRejected as error:
        log.warning("event_token_refused", reason=error.reason, alexa_request_id=request.request_id)
        traced.note(envelope, token, error.reason)
        return None
    traced.note(envelope, token, "")
    return claims
