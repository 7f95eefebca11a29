"""What the execution log of the gateway says, put together to exchanges.

Each line of a request begins with its id in parentheses. Objects are printed as {a=b, c=d}, without
quotes, and lines end at 1 KB with [TRUNCATED]: what cannot be told apart for certain is left out.
https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-execution-logging.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

MOST_TEXT = 64 * 1024  # characters of one line that are looked at
MOST_LINES = 60  # of one request; an ordinary one has twenty

type Pairs = list[tuple[str, str]]

_LINE = re.compile(r"\(([0-9A-Za-z-]{8,64})\) (.*)", re.DOTALL)
_CUT = "[TRUNCATED]"
_TEXTS = {
    "Method request query string: ": "query",
    "Method request headers: ": "request_headers",
    "Method request body before transformations: ": "request_body",
    "Endpoint request URI: ": "uri",
    "Endpoint response headers: ": "answer_headers",
    "Endpoint response body before transformations: ": "answer_body",
}
_RESOURCE = re.compile(r"HTTP Method: ([A-Z]{1,10}), Resource Path: (\S{1,200})")
_RECEIVED = re.compile(
    r"Received response\.(?: Status: (\d{3}),)? Integration latency: (\d{1,7}) ms"
)
_COMPLETED = re.compile(r"Method completed with status: (\d{3})")
_FAILED = re.compile(r"Execution failed due to (.{1,300})", re.DOTALL)
# a new name in {a=b, c=d}; a value may hold a comma, a space and an equals sign
_NAME = re.compile(r"(?:^|, )([A-Za-z_][A-Za-z0-9_.-]{0,60})=")
# of the headers only these are looked for: commas in the others look like the next one
_HEADERS = frozenset(
    {
        "accept-language",
        "authorization",
        "cache-control",
        "content-type",
        "date",
        "location",
        "pragma",
        "retry-after",
        "server",
        "user-agent",
        "www-authenticate",
        "x-amzn-errortype",
        "x-cache",
    }
)


@dataclass(frozen=True)
class Text:
    """The rest of a line; secrets stand in it. `is_cut`: the log has only its beginning."""

    text: str = field(default="", repr=False)
    is_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.text or self.is_cut)


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One exchange, secrets included: it is redacted before anything else happens to it.

    `status` is 0 while no answer is in the log, or where there was none for a `problem`: timeout,
    unreachable, tls. `cut` names what the log cut off: query, request headers, request body,
    answer headers, answer body.
    """

    request_id: str
    at: datetime
    milliseconds: int = 0
    method: str = ""
    resource: str = ""  # of the API: /oauth2/token
    url: str = field(default="", repr=False)  # of the OAuth server, without its query
    query: str = field(default="", repr=False)
    request_headers: Pairs = field(default_factory=list, repr=False)
    request_body: bytes = field(default=b"", repr=False)
    status: int = 0
    answer_headers: Pairs = field(default_factory=list, repr=False)
    answer_body: bytes = field(default=b"", repr=False)
    problem: str = ""
    cut: frozenset[str] = frozenset()

    @property
    def is_over(self) -> bool:
        return bool(self.status or self.problem)

    @property
    def hides_authorization(self) -> bool:
        """Whether there was an Authorization header; the service prints stars in its place."""
        return any(name == "authorization" for name, _ in self.request_headers)


def exchanges(lines: Iterable[tuple[int, str]]) -> list[Logged]:
    """(milliseconds since 1970, message) of the log, in its order, as exchanges in theirs."""
    found: dict[str, list[tuple[int, str]]] = {}
    for at, message in lines:
        if match := _LINE.match(message[:MOST_TEXT]):
            own = found.setdefault(match[1], [])
            if len(own) < MOST_LINES:
                own.append((at, match[2]))
    logged = [_exchange(request_id, own) for request_id, own in found.items()]
    return sorted((each for each in logged if each.resource), key=lambda each: each.at)


def _exchange(request_id: str, lines: list[tuple[int, str]]) -> Logged:
    texts: dict[str, Text] = {}
    facts: dict[str, Any] = {}
    for _, line in lines:
        name, text = _known(line)
        if name:
            texts.setdefault(name, text)
        else:
            facts |= _facts(line)
    url, query, query_is_cut = _query(texts.get("uri", Text()), texts.get("query", Text()))
    sent, sent_is_cut = _headers(texts.get("request_headers", Text()))
    got, got_is_cut = _headers(texts.get("answer_headers", Text()))
    form, form_is_cut = _form(texts.get("request_body", Text()))
    body, body_is_cut = _body(texts.get("answer_body", Text()))
    cut = {
        "query": query_is_cut,
        "request headers": sent_is_cut,
        "request body": form_is_cut,
        "answer headers": got_is_cut,
        "answer body": body_is_cut,
    }
    first, last = min(at for at, _ in lines), max(at for at, _ in lines)
    return Logged(
        request_id=request_id,
        at=datetime.fromtimestamp(first / 1000, UTC),
        milliseconds=facts.get("milliseconds", last - first),
        method=facts.get("method", ""),
        resource=facts.get("resource", ""),
        url=url,
        query=query,
        request_headers=sent,
        request_body=form,
        status=0 if "problem" in facts else facts.get("status", 0),
        answer_headers=got,
        answer_body=body,
        problem=facts.get("problem", ""),
        cut=frozenset(name for name, is_cut in cut.items() if is_cut),
    )


