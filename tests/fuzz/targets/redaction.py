"""Secrets of every kind, planted into an exchange in every encoding: none comes out again."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Iterator
from itertools import product
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from django.conf import settings

from accounts.oauth_trace import redaction, scrubbing
from accounts.oauth_trace.exchange import Message
from tests.fuzz.target import Target, check

EMAIL, PHONE = "mia.k@example.org", "+12065550147"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJ1c2VybmFtZSI6Im1pYS0xMjMifQ.c2lnbmVkLWJ5LW5vYm9keS0xMjM0NQ"
CODE = "3f6c0dee-7a51-4c8f-9a4e-0123456789ab"
_NAMED = (
    "code",
    "state",
    "access_token",
    "refresh_token",
    "code_verifier",
    "client_secret",
    "nonce",
)
_SHOWN = ("error_description", "message", "scope", "error", "lang", "unheard_of")


def _own() -> str:
    return str(settings.COGNITO_ALEXA_CLIENT_SECRET)


# what is planted; a code is known by the name it stands under alone
SECRETS: tuple[Callable[[], str], ...] = (_own, lambda: EMAIL, lambda: PHONE, lambda: TOKEN)
ENCODINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: quote_plus(text),
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    html.escape,
    lambda text: "".join(chr(ord(letter) + 0xFEE0) for letter in text),  # full width
)
PLACES = (
    *("path", "query_name", "user_agent", "basic", "basic_user", "bearer", "json_name", "location"),
    *("location_query", "method", "content_type", "host", "fragment"),
    *(f"{where}:{name}" for where in ("query", "form", "json") for name in (*_NAMED, *_SHOWN)),
)


def planted(data: bytes) -> None:
    """The first three bytes: which secret, how it is encoded, where; the rest is around it."""
    kind, how, where, *_ = (*data[:3], 0, 0, 0)
    secret = SECRETS[kind % len(SECRETS)]()
    place = PLACES[where % len(PLACES)]
    before, _, after = data[3:].decode("utf-8", "replace").partition("|")
    if kind // len(SECRETS) % 2 and place.partition(":")[2] in _NAMED:
        secret = CODE
    if secret == PHONE:  # digits beside it would make another number of it
        before, after = f"{before} ", f" {after}"
    text = f"{before}{ENCODINGS[how % len(ENCODINGS)](secret)}{after}"
    messages = [_message(place, text)]
    if not messages[0].status:
        repeated = json.dumps(
            {"error": "invalid", "error_description": text, "more": text}
        ).encode()
        messages.append(redaction.answer(status=400, body=repeated, headers_=[("Server", text)]))
    for message in messages:
        kept = json.dumps(message.to_json(), ensure_ascii=False)
        _does_not_hold(kept, secret, (place, text))
        check(Message.from_json(json.loads(kept)) == message, "kept is as made", kept)
        check(len(kept) < 200_000, "what is kept is bounded", len(kept))


def scrubbed(data: bytes) -> None:
    """One line, not too long, without what was planted in it."""
    kind, how, *_ = (*data[:2], 0, 0)
    secret = SECRETS[kind % len(SECRETS)]()
    before, _, after = data[2:].decode("utf-8", "replace").partition("|")
    if secret == PHONE:
        before, after = f"{before} ", f" {after}"
    text = f"{before}{ENCODINGS[how % len(ENCODINGS)](secret)}{after}"
    kept = scrubbing.scrub(text)
    _does_not_hold(kept, secret, text)
    check(len(kept) <= scrubbing.TEXT_LENGTH, "it is bounded", len(kept))
    check(kept.isprintable(), "it is one line", kept)


def _does_not_hold(kept: str, secret: str, seen: object) -> None:
    readings = {kept}
    for decode in (unquote, unquote_plus, html.unescape):
        readings |= {decode(each) for each in readings}
    parts = secret.split(".") if secret == TOKEN else [secret]
    for part in parts[-2:]:
        check(not any(part in each for each in readings), "no secret is kept", (part, seen, kept))


def _message(place: str, text: str) -> Message:
    where, _, name = place.partition(":")
    at = "https://auth.example.com/oauth2/token"
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    if where == "query":
        return redaction.request(method="GET", url=at, query=f"a=b&{name}={text}&c=d")
    if where == "form":
        body = f"grant_type=x&{name}={text}&c=d".encode("utf-8", "replace")
        return redaction.request(method="POST", url=at, headers_=form, body=body)
    if where == "json":
        body = json.dumps({"a": 1, name: text}).encode()
        return redaction.answer(
            status=400, body=body, headers_=[("Content-Type", "application/json")]
        )
    if where == "json_name":
        return redaction.answer(status=400, body=json.dumps({text: "x"}).encode())
    if where.startswith("location"):
        mark = "?x=y&error_description=" if where == "location_query" else "/"
        headers = [("Location", f"https://auth.example.com{mark}{text}")]
        return redaction.answer(status=302, headers_=headers)
    if where.startswith("basic"):
        pair = f"{text}:x" if where == "basic_user" else f"id:{text}"
        coded = base64.b64encode(pair.encode("utf-8", "replace")).decode()
        return redaction.request(
            method="POST", url=at, headers_=[("Authorization", f"Basic {coded}")]
        )
    header = {"user_agent": "User-Agent", "content_type": "Content-Type", "bearer": "Authorization"}
    if where in header:
        value = f"Bearer {text}" if where == "bearer" else text
        return redaction.request(method="POST", url=at, headers_=[(header[where], value)])
    if where == "query_name":
        return redaction.request(method="GET", url=at, query=f"a=b&{text}=x")
    if where == "method":
        return redaction.request(method=text, url=at)
    mark = {"path": "/", "host": "@", "fragment": "#"}[where]
    return redaction.request(method="GET", url=f"https://auth.example.com{mark}{text}")


def _plantings() -> Iterator[bytes]:
    for kind, how, where in product(range(len(SECRETS)), range(len(ENCODINGS)), range(len(PLACES))):
        if (kind + how + where) % 7 == 0:
            yield bytes([kind, how, where]) + b"The user | was refused"
    for kind in range(8):
        yield bytes([kind, 1, 20]) + b"a%20b%|&x=%2"


def _texts() -> Iterator[bytes]:
    for kind, how in product(range(len(SECRETS)), range(len(ENCODINGS))):
        yield bytes([kind, how]) + "Größe of | 1.2.3".encode()


WORDS = (
    b"%",
    b"%25",
    b"&",
    b"=",
    b"+",
    b" ",
    b"@",
    b"/",
    b"?",
    b"#",
    b"\\u0040",
    b"&#64;",
    b"|",
    b":",
)
TARGETS = [
    Target(
        name="redaction",
        promise="no secret that came in an exchange is kept of it",
        run=planted,
        seeds=_plantings,
        words=WORDS,
        longest=2000,
        examples=300,
    ),
    Target(
        name="scrubbing",
        promise="no secret is left in a text that is shown, and the text is short",
        run=scrubbed,
        seeds=_texts,
        words=WORDS,
        longest=2000,
        examples=300,
    ),
]
