"""The front is no open redirect, no proxy to elsewhere, no loop, and has limits."""

from __future__ import annotations

import io
import json
import socket
import threading
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import WSGIRequestHandler
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.oauth_trace import capture, forward, views, wanted
from accounts.oauth_trace.checks import no_loop
from accounts.oauth_trace.models import Attempt, Stage
from tests.accounts.oauth_trace.conftest import FORM, Linker, StubPool, latest, new_code
from tests.accounts.oauth_trace.raw_pool import RawPool
from tests.conftest import browser

LETTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '";,\\')
EVIL = [
    "https://evil.example/",
    "//evil.example/",
    "https://pitangui.amazon.com@evil.example/api/skill/link/MTESTVENDOR",
    "https://pitangui.amazon.com.evil.example/api/skill/link/MTESTVENDOR",
    "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR/../../../x",
    "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR?next=https://evil.example",
    "https://pitangui.amazon.com\\@evil.example/",
    "javascript:alert(1)",
    "HTTPS://PITANGUI.AMAZON.COM/api/skill/link/MTESTVENDOR",
    "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR\x00",
]


def own(query: str, **parts: str) -> str:
    return f"{settings.PUBLIC_URL}/oauth/callback?{query.format(**parts)}"


def refused(answer: Any) -> bool:
    return bool(answer.status_code == 400 and "Location" not in answer)


@pytest.mark.parametrize("address", EVIL)
def test_a_captured_callback_never_leads_to_an_address_that_came(
    stub_linker: Linker, address: str
) -> None:
    stub_linker.authorize(redirect_uri=address)
    for extra in ("", f"&redirect_uri={quote(address)}", f"&next={quote(address)}"):
        answer = stub_linker.browser.get(f"/oauth/callback?state={stub_linker.state}&code=x{extra}")
        assert refused(answer)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(address=st.one_of(st.sampled_from(EVIL), st.text(max_size=80)), cookie=st.text(LETTERS))
def test_wherever_a_callback_leads_is_registered(
    stub_linker: Linker, address: str, cookie: str
) -> None:
    """Whatever stands in the database, and whatever cookie comes."""
    stub_linker.authorize()
    Attempt.objects.filter(pk=latest().pk).update(redirect_uri=address[:500].replace("\0", ""))
    stub_linker.browser.cookies["doors_link"] = cookie
    answer = stub_linker.browser.get(f"/oauth/callback?state={stub_linker.state}&code=x")
    if answer.status_code == 302:
        assert answer["Location"].partition("?")[0] in wanted.known().return_addresses
    else:
        assert refused(answer)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "state=&code=x",
        "state=unknown&code=x",
        "state={state}&state={state}&code=x",
        "state={state}&state=other&code=x",
        "st%61te={state}&state=other&code=x",
        "#state={state}",
    ],
)
def test_a_callback_without_its_one_state_is_refused(stub_linker: Linker, query: str) -> None:
    stub_linker.authorize()
    answer = stub_linker.browser.get(own(query, state=stub_linker.state))
    assert refused(answer)
    assert stub_linker.state not in answer.content.decode()


def test_a_state_that_came_back_changed_is_refused_and_seen(stub_linker: Linker) -> None:
    stub_linker.authorize()
    answer = stub_linker.browser.get(own("state={state}&code=x", state=stub_linker.state[:255]))
    assert refused(answer)
    [_, back] = latest().events.all()
    assert (back.stage, back.response["status"]) == (Stage.CALLBACK, 400)
    assert latest().reference in answer.content.decode()


def test_a_state_is_forgotten_after_an_hour(stub_linker: Linker) -> None:
    stub_linker.authorize()
    long_ago = timezone.now() - timedelta(seconds=capture.MEMORY + 1)
    Attempt.objects.update(started_at=long_ago)
    assert refused(browser().get(own("state={state}&code=x", state=stub_linker.state)))


def test_a_callback_of_what_was_not_captured_is_refused(stub_linker: Linker) -> None:
    stub_linker.authorize(redirect_uri="https://layla.amazon.com/api/skill/link/OTHER")
    assert refused(stub_linker.browser.get(own("state={state}&code=x", state=stub_linker.state)))


