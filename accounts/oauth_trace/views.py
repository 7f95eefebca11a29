"""The front of the pool's OAuth endpoints: passes on, in time, and has written down what it saw.

Alexa is pointed at these addresses in place of the pool's. They pass on whenever OAUTH_TRACE is
set, as the addresses stay in the developer console; they record only while a span is on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial, wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    UnreadablePostError,
)
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from accounts.cognito import endpoints
from accounts.metrics import Stage as Reached
from accounts.metrics import count_stage
from accounts.oauth_trace import capture, forward, recording, redaction, watching
from accounts.oauth_trace import wanted as wanted_values
from accounts.oauth_trace.capture import WayBack
from accounts.oauth_trace.models import Attempt, Correlation, Stage
from accounts.rate_limit import is_client_over, limited

MAX_QUERY = 8 * 1024  # characters; a state of Alexa's has about a thousand
MAX_FORM = 16 * 1024  # bytes
_RETRY_AFTER = {429: "60", 503: "5"}  # seconds, by status

Kind = Correlation.Kind
View = Callable[[HttpRequest, str], HttpResponse]


class NotForwarded(Exception):
    """A token request that goes no further: an error of RFC 6749, 5.2, and its status."""

    def __init__(self, error: str, description: str, *, status: int) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


class ThenRecorded(HttpResponse):
    """Calls `record` when the answer is on its way: Alexa does not wait for our database."""

    record: Callable[[], object] | None = None

    def close(self) -> None:
        record, self.record = self.record, None
        try:
            if record:
                record()
        finally:
            super().close()


def traced(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """Not there unless OAUTH_TRACE is set. The view gets the query apart from its request.

    A page names its own address for the way back from signing in: here a code would stand in it.
    """

    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = ""
        if not settings.OAUTH_TRACE:
            raise Http404
        return view(request, query)

    return wrapper


@csrf_exempt  # so that another method is told that this takes GET; nothing of the person changes
@login_not_required
@traced
@require_GET
@limited("oauth_authorize", rate=120, per=60)
def authorize(request: HttpRequest, query: str) -> HttpResponse:
    """On to the pool's sign-in page, with the query as it came."""
    if not _is_sane(query) or not settings.COGNITO_DOMAIN_URL:
        return _refused(request)
    wanted, span = wanted_values.known(), recording.span()
    captures = bool(span and span.capture and capture.is_possible(query, wanted))
    attempt = watching.begun(request, query, captured=captures) if span else None
    captures = captures and attempt is not None  # else nobody would know the way back
    sent = capture.exchanged(query, wanted.capture_url) if captures else query
    response = _redirect(endpoints.authorize_url() + (f"?{sent}" if sent else ""))
    count_stage(Reached.AUTHORIZE)
    if attempt:
        watching.browser_seen(attempt, Stage.AUTHORIZE, request, query, response)
    if attempt and captures:
        state = redaction.digest(capture.only(query, "state"))
        way = WayBack(capture.only(query, "redirect_uri"), attempt.pk, state)
        response.set_cookie(
            capture.COOKIE,
            capture.signed(way),
            max_age=capture.MEMORY,
            path="/oauth/callback",
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


@csrf_exempt  # as above
@login_not_required
@traced
@require_GET
@limited("oauth_callback", rate=120, per=60)
def callback(request: HttpRequest, query: str) -> HttpResponse:
    """Back from sign-in: on to the address that the authorize request named, query untouched."""
    query = query if _is_sane(query) else ""
    state = capture.only(query, "state")
    state_digest = redaction.digest(state) if state else ""
    kept = capture.read_signed(request.COOKIES.get(capture.COOKIE, ""))
    attempt = recording.find(Kind.STATE, state_digest)
    way = _way_back(attempt, kept, state_digest)
    if kept and (attempt is None or way is kept):
        # the database failed, or the state came back changed: this browser knows its attempt
        attempt = recording.by_pk(kept.attempt_pk)
        if attempt is None:
            recording.lose(kept.attempt_pk)
    if not way:
        response = _refused(request, attempt)
    else:
        response = _redirect(capture.with_query(way.redirect_uri, query))
        response.delete_cookie(capture.COOKIE, path="/oauth/callback", samesite="Lax")
        capture.remember_code(capture.code_of(query), way)
        if capture.code_of(query):
            count_stage(Reached.SIGNED_IN)
    if attempt:
        code = capture.code_of(query)
        watching.browser_seen(attempt, Stage.CALLBACK, request, query, response, code=code)
    return response


def _way_back(attempt: Attempt | None, kept: WayBack | None, state: str) -> WayBack | None:
    """Only to an address that is registered on the alexa client: this is no open redirect."""
    way = kept if kept and state and kept.state == state else None
    if attempt and attempt.captured:
        way = WayBack(attempt.redirect_uri, attempt.pk) if capture.is_recent(attempt) else None
    return way if way and way.redirect_uri in wanted_values.known().return_addresses else None


@csrf_exempt
@login_not_required
@traced
def token(request: HttpRequest, query: str) -> HttpResponse:
    """On to the pool's token endpoint and back, unchanged but for a captured redirect_uri."""
    begun = time.monotonic()
    try:
        body = _token_body(request)
    except NotForwarded as error:
        return _oauth_error(error.error, error.description, status=error.status)
    raw = body.decode("latin-1")  # each byte a letter, so that it comes back to the letter
    way = _way_of(capture.code_of(raw))
    sent = body
    if way and capture.only(raw, "redirect_uri") == way.redirect_uri:
        sent = capture.exchanged(raw, wanted_values.known().capture_url).encode("latin-1")
    headers = [(name, text) for name, text in request.headers.items() if text]
    before = time.monotonic() - begun
    answer = forward.post(endpoints.token_url(), headers, sent, seconds=forward.DEADLINE - before)
    if answer.problem == "busy":
        if recording.span():
            recording.lose(way.attempt_pk if way else 0)
        description = "Too many requests wait for the pool."
        return _oauth_error("temporarily_unavailable", description, status=503)
    if answer.status == 200 and capture.code_of(raw):
        count_stage(Reached.TOKEN)
    milliseconds = answer.milliseconds + before * 1000
    response = _token_answer(answer)
    response.record = partial(
        watching.token_seen, request, query, body, answer, milliseconds=milliseconds
    )
    return response


def _token_answer(answer: forward.Answer) -> ThenRecorded:
    """Status, content type and body of the pool's; or that there was none."""
    if answer.problem:
        status = 504 if answer.problem == "timeout" else 502
        error = _oauth_error("temporarily_unavailable", "The pool did not answer.", status=status)
        return ThenRecorded(error.content, status=status, headers=dict(error.headers))
    response = ThenRecorded(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, text in answer.passed_back(endpoints.token_url()):
        response[name] = text
    return response


def _token_body(request: HttpRequest) -> bytes:
    """What is to be forwarded. Raises NotForwarded."""
    if request.method != "POST":
        raise NotForwarded("invalid_request", "This address takes POST.", status=405)
    if is_client_over("oauth_token", request, rate=600, per=60):
        raise NotForwarded("temporarily_unavailable", "Too many requests.", status=429)
    if forward.MARK in request.headers.get("Via", ""):
        raise NotForwarded("server_error", "This address leads to itself.", status=508)
    if not settings.COGNITO_DOMAIN_URL:
        raise NotForwarded("server_error", "No pool is behind this address.", status=503)
    length = request.META.get("CONTENT_LENGTH") or ""
    try:
        if not length and request.META.get("wsgi.input_terminated"):
            # chunked: Django takes a body without a length for an empty one
            body: bytes = _chunked(request)
        elif len(length) > 9 or (length.isdigit() and int(length) > MAX_FORM):
            raise NotForwarded("invalid_request", "The request is too long.", status=413)
        else:
            body = request.body
    except OSError as error:  # it broke off; Django's UnreadablePostError is one
        raise NotForwarded("invalid_request", "The request broke off.", status=400) from error
    if len(body) > MAX_FORM:
        raise NotForwarded("invalid_request", "The request is too long.", status=413)
    if length.isdigit() and len(body) < int(length):
        raise NotForwarded("invalid_request", "The request broke off.", status=400)
    return body


def _chunked(request: HttpRequest) -> bytes:
    """Raises OSError, whatever is wrong with it."""
    try:
        found: bytes = request.META["wsgi.input"].read(MAX_FORM + 1)
    except Exception as error:  # each server has errors of its own for a broken chunk
        raise UnreadablePostError from error
    return found


def _way_of(code: str) -> WayBack | None:
    """How a code came, if it came over us. The database is asked where the cache does not know."""
    if way := capture.way_of_code(code):
        return way
    if not recording.may_go_on():
        return None
    attempt = recording.find(Kind.CODE, code)
    return WayBack(attempt.redirect_uri, attempt.pk) if attempt and attempt.captured else None


def _is_sane(query: str) -> bool:
    """Whether a browser that Alexa opens would send it."""
    return len(query) <= MAX_QUERY and query.isascii() and query.isprintable()


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
    if status == 405:
        response["Allow"] = "POST"
    if status in _RETRY_AFTER:
        response["Retry-After"] = _RETRY_AFTER[status]
    return response
