"""One line a request, at its end and with its id: what was asked for, and how it went.

Without the query, where codes and states stand. The line is made here and not by structlog's chain
of processors and formatters, which took a fifth of a voice turn (`make bench`). All other events
go through those, and get the same ids.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import structlog
from django.http import HttpRequest, HttpResponseBase

from accounts.oauth_trace.scrubbing import scrub
from companion.logs import redact

NAME = "companion.requests"  # its handler is in companion.logs

_log = logging.getLogger(NAME)


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
    path = request.path if status < 400 else scrub(request.path)
    fields: dict[str, object] = {
        "event": "request_finished",
        "code": status,
        "ms": round(seconds * 1000, 1),
        "request": redact(f"{request.method} {path}"),
        **structlog.contextvars.get_contextvars(),
    }
    if said := request.META.get("HTTP_USER_AGENT"):
        fields["user_agent"] = redact(scrub(said))
    # whom this request has been found to be from: to look now would cost a statement
    if (user := getattr(request, "_cached_user", None)) is not None:
        fields["user_id"] = user.pk
    level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
    _log.log(level, fields)


class Line(logging.Formatter):
    """The fields as one JSON object; for a console as a line to read."""

    def __init__(self, *, console: bool) -> None:
        super().__init__()
        self.console = console

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat()
        level, fields = record.levelname.lower(), cast("dict[str, object]", record.msg)
        if self.console:
            told = [f"{name}={_shown(value)}" for name, value in fields.items() if name != "event"]
            return f"{moment} [{level:<7}] {fields['event']} {' '.join(told)}"
        return json.dumps({**fields, "logger": record.name, "level": level, "timestamp": moment})


def _shown(value: object) -> str:
    """Line ends and the like in a path would make a second line of somebody else's."""
    text = str(value)
    return text if text.isprintable() else json.dumps(text)
