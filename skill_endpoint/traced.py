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
# The front writes a token down after it has passed it on, and Alexa may be sooner here. After so
# many requests in vain, the token is none that the trace saw.
MOST_TRIES = 3

_tries: dict[str, int] = {}  # by digest of a token: how often the trace is still asked about it
log = structlog.get_logger(__name__)


def note(envelope: RequestEnvelope, token: str, problem: str) -> None:
    """This token came with this request; `problem` says why it did not count, if it did not.

    Costs nothing while no span is on, and else the first requests of a token only. Never raises: a
    turn is worth more than its record.
    """
    try:
        if not token or not recording.span():
            return
        digest = redaction.digest(token)
        left = _tries.get(digest, MOST_TRIES)
        if not left:
            return
        if len(_tries) >= MOST_KNOWN:
            _tries.clear()
        is_known = recording.note_skill_request(token, _message(envelope), problem)
        _tries[digest] = 0 if is_known else left - 1
    except Exception as error:  # noqa: BLE001 - as said above
        log.warning("oauth_trace_failed", error=type(error).__name__)


def forget() -> None:
    """Ask the trace anew: a test begins."""
    _tries.clear()


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
