"""One line a request, at its end and with its id: what was asked for, and how it went.

Without the query, where codes and states stand.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from accounts.oauth_trace.scrubbing import scrub

NAME = "companion.requests"

log = structlog.get_logger(NAME)


class RequestLogMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=str(uuid.uuid4()))
        try:
            response = self.get_response(request)
            _write(request, response.status_code, time.perf_counter() - begun)
        finally:
            structlog.contextvars.clear_contextvars()
        return response


def _write(request: HttpRequest, status: int, seconds: float) -> None:
    # a path that leads somewhere is ours; one that does not may be whatever somebody pasted
    path = request.path if 200 <= status < 300 else scrub(request.path)
    fields: dict[str, object] = {
        "code": status,
        "ms": round(seconds * 1000, 1),
        "request": f"{request.method} {path}",
    }
    if said := request.META.get("HTTP_USER_AGENT"):
        fields["user_agent"] = scrub(said)
    # whom this request has been found to be from: to look now would cost a statement
    if (user := getattr(request, "_cached_user", None)) is not None:
        fields["user_id"] = user.pk
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
    log.log(level, "request_finished", **fields)
