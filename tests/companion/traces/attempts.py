"""Attempts as the trace would have stored them: made by its own redaction from real exchanges."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from accounts.oauth_trace import recording, redaction
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Event, Stage
from tests.cognito import TokenMint

SUB = "3f0c1b1e-5a52-4d0e-9d8b-0a9e2f7c4b11"
PITANGUI = "https://pitangui.amazon.com/api/skill/link/"
STATE = "state-of-alexa." + "e8" * 320  # as long as Alexa's
HTML = "<script>alert('x')</script>"
BIDI = "\u202eevil\u2066"
# as Alexa sends them
AGENT = [("User-Agent", "Apache-HttpClient/4.5.x (Java/1.8.0_152)"), ("Accept", "application/json")]
FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json;charset=UTF-8")


@cache
def _mint() -> TokenMint:
    return TokenMint()


def redirect_uri() -> str:
    return f"{PITANGUI}{settings.ALEXA_VENDOR_ID or 'M2VENDOR'}"


def authorize(**changes: str) -> tuple[Message, Message]:
    query = {
        "state": STATE,
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
        "response_type": "code",
        "scope": "openid email phone",
        "redirect_uri": redirect_uri(),
    }
    raw = urlencode(query | changes)
    sent = redaction.request(
        method="GET",
        url=f"{settings.PUBLIC_URL}/oauth/authorize",
        query=raw,
        headers_=[("User-Agent", "Mozilla/5.0"), ("Accept-Language", "en-US")],
    )
    where = f"https://pool.auth.us-east-1.amazoncognito.com/oauth2/authorize?{raw}"
    return sent, redaction.answer(status=302, headers_=[("Location", where)])


def callback(code: str = "code-of-the-pool", **changes: str) -> tuple[Message, Message]:
    raw = urlencode({"code": code, "state": STATE} | changes)
    sent = redaction.request(method="GET", url=f"{settings.PUBLIC_URL}/oauth/callback", query=raw)
    where = f"{redirect_uri()}?{raw}"
    return sent, redaction.answer(status=302, headers_=[("Location", where)])


def token(
    *,
    status: int = 200,
    answer: dict[str, Any] | bytes | None = None,
    code: str = "code-of-the-pool",
    secret: str = "",
    sub: str = SUB,
    issued: datetime | None = None,
    **changes: str,
) -> tuple[Message, Message]:
    at = int((issued or timezone.now()).timestamp())
    secret = secret or settings.COGNITO_ALEXA_CLIENT_SECRET
    basic = base64.b64encode(f"{settings.COGNITO_ALEXA_CLIENT_ID}:{secret}".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(),
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
    }
    sent = redaction.request(
        method="POST",
        url=f"{settings.PUBLIC_URL}/oauth/token",
        headers_=[*AGENT, FORM, ("Authorization", f"Basic {basic}")],
        body=urlencode(form | changes).encode(),
    )
    if answer is None:
        answer = {
            "access_token": _mint().access(sub, iat=at, exp=at + 3600),
            "refresh_token": "planted-refresh-token-0123456789",
            "expires_in": 3600,
            "token_type": "Bearer",
        }
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return sent, redaction.answer(status=status, headers_=[JSON], body=body)


def store(
    *exchanges: tuple[Stage, tuple[Message, Message] | None],
    at: datetime | None = None,
    sub: str = SUB,
    milliseconds: int = 180,
    **fields: Any,
) -> Attempt:
    """A minute between each two; None for an exchange that could not be redacted."""
    begun = at or timezone.now() - timedelta(minutes=20)
    values = {
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
        "redirect_uri": redirect_uri(),
        "language": "en-US",
        "captured": True,
    }
    attempt = Attempt.objects.begin(
        started_at=begun, updated_at=begun, sub=sub, **(values | fields)
    )
    for number, (stage, sides) in enumerate(exchanges):
        request, response = sides or (Message(), Message())
        Event.objects.create(
            attempt=attempt,
            stage=stage,
            at=begun + timedelta(minutes=number),
            milliseconds=milliseconds,
            request=request.to_json(),
            response=response.to_json(),
            is_withheld=sides is None,
        )
    recording.judge(attempt)
    return attempt


def linked(at: datetime | None = None, **fields: Any) -> Attempt:
    begun = at or timezone.now() - timedelta(minutes=20)
    return store(
        (Stage.AUTHORIZE, authorize()),
        (Stage.CALLBACK, callback()),
        (Stage.TOKEN, token(issued=begun + timedelta(minutes=2))),
        at=begun,
        **fields,
    )


def failed(**fields: Any) -> Attempt:
    """The secret that the developer console has is another one."""
    refused = token(
        status=400, answer={"error": "invalid_client"}, secret="another-secret-0123456789"
    )
    return store(
        (Stage.AUTHORIZE, authorize()),
        (Stage.CALLBACK, callback()),
        (Stage.TOKEN, refused),
        **fields,
    )


def left(**fields: Any) -> Attempt:
    """Nobody came back from the sign-in page."""
    return store((Stage.AUTHORIZE, authorize()), **({"sub": ""} | fields))


def hostile(**fields: Any) -> Attempt:
    """Markup and characters that turn text around wherever somebody else's text can stand."""
    bad = f"{HTML}{BIDI}`$(reboot)`'\";\n=1+1"
    values = {
        "client_id": bad[:60],
        "redirect_uri": f"https://evil.example/{bad}",
        "language": "<b>x</b>" + BIDI,
        "sub": "<i>sub</i>" + BIDI,
        "site_sub": bad[:40],
    }
    evil: dict[str, Any] = {bad: bad, "scope": bad, "redirect_uri": bad, "error_description": bad}
    answer = {"error": bad, "error_description": bad, "__type": bad, "token_type": bad}
    attempt = store(
        (Stage.AUTHORIZE, authorize(**evil)),
        (Stage.CALLBACK, callback(**evil)),
        (Stage.TOKEN, token(status=400, answer=answer, **evil)),
        **(values | fields),
    )
    # past redaction: the pages trust nothing that is stored
    for event in attempt.events.all():
        for side in (event.request, event.response):
            side["headers"] = [{"name": bad, "value": {"text": bad}}]
            side["other_headers"] = [bad]
            side.setdefault("body", []).append(
                {"name": bad, "value": {"text": bad, "claims": {bad: bad}, "header": {bad: [bad]}}}
            )
        event.response["problem"] = bad
        event.response["location"] = f"javascript:{bad}"
        event.request["method"], event.request["address"] = bad, bad
        event.save()
    return attempt


def many(number: int = 45) -> None:
    """Over some days, of each kind, of several people; the newest has failed."""
    now = timezone.now()
    kinds = (linked, linked, failed, left, linked)
    for n in range(number, 0, -1):
        make = kinds[n % len(kinds)]
        sub = "" if make is left else f"{n % 4}{SUB[1:]}"
        make(at=now - timedelta(hours=4 * n + 1), sub=sub, pinned=n % 20 == 5)
    failed(at=now - timedelta(minutes=20))
