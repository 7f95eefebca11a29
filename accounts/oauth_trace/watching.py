"""From a real exchange at the front to what is recorded of it: which attempt, which stage.

Nothing here raises, and nothing here changes what the front does: it may all fail, and the linking
goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.oauth_trace import capture, forward, recording, redaction, wanted
from accounts.oauth_trace.diagnosis.asked import is_asking
from accounts.oauth_trace.exchange import Field, Message, value_of
from accounts.oauth_trace.models import Attempt, Correlation, Stage
from accounts.rate_limit import client_address

Kind = Correlation.Kind
log = structlog.get_logger(__name__)


def quietly[**P, T](work: Callable[P, T]) -> Callable[P, T | None]:
    """None where it raises, and one more exchange that was lost."""

    @wraps(work)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return work(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the linking goes on
            # its kind only: the text of an error may quote a secret
            log.warning("oauth_trace_failed", error=type(error).__name__)
            recording.lose()
            return None

    return wrapper


@quietly
def begun(request: HttpRequest, query: str, *, captured: bool) -> Attempt | None:
    """The attempt of an authorize request; a page that is loaded again goes on with its own."""
    fields = redaction.form(query)
    state, challenge = _digest(fields, "state"), _digest(fields, "code_challenge")
    # to the letter where it is captured: the way back leads there, and it is a registered address
    redirect_uri = (
        capture.only(query, "redirect_uri") if captured else _text(fields, "redirect_uri")
    )
    known = recording.find(Kind.STATE, state) if state else None
    if (
        known
        and capture.is_recent(known)
        and Stage.TOKEN not in known.stages
        and (known.captured, known.redirect_uri) == (captured, redirect_uri)
    ):
        return known
    user = request.user
    asks = is_asking(field.name for field in fields)  # else whoever looked is no part of a linking
    return recording.begin(
        Stage.AUTHORIZE,
        client_id=_text(fields, "client_id"),
        redirect_uri=redirect_uri,
        language=redaction.scrub(request.headers.get("Accept-Language", "").partition(",")[0]),
        captured=captured,
        site_sub=user.sub if user.is_authenticated and asks else "",
        who=client_address(request),
        keys=[(Kind.STATE, state), (Kind.CHALLENGE, challenge)],
    )


@quietly
def browser_seen(
    attempt: Attempt,
    stage: Stage,
    request: HttpRequest,
    query: str,
    response: HttpResponse,
    *,
    code: str = "",
) -> None:
    """A step of the browser: `code` is the digest of the code that it brings."""
    got = _safely(
        lambda: redaction.answer(
            status=response.status_code,
            headers_=[("Location", response["Location"])] if "Location" in response else [],
        )
    )
    sent = _request(request, query, b"")
    recording.add(attempt, stage, sent, got, keys=[(Kind.CODE, code)])


@quietly
def token_seen(
    request: HttpRequest, query: str, body: bytes, answer: forward.Answer, *, milliseconds: float
) -> None:
    """A token request and its answer: recorded while a span is on, or to finish an attempt."""
    raw = body.decode("latin-1")
    span, code = recording.span(), capture.code_of(raw)
    if not span and not (code and recording.may_go_on()):
        return
    fields = redaction.form(raw)
    attempt = _attempt_of(fields, code)
    if not span and not (
        attempt and Stage.TOKEN not in attempt.stages and capture.is_recent(attempt)
    ):
        return
    is_refresh = capture.only(raw, "grant_type") == "refresh_token"
    stage = Stage.REFRESH if is_refresh else Stage.TOKEN
    if not attempt:
        attempt = _unknown(fields, code, stage, client_address(request))
    if attempt:
        sent = _request(request, query, body)
        secrets = redaction.secrets_of(headers_=request.headers.items(), body=body)
        _add_token(attempt, stage, sent, answer, code, secrets, milliseconds)
        # the answer has left, so there is time: the client may have been changed in the console
        wanted.refresh()


def _attempt_of(fields: Iterable[Field], code: str) -> Attempt | None:
    """Known by its code, its refresh token or its PKCE verifier."""
    way = capture.way_of_code(code)
    if way and (found := recording.by_pk(way.attempt_pk)):
        return found
    for kind, digest in (
        (Kind.CODE, code),
        (Kind.REFRESH, _digest(fields, "refresh_token")),
        (Kind.CHALLENGE, _digest(fields, "S256 of code_verifier")),
    ):
        if digest and (found := recording.find(kind, digest)):
            return found
    return None


def _unknown(fields: Iterable[Field], code: str, stage: Stage, who: str) -> Attempt | None:
    """The only one that waits; else a new one.

    It linked before the trace was on, or its authorize request went straight to the pool.
    """
    client_id = _text(fields, "client_id") or settings.COGNITO_ALEXA_CLIENT_ID
    redirect_uri = _text(fields, "redirect_uri")
    if stage == Stage.TOKEN and (waits := recording.only_candidate(client_id, redirect_uri)):
        return waits
    keys = [(Kind.CODE, code), (Kind.REFRESH, _digest(fields, "refresh_token"))]
    return recording.begin(
        stage, client_id=client_id, redirect_uri=redirect_uri, who=who, keys=keys
    )


def _add_token(
    attempt: Attempt,
    stage: Stage,
    sent: Message | None,
    answer: forward.Answer,
    code: str,
    secrets: set[str],
    milliseconds: float,
) -> None:
    got = _safely(
        lambda: redaction.answer(
            status=answer.status,
            headers_=answer.headers,
            body=answer.body,
            problem=answer.problem,
            secrets=secrets,
        )
    )
    sub, keys = "", []
    if got and got.status == 200:
        access = got.get("access_token")
        keys = [
            (Kind.ACCESS, access.digest if access else ""),
            (Kind.REFRESH, _digest(got.body, "refresh_token")),
        ]
        # whose it is, also where only the id token says so: it is theirs to have erased
        told = [each.claims or {} for each in (access, got.get("id_token")) if each]
        sub = next((str(claims["sub"]) for claims in told if claims.get("sub")), "")
    recording.add(
        attempt,
        stage,
        sent,
        got,
        milliseconds=milliseconds,
        keys=[*keys, (Kind.CODE, code)],
        sub=sub,
    )


def _request(request: HttpRequest, query: str, body: bytes) -> Message | None:
    return _safely(
        lambda: redaction.request(
            method=request.method or "",
            url=settings.PUBLIC_URL + request.path,
            query=query,
            headers_=[(name, text) for name, text in request.headers.items() if text],
            body=body,
        )
    )


def _safely(redact: Callable[[], Message]) -> Message | None:
    """None where redaction fails: then nothing of the message is kept."""
    try:
        return redact()
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("oauth_trace_redaction_failed", error=type(error).__name__)
        return None


def _digest(fields: Iterable[Field], name: str) -> str:
    found = value_of(fields, name)
    return found.digest if found else ""


def _text(fields: Iterable[Field], name: str) -> str:
    """As it is shown: a digest where it is a secret."""
    return str(value_of(fields, name) or "")
