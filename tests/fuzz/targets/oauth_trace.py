"""One linking through the trace's front, each part of it anything: passed on, and nothing kept."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote_plus

from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from accounts.oauth_trace import briefly, recording, wanted
from accounts.oauth_trace.models import Attempt, Event, Span
from accounts.oauth_trace.views import MAX_FORM, MAX_QUERY
from tests.conftest import browser
from tests.fuzz.target import Target, check

# none of these may be kept; they stand in an input in the place of what is made anew each time
PLANTED = {
    b"@state@": b"A2SAAEAEEMmbf0KpoLyJ8vZtQ3xNstate",
    b"@code@": b"c0de3f6c0dee7a514c8f9a4e01234567",
    b"@access@": b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmVkLWJ5LW5vYm9keQ",
    b"@refresh@": b"eyJjdHkiOiJKV1QiLCJlbmMi0123456789refresh",
}
BASIC = "Basic YWxleGEtY2xpZW50OmFsZXhhLXNlY3JldA=="
_STATUS = re.compile(rb"([1-5]\d\d)\n?")


class _Pool(BaseHTTPRequestHandler):
    """Says what the input says; keeps what came."""

    protocol_version = "HTTP/1.1"
    status, kind, body = 200, "application/json", b"{}"
    came: bytes | None = None

    def do_POST(self) -> None:
        _Pool.came = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(_Pool.status)
        self.send_header("Content-Type", _Pool.kind)
        self.send_header("Content-Length", str(len(_Pool.body)))
        self.end_headers()
        self.wfile.write(_Pool.body)

    def log_message(self, *args: object) -> None:
        """Silent."""


@cache
def _pool() -> str:
    """Its address; it ends with the process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pool)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_address[1]}"


def linking(data: bytes) -> None:
    """Lines: query of authorize, query of the way back, type of the form, the form, the pool's
    status, its type; and after them what it says."""
    for mark, secret in (PLANTED | {b"@redirect@": _back().encode()}).items():
        data = data.replace(mark, secret)
    opened, back, kind, form, status, told, said, *_ = (*data.split(b"\n", 6), *[b""] * 7)
    recording.forget_span()
    recording._losses.clear()
    briefly.forget()
    with override_settings(COGNITO_DOMAIN_URL=_pool()):
        Span.objects.create(ends_at=timezone.now() + timedelta(hours=1))
        person = browser()
        _authorize(person, opened)
        _come_back(person, back)
        _Pool.status = max(200, int(match[1])) if (match := _STATUS.match(status)) else 200
        _Pool.kind = _header(told) or "application/json"
        # the two statuses that have no body
        _Pool.body = b"" if _Pool.status in {204, 304} else said
        _redeem(form, _header(kind))
    check(not recording._losses, "nothing is lost")
    _nothing_is_kept()


def _authorize(person: Client, raw: bytes) -> None:
    query = raw.decode("latin-1")
    answer: Any = person.get("/oauth/authorize", QUERY_STRING=query)
    if answer.status_code == 400:
        sane = len(query) <= MAX_QUERY and query.isascii() and query.isprintable()
        check(not sane, "a sane query is passed on", query)
        check("Location" not in answer, "refused is not sent on")
        return
    where = f"{_pool()}/oauth2/authorize?"
    check(answer.status_code == 302, "passed on or refused", answer.status_code)
    location = answer["Location"]
    if answer.cookies:
        ours = quote(f"{settings.PUBLIC_URL}/oauth/callback", safe="")
        theirs = [pair for pair in query.split("&") if _name(pair) == "redirect_uri"]
        check(len(theirs) == 1, "captured where all is plain", query)
        name = theirs[0].partition("=")[0]
        query = "&".join(
            f"{name}={ours}" if each == theirs[0] else each for each in query.split("&")
        )
    check(location == (where + query if query else where[:-1]), "to the letter", (query, location))


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0], errors="replace")


