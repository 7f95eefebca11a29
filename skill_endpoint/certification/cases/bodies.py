"""Bodies that are not a request: no JSON, another shape, too much of it.

They are signed where there is a key. Without one they are worth sending all the same: several
frameworks parse before they verify, and fail over the parsing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skill_endpoint.certification import sources
from skill_endpoint.certification.case import Case, Level
from skill_endpoint.certification.cases.making import grouped, not_broken, refused
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.kit import Kit, encoded

TOO_LARGE = frozenset({400, 413})
MEGABYTE = 1024 * 1024
Edit = Callable[[bytes], bytes]


def _edited(edit: Edit) -> Callable[[Kit], Request]:
    """A launch whose bytes were edited before they were signed."""
    return lambda kit: kit.request(edit(encoded(kit.launch())))


def _wrong(
    code: str, title: str, edit: Edit, why: str = "it is no request", level: Level = "must"
) -> Case:
    return refused(
        f"body-{code}", title, _edited(edit), why=why, source=sources.RAISES, level=level
    )


def _strict(code: str, title: str, edit: Edit, why: str) -> Case:
    return refused(
        f"body-{code}", title, _edited(edit), why=why, source=sources.JSON, level="should"
    )


def _with(member: bytes) -> Edit:
    """One member more at the end of the object."""
    return lambda body: body[:-1] + b"," + member + b"}"


def _shaped(change: Callable[[dict[str, Any]], Any]) -> Callable[[Kit], Request]:
    def build(kit: Kit) -> Request:
        envelope = kit.launch()
        change(envelope)
        return kit.request(envelope)

    return build


def _without(name: str) -> Callable[[Kit], Request]:
    return _shaped(lambda envelope: envelope.pop(name))


def _shape(code: str, title: str, change: Callable[[dict[str, Any]], Any]) -> Case:
    return refused(
        f"body-{code}",
        title,
        _shaped(change),
        why="there is nothing to answer",
        source=sources.FORMAT,
    )


CASES = grouped(
    "Body",
    _wrong("empty", "an empty body", lambda body: b""),
    _wrong("not-json", "words", lambda body: b"this is no JSON"),
    _wrong("half-json", "the first half of a request", lambda body: body[: len(body) // 2]),
    _wrong("array", "an empty array", lambda body: b"[]"),
    _wrong("null", "null", lambda body: b"null"),
    _wrong("number", "a number", lambda body: b"7"),
    _wrong("text", "a JSON text", lambda body: b'"text"'),
    _wrong("empty-object", "{}", lambda body: b"{}"),
    _wrong("in-array", "a request in an array", lambda body: b"[" + body + b"]"),
    _wrong("form", "a form", lambda body: b"request=LaunchRequest&version=1.0"),
    _wrong(
        "deep",
        "15,000 brackets within one another",
        _with(b'"x":' + b"[" * 15_000 + b"]" * 15_000),
        "recursion's end is no 500",
        "should",
    ),
    _wrong(
        "deep-open",
        "60,000 brackets that do not close",
        lambda body: b"[" * 60_000,
        "recursion's end is no 500",
    ),
    _wrong(
        "bad-utf-8", "a byte that is no UTF-8", _with(b'"x":"\xff"'), "a decoder's error is no 500"
    ),
    _wrong("utf-16", "UTF-16", lambda body: body.decode().encode("utf-16"), "JSON is UTF-8"),
    _wrong("nul", "a single NUL", lambda body: b"\0"),
    _strict(
        "nul-in-text",
        "a NUL in a text",
        _with(b'"x":"\\u0000"'),
        "databases fail over it later",
    ),
    _strict(
        "half-pair",
        "half a surrogate pair in a text",
        _with(b'"x":"\\ud83d"'),
        "nothing can write it again",
    ),
    _strict(
        "duplicate-names",
        "a name twice in one object",
        _with(b'"version":"2.0"'),
        "which counts differs from parser to parser",
    ),
    _strict("nan", "NaN", _with(b'"x":NaN'), "not JSON"),
    _strict(
        "byte-order-mark", "a byte order mark", lambda body: b"\xef\xbb\xbf" + body, "not JSON"
    ),
    _strict(
        "long-number",
        "a number of 5,000 digits",
        _with(b'"x":' + b"9" * 5000),
        "no device sends one",
    ),
    refused(
        "body-1-mb",
        "a body of 1 MB",
        _edited(lambda body: body + b" " * (MEGABYTE - len(body))),
        why="a request has some 2 KB; what is read has a limit",
        source=sources.HTTP,
        statuses=TOO_LARGE,
        level="should",
        may_hang_up=True,
    ),
    refused(
        "body-8-mb",
        "a body of 8 MB",
        _edited(lambda body: body + b" " * (8 * MEGABYTE - len(body))),
        why="a request has some 2 KB; what is read has a limit",
        source=sources.HTTP,
        statuses=TOO_LARGE,
        level="should",
        may_hang_up=True,
    ),
    _shape("without-request", "no request", lambda envelope: envelope.pop("request")),
    _shape("request-text", "a text as request", lambda envelope: envelope.update(request="x")),
    _shape(
        "without-type",
        "a request without its type",
        lambda envelope: envelope["request"].pop("type"),
    ),
    _shape(
        "type-number",
        "a number as its type",
        lambda envelope: envelope["request"].update(type=7),
    ),
    _shape("context-list", "a list as context", lambda envelope: envelope.update(context=[])),
    *(
        not_broken(
            f"body-without-{name}",
            f"no {name}",
            _without(name),
            why="Alexa sends it; whether a skill needs it is its own affair",
            source=sources.FORMAT,
        )
        for name in ("version", "session", "context")
    ),
    not_broken(
        "body-session-null",
        "null as session",
        _shaped(lambda envelope: envelope.update(session=None)),
        why="some requests have no session",
        source=sources.FORMAT,
    ),
)
