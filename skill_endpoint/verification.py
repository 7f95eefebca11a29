"""Headers and raw body in, the envelope out, or RequestRejected: the gate of the voice door.

Nothing of the body is read before its signature holds.

Sources: https://developer.amazon.com/en-US/docs/alexa/custom-skills/
host-a-custom-skill-as-a-web-service.html (the rules, the 150 s) and
https://developer.amazon.com/en-US/docs/alexa/smapi/skill-events-in-alexa-skills.html
(events come for up to an hour).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.conf import settings

from skill_endpoint import certificates
from skill_endpoint.certificates import CertificateRejected
from skill_endpoint.signing_keys import signing_key

# A request is some 2,000 bytes. It carries the access token twice (at most 2 x 16 KiB) and the
# session attributes of our last answer (an answer is at most 24 KiB).
MAX_BODY_BYTES = 64 * 1024
MAX_SIGNATURE_LENGTH = 1024  # base64 of a 4096-bit signature has 684 characters
MAX_DEPTH = 64  # Alexa's own nest about 12 deep; a screen's components somewhat deeper
TOLERANCE = 150  # seconds, both ways
EVENT_TOLERANCE = 3600  # seconds into the past, for EVENTS
EVENT_PREFIX = "AlexaSkillEvent."
# the five that Amazon's SDKs treat so (ask_sdk_webservice_support, verifier_constants.py)
EVENTS = frozenset(
    EVENT_PREFIX + name
    for name in (
        "SkillEnabled",
        "SkillDisabled",
        "SkillPermissionChanged",
        "SkillPermissionAccepted",
        "SkillAccountLinked",
    )
)

_ID = re.compile(r"[!-~]{1,255}")  # "at most 255 characters"; all that are known are ASCII
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,127}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)

Reason = (
    certificates.Reason
    | Literal[
        "method",
        "rate_limit",
        "too_large",
        "unreadable",
        "content_type",
        "headers",
        "signature",
        "malformed",
        "timestamp",
        "skill_id",
        "replay",
    ]
)


class RequestRejected(Exception):
    """Not a request of Alexa to this skill, now. `reason` is for logs and metrics only."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def verify(
    headers: Mapping[str, str], body: bytes, *, now: datetime | None = None
) -> dict[str, Any]:
    """The envelope of a request that Alexa signed for one of our skills, or RequestRejected.

    The envelope has `request.type`, `request.requestId`, `request.timestamp` (ISO 8601),
    `context.System.application.applicationId` and `context.System.user.userId`, all text within
    their limits; nothing else of it was looked at. A replay is the caller's to notice.
    """
    now = now or datetime.now(UTC)
    if len(body) > MAX_BODY_BYTES:
        raise RequestRejected("too_large")
    given = _lowered(headers)
    content_type = _header(given, "content-type", "content_type")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestRejected("content_type")
    signature = _header(given, "signature-256", "headers")
    url = _header(given, "signaturecertchainurl", "headers")
    _check_signature(signature, url, body, now)
    envelope = _parse(body)
    request, system = _object(envelope, "request"), _object(_object(envelope, "context"), "System")
    for text, shape in (
        (request.get("type"), _TYPE),
        (request.get("requestId"), _ID),
        (_object(system, "user").get("userId"), _ID),
    ):
        if not isinstance(text, str) or not shape.fullmatch(text):
            raise RequestRejected("malformed")
    moment = _moment(request.get("timestamp"))
    request["timestamp"] = moment.isoformat()
    age = (now - moment).total_seconds()
    if not -TOLERANCE <= age <= (EVENT_TOLERANCE if request["type"] in EVENTS else TOLERANCE):
        raise RequestRejected("timestamp")
    _check_skill(envelope, _object(system, "application").get("applicationId"))
    return envelope


def is_event(envelope: Mapping[str, Any]) -> bool:
    """Whether a verified envelope reports what happened to the skill, instead of asking it."""
    return str(envelope["request"]["type"]).startswith(EVENT_PREFIX)


def _lowered(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """Values by name in small letters."""
    given: dict[str, list[str]] = {}
    for name, value in headers.items():
        given.setdefault(name.lower(), []).append(value)
    return given


def _header(given: Mapping[str, list[str]], name: str, reason: Reason) -> str:
    """The one value of a header. A server joins two with a comma, which no rule here takes."""
    values = given.get(name, [])
    if len(values) != 1 or not values[0]:
        raise RequestRejected(reason)
    return values[0]


def _check_signature(signature: str, url: str, body: bytes, now: datetime) -> None:
    if len(signature) > MAX_SIGNATURE_LENGTH:
        raise RequestRejected("headers")
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise RequestRejected("signature") from error
    try:
        key = signing_key(url, now)
    except CertificateRejected as error:
        raise RequestRejected(error.reason) from error
    try:
        key.verify(raw, body, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise RequestRejected("signature") from error


def _parse(body: bytes) -> dict[str, Any]:
    """One JSON object: UTF-8, no name twice, no NaN, text that can be written again, not deep."""
    try:
        envelope = json.loads(
            body.decode(), object_pairs_hook=_without_doubles, parse_constant=_refuse
        )
        check_values(envelope)
    # ValueError: JSON, UTF-8 and an int of more than 4,300 digits
    except (ValueError, RecursionError) as error:
        raise RequestRejected("malformed") from error
    if not isinstance(envelope, dict):
        raise RequestRejected("malformed")
    return envelope


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def check_values(value: Any) -> None:
    """Raises ValueError for nesting beyond MAX_DEPTH, half a surrogate pair, NUL or infinity.

    json takes these, and databases, digests and loggers fail on them later.
    """
    level, depth = [value], 0
    texts: list[str] = []
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError("nested too deep")
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                texts.append(item)
            elif isinstance(item, dict):
                texts.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif item in (float("inf"), float("-inf")):
                raise ValueError("a number out of range")
        level = below
    # all of them at once: a turn has a hundred
    text = "\n".join(texts)
    if "\0" in text:
        raise ValueError("NUL in text")
    text.encode()


def _object(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    member = parent.get(name)
    if not isinstance(member, dict):
        raise RequestRejected("malformed")
    return member


def _moment(timestamp: object) -> datetime:
    """ISO 8601 with its offset, as documented, or whole milliseconds since 1970.

    Alexa's test tools have sent the number; the SDK cannot read it, so it goes on as text.
    """
    try:
        if type(timestamp) is int:
            return datetime.fromtimestamp(timestamp / 1000, UTC)
        if isinstance(timestamp, str) and _MOMENT.fullmatch(timestamp):
            return datetime.fromisoformat(timestamp).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise RequestRejected("timestamp") from error
    raise RequestRejected("timestamp")


def _check_skill(envelope: Mapping[str, Any], application_id: object) -> None:
    """Signed by Alexa is not enough: anybody's skill can name our address as its endpoint."""
    if application_id not in settings.ALEXA_SKILL_IDS:
        raise RequestRejected("skill_id")
    session = _object(envelope, "session") if envelope.get("session") is not None else {}
    if session.get("application") is None:  # events have no session
        return
    if _object(session, "application").get("applicationId") != application_id:
        raise RequestRejected("skill_id")