def _known(line: str) -> tuple[str, Text]:
    for start, name in _TEXTS.items():
        if line.startswith(start):
            text = line[len(start) :]
            is_cut = text.endswith(_CUT) or len(line) >= MOST_TEXT
            return name, Text(text.removesuffix(_CUT).rstrip(" ") if is_cut else text, is_cut)
    return "", Text()


def _facts(line: str) -> dict[str, Any]:
    if match := _RESOURCE.fullmatch(line):
        return {"method": match[1], "resource": match[2]}
    if match := _RECEIVED.match(line):
        return {"milliseconds": int(match[2])}
    if match := _COMPLETED.match(line):
        return {"status": int(match[1])}
    if match := _FAILED.match(line):
        return {"problem": _problem(match[1].lower())}
    return {}


def _problem(reason: str) -> str:
    if "timeout" in reason or "timed out" in reason:
        return "timeout"
    if any(word in reason for word in ("certificate", "pkix", "ssl", "tls", "handshake")):
        return "tls"
    return "unreachable"


def _query(uri: Text, printed: Text) -> tuple[str, str, bool]:
    """Address, query as it was sent on, and whether something of it is missing.

    The address of the OAuth server has the query encoded, so nothing in it is ambiguous. The object
    is shorter, and may be whole where the address was cut.
    """
    url, _, query = uri.text.partition("?")
    if not uri.is_cut and uri:
        return url, query, False
    pairs = None if printed.is_cut or not printed else _object(printed.text)
    if pairs is not None:
        return url, urlencode(pairs), False
    return url, query.rpartition("&")[0], bool(uri or printed)


def _object(text: str) -> Pairs | None:
    """Names and values of {a=b, c=d}; None where a comma in a value leaves it open which."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    inner = text[1:-1]
    pairs = _split(inner)
    names = [name for name, _ in pairs]
    is_certain = len(names) == len(set(names)) and not any(", " in value for _, value in pairs)
    return pairs if is_certain and bool(pairs) == bool(inner) else None


def _split(inner: str) -> Pairs:
    marks = list(_NAME.finditer(inner))
    if not marks or marks[0].start():
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(inner)]
    return [(mark[1], inner[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]


def _headers(printed: Text) -> tuple[Pairs, bool]:
    """Those that matter, lower case; one that seems to come twice is left out."""
    inner = printed.text.removeprefix("{")
    inner = inner if printed.is_cut else inner.removesuffix("}")
    pairs = _split(inner)
    if printed.is_cut:
        pairs = pairs[:-1] + _whole_part(pairs[-1:])
    found = [(name.lower(), value) for name, value in pairs if name.lower() in _HEADERS]
    names = [name for name, _ in found]
    return [pair for pair in found if names.count(pair[0]) == 1], printed.is_cut


def _whole_part(last: Pairs) -> Pairs:
    """Of a redirect that was cut in its query: where to, and the parameters before the last."""
    return [
        (name, value.rpartition("&")[0] or value.partition("?")[0])
        for name, value in last
        if name.lower() == "location" and "?" in value
    ]


def _form(printed: Text) -> tuple[bytes, bool]:
    """Of a form that was cut, the parameters before the last: half a token has another digest."""
    text = printed.text.rpartition("&")[0] if printed.is_cut else printed.text
    return text.encode(), printed.is_cut


def _body(printed: Text) -> tuple[bytes, bool]:
    """Of a JSON object that was cut, the members before the last."""
    text = printed.text
    if printed.is_cut and text.lstrip().startswith("{"):
        text = json.dumps(_members(text.lstrip()))
    return text.encode(), printed.is_cut


def _members(text: str) -> dict[str, Any]:
    """The members of a JSON object that are there as a whole."""
    decoder, members, at = json.JSONDecoder(), {}, 1
    try:
        while True:
            at = _after_space(text, at)
            name, at = decoder.raw_decode(text, at)
            at = _after_space(text, at)
            if not isinstance(name, str) or text[at : at + 1] != ":":
                break
            value, at = decoder.raw_decode(text, _after_space(text, at + 1))
            at = _after_space(text, at)
            if text[at : at + 1] != ",":  # a number may go on after the cut
                break
            members[name] = value
            at += 1
    except (ValueError, RecursionError):
        pass  # here it was cut
    return members


def _after_space(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\n", "\r", "\t"}:
        at += 1
    return at
