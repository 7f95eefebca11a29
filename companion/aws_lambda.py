"""The skill as an AWS Lambda function, beside wsgi.py: docs/lambda.md.

Handler setting: companion.aws_lambda.handler. The website, and the skill where it runs beside
that, need nothing of it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from typing import Any

import django
import structlog
from django.conf import settings
from django.db import close_old_connections, connections

from companion import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companion.settings")
for _database in settings.DATABASES.values():
    # The environment sleeps between two invocations, and the other end may hang up meanwhile: a
    # connection is tried before it is used.
    _database["CONN_HEALTH_CHECKS"] = True
django.setup()

serving.begin()

# what needs Django's applications; the skill is built here, once, before the first request
from skill_endpoint import metrics  # noqa: E402
from skill_endpoint.told_turn import told  # noqa: E402
from skill_endpoint.verification import MAX_BODY_BYTES, check_values  # noqa: E402

_ID = re.compile(r"[!-~]{1,255}")  # as the view takes them
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,127}")

log = structlog.get_logger(__name__)


class EventRefused(ValueError):
    """Not a request of Alexa to this skill. `reason` says why, and nothing of the event."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def handler(event: object, context: object) -> dict[str, Any]:
    """The response envelope to a request envelope, both as Lambda hands them: parsed JSON.

    Alexa may call the function because its resource policy lets her, so there is no signature to
    check, and no time: nobody else can send what she sent once.
    https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html
    Raises EventRefused for what is not hers; Lambda reports the error and answers nothing.
    """
    begun = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        aws_request_id=str(getattr(context, "aws_request_id", ""))[:64]
    )
    close_old_connections()  # as Django does around a request
    try:
        envelope = _checked(event)
        with serving.turn_in_time():
            response: dict[str, Any] = json.loads(told(envelope, begun))
    except EventRefused as error:
        metrics.alexa_requests_rejected.labels(error.reason).inc()
        log.warning("alexa_request_rejected", reason=error.reason)
        raise
    else:
        log.info("alexa_request_answered")
        return response
    finally:
        # a frozen function's connection may be dead when it thaws
        connections.close_all()


def _checked(event: object) -> dict[str, Any]:
    """The envelope, as JSON has it and with the same limits as the view's."""
    envelope: dict[str, Any] = json.loads(_as_json(event))
    request = _member(event, "request")
    system = _member(_member(event, "context"), "System")
    for value, shape in (
        (request.get("type"), _TYPE),
        (request.get("requestId"), _ID),
        (_member(system, "user").get("userId"), _ID),
    ):
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise EventRefused("malformed")
    # The trigger's condition comes first. Without it anybody's skill could name this function.
    if _member(system, "application").get("applicationId") not in settings.ALEXA_SKILL_IDS:
        raise EventRefused("skill_id")
    return envelope


def _as_json(event: object) -> str:
    """What the view would have parsed: of its size, and with no value that it refuses."""
    try:
        # no spaces: as the body of a request it would be no shorter
        text = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())  # UnicodeEncodeError, a ValueError: half a surrogate pair
        if size <= MAX_BODY_BYTES:
            check_values(event)
    except (TypeError, ValueError, RecursionError):
        raise EventRefused("malformed") from None  # its text may quote the event
    if size > MAX_BODY_BYTES:
        raise EventRefused("too_large")
    return text


def _member(parent: object, name: str) -> Mapping[str, Any]:
    member = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(member, dict):
        raise EventRefused("malformed")
    return member
