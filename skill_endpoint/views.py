"""The voice door: verify, refuse a replay, dispatch, reply."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.rate_limit import (
    client_address,
    has_used_up,
    is_over,
    note_against,
    seconds_left,
)
from skill_endpoint import metrics, probe
from skill_endpoint.models import alexa_digest
from skill_endpoint.replay import is_replay
from skill_endpoint.told_turn import told
from skill_endpoint.verification import MAX_BODY_BYTES, RequestRejected, is_event, verify

# Alexa speaks for everybody from few addresses. So an address has used up its share when so much
# came from it that Alexa did not sign, or had sent before: no number of turns does that. Nor do
# requests of other skills, whose owner may have named our address; those are Alexa's as well.
CLIENT_RATE = 12_000  # such requests a minute
NOT_COUNTED = frozenset({"rate_limit", "skill_id"})
USER_RATE = 120  # turns a minute; a quick talker takes about ten

log = structlog.get_logger(__name__)


@csrf_exempt
@login_not_required
def alexa(request: HttpRequest) -> HttpResponse:
    """Answer a request of Alexa; an empty 400, or 429, to whatever is not one.

    The method is checked inside: a decorator's 405 would be neither counted nor what
    certification asks for.
    """
    now, begun = datetime.now(UTC), time.perf_counter()
    address = client_address(request)
    try:
        if request.method != "POST":
            raise RequestRejected("method")
        if has_used_up("alexa", address, rate=CLIENT_RATE, per=60):
            raise RequestRejected("rate_limit")
        envelope = verify(request.headers, _body(request), now=now)
        _check_turn(envelope, now)
    except RequestRejected as error:
        if probe.is_doctors(request.headers):
            log.info("doctor_asked", reason=error.reason)
            return _response(b"", "text/plain", 400)
        metrics.alexa_requests_rejected.labels(error.reason).inc()
        structlog.contextvars.bind_contextvars(outcome="refused")
        log.warning("alexa_request_rejected", reason=error.reason)
        if error.reason not in NOT_COUNTED:
            note_against("alexa", address, per=60)
        response = _response(b"", "text/plain", 429 if error.reason == "rate_limit" else 400)
        if response.status_code == 429:
            response["Retry-After"] = str(seconds_left(60))
        return response
    # what was checked is what is dispatched, and not the body read by a second parser
    return _response(told(envelope, begun).encode(), "application/json;charset=UTF-8")


def _response(content: bytes, content_type: str, status: int = 200) -> HttpResponse:
    """Whole as it is: no middleware for pages adds anything to it."""
    headers = {"Cache-Control": "no-store", "Content-Length": str(len(content))}
    return HttpResponse(content, content_type=content_type, status=status, headers=headers)


def _check_turn(envelope: dict[str, Any], now: datetime) -> None:
    """Raises RequestRejected for a replay or a flood.

    Not for events: Alexa delivers one until it gets a 200, for up to an hour, and each counts once
    by its own table (links.record). One that was refused would be lost.
    """
    if is_event(envelope):
        return
    system = envelope["context"]["System"]
    application_id = system["application"]["applicationId"]
    if is_replay(application_id, envelope["request"]["requestId"], now=now):
        raise RequestRejected("replay")
    who = alexa_digest(application_id, system["user"]["userId"])
    if is_over("alexa-user", who, rate=USER_RATE, per=60):
        raise RequestRejected("rate_limit")


def _body(request: HttpRequest) -> bytes:
    """The raw body; one that says or turns out to be too long is not read to its end."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("wsgi.input_terminated"):
        # chunked: Django takes a body without a length for an empty one
        try:
            body: bytes = request.META["wsgi.input"].read(MAX_BODY_BYTES + 1)
        except Exception as error:  # each server has errors of its own for a broken chunk
            raise RequestRejected("unreadable") from error
        return body
    try:
        if not length.isascii() or not length.isdigit():
            raise RequestRejected("unreadable")
        if len(length) > 9 or int(length) > MAX_BODY_BYTES:
            raise RequestRejected("too_large")
        return request.body
    except RequestDataTooBig as error:
        raise RequestRejected("too_large") from error
    except OSError as error:  # Django's UnreadablePostError is one
        raise RequestRejected("unreadable") from error