def test_a_callback_may_come_twice(stub_linker: Linker) -> None:
    """A browser loads it again: Alexa itself decides what that is worth."""
    stub_linker.authorize()
    code = new_code()
    query = own("state={state}&code={code}", state=stub_linker.state, code=code)
    assert stub_linker.come_back(query) == stub_linker.come_back(query)
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "error=access_denied&state={state}",
        "error=invalid_request&error_description=a%20b%2Bc&state={state}",
        "state={state}&code=x&code=y&&empty=&z",
        "code=%61%zz&state={state}",
    ],
)
def test_an_answer_of_the_pool_goes_on_to_the_letter(stub_linker: Linker, query: str) -> None:
    stub_linker.authorize()
    query = query.format(state=stub_linker.state)
    answer = stub_linker.browser.get(f"/oauth/callback?{query}")
    assert answer["Location"] == f"{stub_linker.redirect_uri}?{query}"


def test_a_cookie_of_another_linking_leads_nowhere(stub_linker: Linker) -> None:
    stub_linker.authorize()
    Attempt.objects.all().delete()
    assert refused(stub_linker.browser.get(own("state=another&code=x")))
    # its own still does: the database may have failed
    assert stub_linker.come_back(own("state={state}&code=x", state=stub_linker.state))


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000.evil.example", "127.0.0.1"])
def test_another_host_name_changes_nothing(
    stub_linker: Linker, raw_pool: RawPool, host: str
) -> None:
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = Client(headers=headers).get("/oauth/authorize?state=s")
    where = answer.get("Location", "")
    assert answer.status_code in {302, 400}
    assert "evil" not in where
    told = Client(headers=headers).post("/oauth/token", "x=y", content_type=FORM)
    assert "Location" not in told
    assert len(raw_pool.bodies) == (host == "127.0.0.1")


@pytest.mark.parametrize(
    "line",
    [
        "POST http://evil.example/oauth/token HTTP/1.1",
        "POST //evil.example/oauth/token HTTP/1.1",
        "POST /oauth/token/http://evil.example/ HTTP/1.1",
        "POST /oauth/token@evil.example HTTP/1.1",
        "POST /oauth/token;http://evil.example HTTP/1.1",
        "POST /oauth/token?url=http://evil.example HTTP/1.1",
        "CONNECT evil.example:443 HTTP/1.1",
        "POST /oauth//token HTTP/1.1",
        "POST /oauth/../oauth/token HTTP/1.1",
    ],
)
def test_a_request_line_never_leads_elsewhere(
    stub_linker: Linker, raw_pool: RawPool, line: str
) -> None:
    """Only the pool's token endpoint is ever called; here through a real server's parser."""
    head = f"{line}\r\nHost: localhost:8000\r\nContent-Type: {FORM}\r\nContent-Length: 3\r\n\r\nx=y"
    before = len(raw_pool.bodies)
    answer = serve_once(head.encode())
    assert b"evil" not in answer.partition(b"\r\n\r\n")[0]
    if b" 200 " not in answer[:20]:
        assert len(raw_pool.bodies) == before


def serve_once(request: bytes) -> bytes:
    """The answer of Django's own server to these bytes."""
    ours, theirs = socket.socketpair()

    class Server:
        base_environ: ClassVar[dict[str, str]] = {
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "REMOTE_HOST": "",
            "CONTENT_LENGTH": "",
            "SCRIPT_NAME": "",
        }

        def get_app(self) -> WSGIHandler:
            return WSGIHandler()

    ours.sendall(request)
    ours.shutdown(socket.SHUT_WR)
    with theirs:
        WSGIRequestHandler(theirs, ("127.0.0.1", 1), Server())  # type: ignore[arg-type]
    with ours:
        return b"".join(iter(lambda: ours.recv(65536), b""))


@pytest.mark.parametrize(
    ("target", "passed"),
    [
        ("{pool}/elsewhere?x=y", True),
        ("https://evil.example/", False),
        ("//evil.example/", False),
        ("{pool}@evil.example/", False),
        ("{pool}.evil.example/", False),
        ("/oauth2/token", False),
        ("javascript:alert(1)", False),
    ],
)
def test_a_redirect_of_the_pool_only_leads_to_the_pool(
    stub_linker: Linker, stub_pool: StubPool, target: str, passed: bool
) -> None:
    target = target.format(pool=stub_pool.url)
    stub_pool.says(b"moved", 302, Location=target)
    answer = stub_linker.redeem(new_code())
    assert answer.content == b"moved"
    assert answer.status_code == 302
    assert answer.get("Location") == (target if passed else None)
    assert len(stub_pool.asked) == 1  # and nobody followed it


