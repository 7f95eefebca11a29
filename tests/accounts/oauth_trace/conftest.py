"""Linking through the trace as Alexa does it, each part of it changeable: a failure is provoked by
doing one thing wrong, against the local AWS or a stub that answers as Cognito's pages say."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from accounts.oauth_trace import recording, wanted
from accounts.oauth_trace.diagnosis import Finding, diagnose
from accounts.oauth_trace.models import Attempt, Span
from accounts.oauth_trace.trace import Trace
from skill_endpoint.simulator.linking import new_state
from tests.accounts.oauth_trace.raw_pool import RawPool
from tests.conftest import browser as new_client
from tests.local_aws import PASSWORD, LivePool, hosted_sign_in

ALEXA_HEADERS = {
    "Accept": "application/json",
    "User-Agent": "Apache-HttpClient/4.5.x (Java/1.8.0_152)",
}
FORM = "application/x-www-form-urlencoded;charset=UTF-8"


@pytest.fixture
def tracing(db: None) -> Iterator[Span]:
    """The trace is there and on, capture included."""
    recording.forget_span()
    with override_settings(OAUTH_TRACE=True):
        yield Span.objects.create(ends_at=timezone.now() + timedelta(hours=1))
    recording.forget_span()


@dataclass
class Linker:
    """Alexa and a browser. `redirect_uri`, `scope` … may be changed before a step."""

    client: Client
    client_id: str
    client_secret: str
    redirect_uri: str
    scope: str = "openid email phone"
    state: str = field(default_factory=new_state)
    browser: Client = field(default_factory=new_client)

    def authorize(self, **changes: str | None) -> str:
        """Open the trace's authorize address; where it leads. A change to None leaves out."""
        query: dict[str, str | None] = {
            "state": self.state,
            "client_id": self.client_id,
            "response_type": "code",
            "scope": self.scope,
            "redirect_uri": self.redirect_uri,
        }
        query |= changes
        return self.open({name: text for name, text in query.items() if text is not None})

    def open(self, query: dict[str, Any] | str) -> str:
        """With this query, to the letter where it is text."""
        raw = query if isinstance(query, str) else urlencode(query)
        answer = self.browser.get(f"/oauth/authorize?{raw}")
        assert answer.status_code == 302, answer.content[:300]
        return answer["Location"]

    def sign_in(self, location: str, user: str, password: str = PASSWORD) -> str:
        """At the pool's own page; the address that the browser comes back to."""
        return hosted_sign_in(location, user, password)

    def come_back(self, location: str) -> dict[str, list[str]]:
        """Follow the way back over the capture; the query that Alexa gets."""
        if location.startswith(f"{settings.PUBLIC_URL}/oauth/callback"):
            answer = self.browser.get(location.removeprefix(settings.PUBLIC_URL))
            assert answer.status_code == 302, answer.content[:300]
            location = answer["Location"]
        assert location.startswith(self.redirect_uri), location
        return parse_qs(urlsplit(location).query)

    def redeem(self, code: str, **changes: str | None) -> HttpResponse:
        """POST to the trace's token address by HTTP Basic, as Alexa does."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
        }
        return self.post(form | changes)

    def refresh(self, refresh_token: str, **changes: str | None) -> HttpResponse:
        form: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": self.client_id,
        }
        return self.post(form | changes)

    def post(
        self, form: dict[str, str | None], *, basic: tuple[str, str] | None = None
    ) -> HttpResponse:
        user, password = basic or (self.client_id, self.client_secret)
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        body = urlencode({name: text for name, text in form.items() if text is not None})
        answer: Any = self.client.post(
            "/oauth/token",
            body,
            content_type=FORM,
            headers={**ALEXA_HEADERS, "Authorization": f"Basic {credentials}"},
        )
        assert isinstance(answer, HttpResponse)
        return answer

    def link(self, user: str) -> dict[str, Any]:
        """All of it, as it should be; the token answer."""
        back = self.come_back(self.sign_in(self.authorize(), user))
        answer = self.redeem(back["code"][0])
        assert answer.status_code == 200, answer.content
        return dict(json.loads(answer.content))


@pytest.fixture
def linker(tracing: Span, pool: LivePool) -> Linker:
    values = pool.values
    wanted.forget()
    wanted.current()
    return Linker(
        new_client(), values.alexa_client_id, values.alexa_client_secret, values.alexa_callbacks[0]
    )


type Answer = tuple[int, dict[str, str], bytes]


class StubPool:
    """A server in the pool's place. `answers` maps a path to what is said there, or to a function
    of the decoded form; `asked` holds what came."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[dict[str, str]], Answer]] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []  # path, form, headers
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                form = dict(parse_qsl(self.rfile.read(length).decode("latin-1")))
                stub.asked.append((self.path, form, dict(self.headers.items())))
                found = stub.answers[self.path]
                status, headers, body = found(form) if callable(found) else found
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}"

    def says(self, body: dict[str, Any] | bytes, status: int = 200, **headers: str) -> None:
        """What the token endpoint answers: JSON as Cognito sends it, or these bytes."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"Content-Type": "application/json;charset=UTF-8"}
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.answers["/oauth2/token"] = (status, kind | named, text)


@pytest.fixture
def stub_pool() -> Iterator[StubPool]:
    stub = StubPool()
    # its default looks twice a second whether it is to end
    thread = threading.Thread(target=stub.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with override_settings(COGNITO_DOMAIN_URL=stub.url):
        yield stub
    stub.server.shutdown()
    stub.server.server_close()
    thread.join()


@pytest.fixture
def stub_linker(tracing: Span, stub_pool: StubPool) -> Linker:
    """Alexa, before the stub. Its pool facts are those of the settings alone."""
    return Linker(
        new_client(),
        settings.COGNITO_ALEXA_CLIENT_ID,
        settings.COGNITO_ALEXA_CLIENT_SECRET,
        f"https://pitangui.amazon.com/api/skill/link/{settings.ALEXA_VENDOR_ID}",
    )


@pytest.fixture
def raw_pool() -> Iterator[RawPool]:
    """In the place of the stub, where it comes after it."""
    raw = RawPool()
    with override_settings(COGNITO_DOMAIN_URL=raw.url):
        yield raw
    raw.close()


def latest() -> Attempt:
    return Attempt.objects.order_by("-pk")[0]


def findings(attempt: Attempt | None = None) -> list[Finding]:
    """What diagnosis says of the latest attempt now."""
    return diagnose(Trace.of(attempt or latest()), wanted.known())


def codes(attempt: Attempt | None = None) -> list[str]:
    return [finding.code for finding in findings(attempt)]


def new_code() -> str:
    """As Cognito's look."""
    return secrets.token_hex(16)
