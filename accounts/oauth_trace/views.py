"""The front of the pool's OAuth endpoints: it passes on, and writes down what it saw.

Alexa is pointed at these addresses in place of the pool's. They pass on whenever OAUTH_TRACE is
set, as the addresses stay in the developer console; they record only while a span is on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from accounts import forgiving_cache
from accounts.cognito import endpoints
from accounts.oauth_trace import capture, forward, recording, redaction
from accounts.oauth_trace import wanted as wanted_values
from accounts.oauth_trace.exchange import Message, value_of
from accounts.oauth_trace.models import Attempt, Correlation, Stage
from accounts.rate_limit import client_address, is_over, limited

MAX_QUERY = 8 * 1024  # characters; a state of Alexa's has about a thousand
MAX_FORM = 16 * 1024  # bytes
CAPTURED_FOR = 3600  # seconds in which a captured code is known; Cognito's live five minutes

Kind = Correlation.Kind
View = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)


def traced(view: View) -> View:
    """Not there unless OAUTH_TRACE is set."""

    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponse:
        if not settings.OAUTH_TRACE:
            raise Http404
        return view(request)

    return wrapper


@login_not_required
@traced
@require_GET
@limited("oauth_authorize", rate=120, per=60)
def authorize(request: HttpRequest) -> HttpResponse:
    """On to the pool's sign-in page, with the query as it came."""
    query = _query(request)
    if query is None or not settings.COGNITO_DOMAIN_URL:
        return _refused(request)
    wanted, span = wanted_values.known(), recording.span()
    is_captured = bool(span and span.capture and capture.is_possible(query, wanted))
    state, back = capture.only(query, "state"), capture.only(query, "redirect_uri")
    state_digest = redaction.digest(state) if state else ""
    attempt = _attempt(request, query, state_digest, is_captured=is_captured) if span else None
    is_captured = is_captured and bool(attempt)
    sent = capture.exchanged(query, wanted.capture_url) if is_captured else query
    response = _redirect(endpoints.authorize_url() + (f"?{sent}" if sent else ""))
    if attempt:
        _add(attempt, Stage.AUTHORIZE, request, response)
    if is_captured:
        response.set_cookie(
            capture.COOKIE,
            capture.signed_return(state_digest, back),
            max_age=capture.COOKIE_AGE,
            path="/oauth/callback",
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


def _attempt(
    request: HttpRequest, query: str, state_digest: str, *, is_captured: bool
) -> Attempt | None:
    """A page that is loaded again goes on with its attempt."""
    known = recording.find(Kind.STATE, state_digest) if state_digest else None
    parameters = redaction.form(query)
    redirect_uri = str(value_of(parameters, "redirect_uri") or "")
    if is_captured:  # to the letter: the way back leads there, and it is a registered address
        redirect_uri = capture.only(query, "redirect_uri")
    wish = (is_captured, redirect_uri)
    if known and Stage.TOKEN not in known.stages and (known.captured, known.redirect_uri) == wish:
        return known
    user = request.user
    challenge = value_of(parameters, "code_challenge")
    return recording.begin(
        client_id=str(value_of(parameters, "client_id") or ""),
        redirect_uri=redirect_uri,
        language=redaction.scrub(request.headers.get("Accept-Language", "").partition(",")[0]),
        captured=is_captured,
        site_sub=user.sub if user.is_authenticated else "",
        keys=[(Kind.STATE, state_digest), (Kind.CHALLENGE, challenge.digest if challenge else "")],
    )


@login_not_required
@traced
@require_GET
@limited("oauth_callback", rate=120, per=60)
def callback(request: HttpRequest) -> HttpResponse:
    """Back from sign-in: on to the address that the authorize request named, query untouched."""
    query = _query(request)
    state = capture.only(query, "state") if query else ""
    if not query or not state:
        return _refused(request)
    state_digest = redaction.digest(state)
    attempt = recording.find(Kind.STATE, state_digest)
    back = _way_back(request, attempt, state_digest)
    if not back:
        return _refused(request, attempt)
    response = _redirect(capture.with_query(back, query))
    code = capture.only(query, "code")
    code_digest = redaction.digest(code) if code else ""
    if code_digest:
        forgiving_cache.keep(_captured(code_digest), value=True, seconds=CAPTURED_FOR)
    if attempt:
        _add(attempt, Stage.CALLBACK, request, response, keys=[(Kind.CODE, code_digest)])
    response.delete_cookie(capture.COOKIE, path="/oauth/callback", samesite="Lax")
    return response


def _way_back(request: HttpRequest, attempt: Attempt | None, state_digest: str) -> str:
    """Only to an address that is registered on the alexa client: this is no open redirect."""
    back = capture.read_return(request.COOKIES.get(capture.COOKIE, ""), state_digest)
    if attempt and attempt.captured:
        back = attempt.redirect_uri
    return back if back in wanted_values.known().return_addresses else ""


@csrf_exempt
@login_not_required
@traced
def token(request: HttpRequest) -> HttpResponse:
    """On to the pool's token endpoint and back, unchanged but for a captured redirect_uri."""
    begun = time.monotonic()
    response: HttpResponse
    if request.method != "POST":
        response = _oauth_error("invalid_request", "This address takes POST.", status=405)
        response["Allow"] = "POST"
        return response
    if is_over("oauth_token", client_address(request), rate=600, per=60):
        response = _oauth_error("temporarily_unavailable", "Too many requests.", status=429)
        response["Retry-After"] = "60"
        return response
    if forward.MARK in request.headers.get("Via", "") or not settings.COGNITO_DOMAIN_URL:
        return _oauth_error("server_error", "There is no token endpoint behind this.", status=508)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_FORM:
        return _oauth_error("invalid_request", "The request is too long.", status=413)
    body = request.body
    raw, code_digest = _form(body)
    attempt = _token_attempt(raw, code_digest) if raw and recording.span() else None
    sent = body
    if raw and _was_captured(attempt, code_digest):
        sent = capture.exchanged(raw, wanted_values.known().capture_url).encode()
    headers = [(name, text) for name, text in request.headers.items() if text]
    before = (time.monotonic() - begun) * 1000
    answer = forward.post(endpoints.token_url(), headers, sent)
    if attempt:
        _add_token(attempt, request, body, answer, extra=before)
    if answer.problem:
        status = 504 if answer.problem == "timeout" else 502
        return _oauth_error("temporarily_unavailable", "The pool did not answer.", status=status)
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, text in answer.passed_back(endpoints.token_url()):
        response[name] = text
    return response


def _form(body: bytes) -> tuple[str, str]:
    """The form as text, and the digest of its code; empty where it is no text."""
    try:
        raw = body.decode("ascii")
    except UnicodeDecodeError:
        return "", ""
    code = capture.only(raw, "code")
    return raw, redaction.digest(code) if code else ""


def _was_captured(attempt: Attempt | None, code_digest: str) -> bool:
    if attempt and attempt.captured:
        return bool(code_digest)
    return bool(code_digest and forgiving_cache.found(_captured(code_digest)))


def _captured(code_digest: str) -> str:
    return f"oauth-trace:captured:{code_digest}"


def _token_attempt(raw: str, code_digest: str) -> Attempt | None:
    """Known by its code, its refresh token or its PKCE verifier; else the only one that waits."""
    fields = redaction.form(raw)
    refresh, proof = value_of(fields, "refresh_token"), value_of(fields, "S256 of code_verifier")
    for kind, digest in (
        (Kind.CODE, code_digest),
        (Kind.REFRESH, refresh.digest if refresh else ""),
        (Kind.CHALLENGE, proof.digest if proof else ""),
    ):
        if digest and (found := recording.find(kind, digest)):
            return found
    client_id = str(value_of(fields, "client_id") or settings.COGNITO_ALEXA_CLIENT_ID)
    redirect_uri = str(value_of(fields, "redirect_uri") or "")
    waiting = None if refresh else recording.only_candidate(client_id, redirect_uri)
    # linked before the trace was on, or its authorize request went straight to the pool
    return waiting or recording.begin(
        client_id=client_id,
        redirect_uri=redirect_uri,
        keys=[(Kind.CODE, code_digest), (Kind.REFRESH, refresh.digest if refresh else "")],
    )


def _add_token(
    attempt: Attempt, request: HttpRequest, body: bytes, answer: forward.Answer, *, extra: float
) -> None:
    sent = _redacted_request(request, body)
    got = _safely(
        lambda: redaction.answer(
            status=answer.status,
            headers_=answer.headers,
            body=answer.body,
            problem=answer.problem,
        )
    )
    keys, sub = [], ""
    if got and got.status == 200:
        access, refresh = got.get("access_token"), got.get("refresh_token")
        keys = [
            (Kind.ACCESS, access.digest if access else ""),
            (Kind.REFRESH, refresh.digest if refresh else ""),
        ]
        sub = str(((access and access.claims) or {}).get("sub", ""))
    is_refresh = bool(sent and sent.text("grant_type") == "refresh_token")
    recording.add(
        attempt,
        Stage.REFRESH if is_refresh else Stage.TOKEN,
        sent,
        got,
        milliseconds=answer.milliseconds + extra,
        keys=keys,
        sub=sub,
    )


def _add(
    attempt: Attempt,
    stage: Stage,
    request: HttpRequest,
    response: HttpResponse,
    keys: recording.Keys = (),
) -> None:
    got = _safely(
        lambda: redaction.answer(
            status=response.status_code, headers_=[("Location", response["Location"])]
        )
    )
    recording.add(attempt, stage, _redacted_request(request, b""), got, keys=keys)


def _redacted_request(request: HttpRequest, body: bytes) -> Message | None:
    return _safely(
        lambda: redaction.request(
            method=request.method or "",
            url=settings.PUBLIC_URL + request.path,
            query=request.META.get("QUERY_STRING", ""),
            headers_=[(name, text) for name, text in request.headers.items() if text],
            body=body,
        )
    )


def _safely(redact: Callable[[], Message]) -> Message | None:
    """None where redaction fails: then nothing of the message is kept."""
    try:
        return redact()
    except Exception as error:  # noqa: BLE001 - whatever it is, the linking goes on
        log.warning("oauth_trace_redaction_failed", error=type(error).__name__)
        return None


def _query(request: HttpRequest) -> str | None:
    """The query as it came; None for one that no browser of Alexa's would send."""
    query = request.META.get("QUERY_STRING", "")
    return query if len(query) <= MAX_QUERY and query.isascii() and query.isprintable() else None


def _redirect(address: str) -> HttpResponse:
    response = HttpResponse(status=302)
    response["Location"] = address
    response["Cache-Control"] = "no-store"
    return response


def _refused(request: HttpRequest, attempt: Attempt | None = None) -> HttpResponse:
    """A page for the person whose linking stops here; it repeats nothing of what was sent."""
    reference = attempt.reference if attempt else ""
    return render(request, "oauth_trace/refused.html", {"reference": reference}, status=400)


def _oauth_error(error: str, description: str, *, status: int) -> JsonResponse:
    """RFC 6749, 5.2: what a client of OAuth can read."""
    response = JsonResponse({"error": error, "error_description": description}, status=status)
    response["Cache-Control"] = "no-store"
    return response