def test_what_comes_from_here_is_not_forwarded_again(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    stub_pool.says({})
    stub_linker.redeem(new_code())
    via = stub_pool.asked[0][2]["Via"]
    answer = stub_linker.client.post("/oauth/token", "x=y", FORM, headers={"Via": f"1.0 a, {via}"})
    assert answer.status_code == 508
    assert len(stub_pool.asked) == 1


@pytest.mark.parametrize(
    ("domain", "codes"),
    [
        ("http://localhost:8000", ["oauth_trace.E001"]),
        ("http://LOCALHOST:8000", ["oauth_trace.E001"]),
        ("https://auth.example.com", []),
    ],
)
def test_a_pool_that_is_this_site_is_an_error(domain: str, codes: list[str]) -> None:
    with override_settings(OAUTH_TRACE=True, COGNITO_DOMAIN_URL=domain):
        assert [each.id for each in no_loop(None)] == codes


def test_without_a_pool_it_says_so(stub_linker: Linker) -> None:
    with override_settings(COGNITO_DOMAIN_URL=""):
        assert stub_linker.client.post("/oauth/token", "x=y", FORM).status_code == 503
        assert refused(stub_linker.browser.get("/oauth/authorize?state=x"))


@pytest.mark.parametrize(
    ("body", "length", "status"),
    [
        (b"x" * (views.MAX_FORM + 1), "", 413),
        (b"x", str(10**12), 413),
        (b"x", "9" * 40, 413),
        (b"x", "16385", 413),
        (b"too short", "100", 400),
        (b"x=y", "-1", 200),
        (b"x=y", "nonsense", 200),
    ],
)
def test_a_body_of_another_size_than_it_says(
    stub_linker: Linker, stub_pool: StubPool, body: bytes, length: str, status: int
) -> None:
    stub_pool.says({})
    more: Any = {"wsgi.input": io.BytesIO(body)} | ({"CONTENT_LENGTH": length} if length else {})
    answer = stub_linker.client.post("/oauth/token", body, FORM, **more)
    assert answer.status_code == status
    assert len(stub_pool.asked) == (status == 200)
    if status != 200:
        assert json.loads(answer.content)["error"] == "invalid_request"


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/json", "text/plain", "", "x" * 200]
)
def test_any_kind_of_body_is_the_pools_to_judge(
    stub_linker: Linker, raw_pool: RawPool, kind: str
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n1\r\n--x--\r\n\x00\xff'
    assert stub_linker.client.post("/oauth/token", body, kind).status_code == 200
    assert raw_pool.bodies == [body]
    assert latest().events.count() == 1


@pytest.mark.parametrize(("path", "rate"), [("authorize", 120), ("callback", 120), ("token", 600)])
def test_one_address_asks_so_often(stub_linker: Linker, path: str, rate: int) -> None:
    """Not with the pool behind it: it is counted before anything else is done."""
    with (
        override_settings(RATE_LIMITS=True, COGNITO_DOMAIN_URL=""),
        time_machine.travel(timezone.now(), tick=False),  # no new window begins meanwhile
    ):
        ask = stub_linker.client.post if path == "token" else stub_linker.client.get
        answers = [ask(f"/oauth/{path}?state=s-e-c-r-e-t") for _ in range(rate + 1)]
    assert {answer.status_code for answer in answers[:-1]} <= {400, 503}
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert b"s-e-c-r-e-t" not in answers[-1].content


def test_two_calls_with_one_code_both_get_their_answer(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    """The pool, not we, says that the second comes too late."""
    meet = threading.Barrier(2, timeout=10)

    def answers(form: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        is_first = meet.wait() == 0
        body = b"{}" if is_first else b'{"error":"invalid_grant"}'
        return 200 if is_first else 400, {"Content-Type": "application/json"}, body

    stub_pool.answers["/oauth2/token"] = answers
    seen: list[int] = []

    def call() -> None:
        url = f"{stub_pool.url}/oauth2/token"
        seen.append(forward.post(url, [("Content-Type", FORM)], b"code=one").status)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [200, 400]


def test_the_addresses_of_the_registry_are_https_or_ours() -> None:
    for address in wanted.known().return_addresses:
        parts = urlsplit(address)
        assert parts.scheme == "https" or address.startswith(settings.PUBLIC_URL)
