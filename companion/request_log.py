"""One line a request, at its end and with its id: what was asked for, by whom, and how it went.

Without the query, where codes and states stand. A person is a digest (accounts/person_digest.py).
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from functools import lru_cache

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts import spans
from accounts.oauth_trace.scrubbing import scrub
from accounts.person_digest import person_digest
from accounts.rate_limit import is_trusted_proxy
from companion import metrics

NAME = "companion.requests"
PROGRAMS = 512  # that are remembered scrubbed; Alexa has one, and browsers come again

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger(NAME)

# 32 hex digits of nginx, a UUID, or what else makes ids: nothing that could end a line or a field
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/
# load-balancer-request-tracing.html: Self is the balancer's own, Root may be what a client sent
_AMAZON_ID = re.compile(r"\b(?:Self|Root)=(1-[0-9a-f]{8}-[0-9a-f]{24})(?=;|$)", re.ASCII)


class RequestLogMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=_id_of(request))
        try:
            with spans.span("request") as span:
                response = self.get_response(request)
                status, area = response.status_code, metrics.area_of(request.path)
                method = request.method if request.method in METHODS else "other"
                span.note({"method": method, "status": status, "area": area})
            seconds = time.perf_counter() - begun
            metrics.count_request(area, status, seconds)
            _write(request, status, seconds)
        finally:
            structlog.contextvars.clear_contextvars()
        return response


def _id_of(request: HttpRequest) -> str:
    """That of a trusted proxy, so that its log and ours go together; else one of our own.

    AWS's load balancers pass on an X-Request-ID that their client made up: where their own header
    is, that one does not count. nginx sets the one and takes the other out.
    """
    if settings.TRUSTED_PROXIES and is_trusted_proxy(request.META.get("REMOTE_ADDR") or ""):
        if (traced := request.META.get("HTTP_X_AMZN_TRACE_ID")) is not None:
            ids = dict(_amazon_ids(traced[:512]))
            given = ids.get("Self") or ids.get("Root")
        else:
            given = request.META.get("HTTP_X_REQUEST_ID", "")
        if given and _REQUEST_ID.fullmatch(given):
            return str(given)
    return str(uuid.uuid4())


def _amazon_ids(header: str) -> list[tuple[str, str]]:
    return [(found[0][:4], found[1]) for found in _AMAZON_ID.finditer(header)]


def _write(request: HttpRequest, status: int, seconds: float) -> None:
    # a path that leads somewhere is ours; one that does not may be whatever somebody pasted
    path = request.path if 200 <= status < 300 else scrub(request.path)
    fields: dict[str, object] = {
        "code": status,
        "ms": round(seconds * 1000, 1),
        "request": f"{request.method} {path}",
    }
    if said := request.META.get("HTTP_USER_AGENT"):
        fields["user_agent"] = _program(said[:2000])
    # whom this request has been found to be from: to look now would cost a statement
    if sub := getattr(getattr(request, "_cached_user", None), "sub", ""):
        fields["person"] = person_digest(sub)
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
    log.log(level, "request_finished", **fields)


@lru_cache(PROGRAMS)
def _program(said: str) -> str:
    """Scrubbed; it takes longer than the rest of the line, and few programs come often."""
    return scrub(said)