def _come_back(person: Client, raw: bytes) -> None:
    query = raw.decode("latin-1")
    answer: Any = person.get("/oauth/callback", QUERY_STRING=query)
    if answer.status_code == 400:
        check("Location" not in answer, "refused is not sent on")
        return
    check(answer.status_code == 302, "passed on or refused", answer.status_code)
    where, _, rest = answer["Location"].partition("?")
    check(where in wanted.known().return_addresses, "to a registered address alone", where)
    check(rest == query, "to the letter", (rest, query))


def _redeem(form: bytes, kind: str) -> None:
    _Pool.came = None
    answer: Any = browser().post(
        "/oauth/token", form, content_type=kind or "text/plain", headers={"Authorization": BASIC}
    )
    if len(form) > MAX_FORM:
        check(answer.status_code == 413 and _Pool.came is None, "too long goes no further")
    else:
        check(answer.status_code == _Pool.status, "its status", (answer.status_code, _Pool.status))
        check(answer.content == _Pool.body, "its answer to the letter", answer.content)
        came, sent = _came(), _without_redirect(form)
        check(came == sent, "the form to the letter", (came, sent))


def _came() -> bytes:
    return _without_redirect(_Pool.came or b"")


def _without_redirect(form: bytes) -> bytes:
    """But for the one value that a captured linking needs changed."""
    pairs = form.split(b"&")
    return b"&".join(each for each in pairs if _name(each.decode("latin-1")) != "redirect_uri")


def _nothing_is_kept() -> None:
    attempts = list(Attempt.objects.values())
    events = list(Event.objects.values())
    kept = json.dumps([attempts, events], default=str, ensure_ascii=False)
    for secret in (*PLANTED.values(), b"alexa-secret", BASIC.partition(" ")[2].encode()):
        check(secret.decode() not in kept, "no secret is kept", (secret, kept))
    check(not any(each["is_withheld"] for each in events), "each exchange can be redacted", events)


def _back() -> str:
    return f"https://pitangui.amazon.com/api/skill/link/{settings.ALEXA_VENDOR_ID}"


def _header(raw: bytes) -> str:
    text = raw.decode("latin-1")
    return text if text.isascii() and text.isprintable() else ""


def _linkings() -> Iterator[bytes]:
    ask = (
        "state=@state@&client_id=alexa-client&response_type=code&scope=openid+email"
        f"&redirect_uri={quote(_back(), safe='')}"
    )
    form = f"grant_type=authorization_code&code=@code@&redirect_uri={quote(_back(), safe='')}"
    tokens = json.dumps(
        {
            "access_token": "@access@",
            "id_token": "@access@",
            "refresh_token": "@refresh@",
            "token_type": "Bearer",
            "expires_in": 3600,
        }
    )
    kind, json_ = "application/x-www-form-urlencoded", "application/json;charset=UTF-8"
    refresh = "grant_type=refresh_token&refresh_token=@refresh@&client_id=alexa-client"
    back = "code=@code@&state=@state@"
    denied = "error=access_denied&error_description=no%20@code@&state=@state@"
    wrong = '{"error":"invalid_grant","error_description":"@code@ was used"}'
    for lines in (
        (ask, back, kind, form, "200", json_, tokens),
        (ask, denied, kind, form, "400", json_, wrong),
        (
            ask + "&code_challenge=x&code_challenge_method=S256",
            back,
            kind,
            form,
            "200",
            json_,
            tokens,
        ),
        (ask.replace("alexa-client", "other"), back, kind, refresh, "200", json_, tokens),
        ("", "", "application/json", '{"code": "@code@"}', "302", "text/html", "<p>@access@</p>"),
        (
            ask,
            "state=@state@",
            kind,
            form + "&client_secret=alexa-secret",
            "500",
            "",
            "\x00@refresh@",
        ),
    ):
        yield "\n".join(lines).encode()


TARGETS = [
    Target(
        name="oauth_trace",
        promise="a linking is passed on to the letter, and no secret of it is kept",
        run=linking,
        seeds=_linkings,
        words=(
            *PLANTED,
            *(b"@redirect@", b"redirect_uri=", b"state=", b"code=", b"client_id=", b"&", b"%"),
            *(b"grant_type=", b"refresh_token", b"error=", b"scope=", b"\n", b"%2526", b"+", b"[]"),
        ),
        longest=20_000,
    ),
]
