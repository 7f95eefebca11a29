"""Tells the trace of linking attempts when a token that it saw being given comes to the skill."""

from __future__ import annotations

import json

import structlog
from ask_sdk_model.request_envelope import RequestEnvelope
from django.conf import settings
from django.urls import reverse

from accounts.oauth_trace import recording, redaction
from accounts.oauth_trace.exchange import Message

MOST_KNOWN = 10_000  # tokens; then it forgets them all, and looks each up once more

_told: set[str] = set()  # digests of tokens that the trace was asked about
log = structlog.get_logger(__name__)


def note(envelope: RequestEnvelope, token: str, problem: str) -> None:
    """This token came with this request; `problem` says why it did not count, if it did not.

    Costs nothing while no span is on, and afterwards a token's first request only. Never raises: a
    turn is worth more than its record.
    """
    try:
        if not token or not recording.span():
            return
        digest = redaction.digest(token)
        if digest in _told:
            return
        if len(_told) >= MOST_KNOWN:
            _told.clear()
        _told.add(digest)
        recording.note_skill_request(token, _message(envelope), problem)
    except Exception as error:  # noqa: BLE001 - as said above
        log.warning("oauth_trace_failed", error=type(error).__name__)


def forget() -> None:
    """Ask the trace anew: a test begins."""
    _told.clear()


def _message(envelope: RequestEnvelope) -> Message:
    """What kind of request it was and whether Alexa knew the voice; never whose."""
    request, system = envelope.request, envelope.context and envelope.context.system
    body = {
        "type": getattr(request, "object_type", None) or "",
        "locale": getattr(request, "locale", None) or "",
        "person": bool(system and system.person and system.person.person_id),
    }
    return redaction.request(
        method="POST",
        url=settings.PUBLIC_URL + reverse("alexa"),
        body=json.dumps(body).encode(),
    )
