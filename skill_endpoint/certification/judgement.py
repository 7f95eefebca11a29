"""What an answer is worth: the status wanted, the time, and what it tells a stranger."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any

from skill_endpoint.certification.bench import TOO_MANY, Sent
from skill_endpoint.certification.case import Level, State, Verdict
from skill_endpoint.certification.exchange import Answer, Request

ALEXA_WAITS = 8_000  # milliseconds
SLOW = 3_000  # milliseconds
MAX_RESPONSE = 120 * 1024  # bytes of a response
REFUSED = frozenset({400})

_PROBLEMS = {
    "unreachable": "no connection",
    "tls": "no TLS connection",
    "timeout": "no answer in {seconds:.0f} s",
    "reset": "connection reset without an answer",
    "closed": "connection closed without an answer",
    "garbled": "an answer that is not HTTP",
}
_TRACE = re.compile(
    rb"Traceback \(most recent call last\)|File (?:\"|&quot;)|\bat [\w.$]+\([\w.]+:\d+"
    rb"|\n\s+at [\w.<>$]+ ?\(|#\d+ /[\w/.]+\(\d+\)"
)
_REASON = re.compile(
    rb"(?i)\b(signature|certificates?|x\.?509|timestamp|base64|"
    rb"application ?id|skill ?id|json|unmarshal|deserializ\w+)\b"
)
_LONG_ENOUGH = 12  # characters of a value: a shorter one may stand in an answer by chance

Look = Callable[[dict[str, Any]], str]


def refusal(
    sent: Sent,
    *,
    wanted: Collection[int] = REFUSED,
    level: Level = "must",
    may_hang_up: bool = False,
) -> Verdict:
    """Whether it was refused with one of these statuses, in time, and without telling why.

    `may_hang_up`: a connection that ends without an answer is a refusal too, if not a nice one.
    """
    answer = sent.answer
    if answer.status in wanted:
        return _timed(answer, "passed", _status(answer), _leaks(sent))
    if answer.problem in {"reset", "closed"} and may_hang_up:
        return _verdict(answer, "warning", f"{_status(answer)}; a status would be clearer")
    if answer.status == TOO_MANY:
        return _rate_limited(answer)
    text = f"{_status(answer)}, wanted {_any_of(wanted)}"
    if answer.status == 200:
        text = f"accepted: {text}"
    return _verdict(answer, _fault(answer, level), text, _leaks(sent))


def acceptance(sent: Sent, *, level: Level = "must", look: Look | None = None) -> Verdict:
    """Whether it was answered with a response that Alexa takes; `look` says what else is wrong."""
    answer = sent.answer
    if answer.status == TOO_MANY:
        return _rate_limited(answer)
    if answer.status != 200:
        text = f"{_status(answer)}, wanted 200"
        if 300 <= answer.status < 400:
            text += ": Alexa follows no redirect"
        return _verdict(answer, _fault(answer, level), text)
    response, wrong = _response(answer)
    if wrong:
        return _verdict(answer, "failed", f"HTTP 200 with {wrong}")
    notes = []
    if "json" not in answer.content_type.lower():
        kind = "".join(filter(str.isprintable, answer.content_type[:60]))  # it goes to a terminal
        notes.append(f"its content type is {kind or 'missing'}, not JSON")
    if look and (noticed := look(response)):
        notes.append(noticed)
    return _timed(answer, "passed", _status(answer), tuple(notes))


def no_error(sent: Sent, *, wanted: Collection[int]) -> Verdict:
    """Whether it was answered at all: several statuses are right, a failure of the server none."""
    if sent.answer.status == 200 and 200 in wanted:
        return _timed(sent.answer, "passed", _status(sent.answer), ())
    return refusal(sent, wanted=wanted, level="should")


def _fault(answer: Answer, level: Level) -> State:
    """No answer, or a 5xx, is a fault whatever was sent: somebody's request has ended a process."""
    broken = answer.problem or answer.status >= 500
    return "failed" if broken or level == "must" else "warning"


def _response(answer: Answer) -> tuple[dict[str, Any], str]:
    """The response, and what makes it none."""
    if not answer.is_whole:
        return {}, f"more than {MAX_RESPONSE // 1024} KB"
    try:
        response = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}, "a body that is not JSON"
    if not isinstance(response, dict):
        return {}, "JSON that is no object"
    if not isinstance(response.get("version"), str) or not response["version"]:
        return {}, "no version"
    if not isinstance(response.get("response", {}), dict):
        return {}, "a response that is no object"
    return response, ""


def _timed(answer: Answer, state: State, seen: str, notes: tuple[str, ...]) -> Verdict:
    if answer.milliseconds > ALEXA_WAITS:
        return _verdict(answer, "failed", f"{seen} too late: Alexa waits 8 s", notes)
    if answer.milliseconds > SLOW:
        notes = (*notes, "slower than 3 s: Alexa's users wait with it")
    return _verdict(answer, "warning" if notes else state, seen, notes)


def _verdict(answer: Answer, state: State, seen: str, notes: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        state=state,
        seen=seen,
        status=answer.status,
        milliseconds=answer.milliseconds,
        notes=notes,
    )


def _rate_limited(answer: Answer) -> Verdict:
    return _verdict(answer, "unjudged", "rate-limited: HTTP 429, also after waiting")


def _status(answer: Answer) -> str:
    if answer.problem:
        return _PROBLEMS[answer.problem].format(seconds=answer.milliseconds / 1000)
    return f"HTTP {answer.status}"


def _any_of(statuses: Collection[int]) -> str:
    return " or ".join(str(status) for status in sorted(statuses))


def _leaks(sent: Sent) -> tuple[str, ...]:
    """What the answer to a stranger tells, said without repeating it."""
    body = sent.answer.body
    found = []
    if any(value in body for value in _values(sent.request)):
        found.append("echoes: its body repeats what was sent")
    if _TRACE.search(body):
        found.append("echoes: its body has a stack trace")
    elif match := _REASON.search(body):
        found.append(f"echoes: its body tells the reason (“{match[0].decode(errors='replace')}”)")
    return tuple(found)


def _values(request: Request) -> set[bytes]:
    """What was sent and is long enough to be recognized, header values and texts of the body."""
    texts = {value for name, value in request.headers if name != "Content-Type"}
    texts |= set(re.findall(r':\s*"([^"\\]*)"', request.body[:8192].decode("latin-1")))
    return {text.encode("latin-1", "ignore") for text in texts if len(text) >= _LONG_ENOUGH}
