"""What the front passes on: to the letter, whoever asks, and whether or not it records."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.oauth_trace import capture, recording, views
from accounts.oauth_trace.models import Attempt, Event, Span, Stage
from tests.accounts.oauth_trace.conftest import FORM, Linker, StubPool, latest, new_code
from tests.accounts.oauth_trace.raw_pool import RawPool
from tests.conftest import browser

TOKENS = {"access_token": "a" * 30, "refresh_token": "r" * 30, "expires_in": 3600}
# of a query as it stands in a request line: gunicorn lets no others through
QUERY_LETTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "#")
ANY_QUERY = st.text(QUERY_LETTERS, min_size=1, max_size=300)
many = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def registered(wanted_query: str, redirect_uri: str) -> str:
    return wanted_query.replace("REDIRECT", quote(redirect_uri, safe=""))


@many
@given(query=ANY_QUERY)
def test_any_query_goes_on_to_the_letter(stub_linker: Linker, query: str) -> None:
    location = stub_linker.open(query)
    assert location == f"{settings.COGNITO_DOMAIN_URL}/oauth2/authorize?{query}"


@many
@given(
    before=st.text("abcxyz=&%+/.0", max_size=60),
    after=st.text("abcxyz=&%+/.0", max_size=60),
    state=st.text(QUERY_LETTERS.replace("&", "").replace("%", ""), min_size=1, max_size=40),
    encode=st.sampled_from([quote, quote_plus, lambda text, safe="": text]),
)
def test_only_the_value_of_redirect_uri_differs_when_captured(
    stub_linker: Linker, before: str, after: str, state: str, encode: Any
) -> None:
    own = encode(stub_linker.redirect_uri, safe="")
    query = (
        f"{before}&response_type=code&state={state}&client_id={stub_linker.client_id}"
        f"&redirect_uri={own}&{after}"
    )
    location = stub_linker.open(query)

    ours = quote(f"{settings.PUBLIC_URL}/oauth/callback", safe="")
    changed = query.replace(f"redirect_uri={own}", f"redirect_uri={ours}")
    assert location == f"{settings.COGNITO_DOMAIN_URL}/oauth2/authorize?{changed}"
    assert latest().captured


@pytest.mark.parametrize(
    "query",
    [
        "redirect_uri=REDIRECT&redirect_uri=REDIRECT",
        "redirect_uri=REDIRECT&redirect%5Furi=REDIRECT",
        "redirect_uri=https%3A%2F%2Fevil.example%2F",
        "redirect_uri=REDIRECT%2F",
        "redirect_uri=REDIRECT%3Fa%3Db",
        "redirect_uri=REDIRECT%23",
        "redirect_uri=%20REDIRECT",
        "redirect_uri=",
        "redirect_uri",
        "",
        "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Foauth%2Fcallback",
    ],
)
def test_what_is_not_registered_is_never_captured(stub_linker: Linker, query: str) -> None:
    query = "state=s1&client_id=alexa-client&response_type=code&" + registered(
        query, stub_linker.redirect_uri
    )
    assert stub_linker.open(query) == f"{settings.COGNITO_DOMAIN_URL}/oauth2/authorize?{query}"
    assert not latest().captured
    assert "doors_link" not in stub_linker.browser.cookies


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "web-client"},
        {"client_id": None},
        {"state": None},
        {"response_type": "token"},  # its answer stands behind a "#" and would never reach us
        {"response_type": None},
    ],
)
def test_another_kind_of_request_is_never_captured(
    stub_linker: Linker, changes: dict[str, str | None]
) -> None:
    location = stub_linker.authorize(**changes)
    assert quote(stub_linker.redirect_uri, safe="") in location
    assert not latest().captured


@pytest.mark.parametrize("name", ["state", "client_id", "response_type"])
def test_a_doubled_parameter_is_left_to_the_pool(stub_linker: Linker, name: str) -> None:
    query = urlencode(
        {
            "state": "s1",
            "client_id": stub_linker.client_id,
            "response_type": "code",
            "redirect_uri": stub_linker.redirect_uri,
        }
    )
    twice = f"{query}&{name}=s1"
    assert stub_linker.open(twice).endswith(f"?{twice}")
    assert not latest().captured


def test_a_state_of_4_kb_comes_back_whole(stub_linker: Linker) -> None:
    stub_linker.state = "eyJ" + "aB3-_" * 818
    location = stub_linker.authorize()
    assert stub_linker.state in location
    back = f"{settings.PUBLIC_URL}/oauth/callback?state={stub_linker.state}&code={new_code()}"
    assert stub_linker.come_back(back)["state"] == [stub_linker.state]


def test_a_query_that_no_browser_sends_is_refused(stub_linker: Linker) -> None:
    for path in ("authorize", "callback"):
        for query in ("state=a\r\nSet-Cookie: x=y", "state=\xe9", "state=a\x00", "x=" + "y" * 9000):
            answer = stub_linker.browser.get(f"/oauth/{path}", QUERY_STRING=query)
            assert answer.status_code == 400
            assert "Location" not in answer
            page = answer.content.decode()
            assert "Set-Cookie" not in page
            assert "state" not in page
    assert not Attempt.objects.exists()


def test_escaped_line_breaks_stay_escaped(stub_linker: Linker) -> None:
    query = "state=a%0D%0ASet-Cookie:%20x=y&x=%00"
    assert stub_linker.open(query).endswith(f"?{query}")


@pytest.mark.parametrize("path", ["authorize", "callback"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "head", "options"])
def test_a_browser_only_gets(stub_linker: Linker, path: str, method: str) -> None:
    answer = getattr(stub_linker.browser, method)(f"/oauth/{path}?state=s1")
    assert answer.status_code == 405


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
def test_a_token_is_only_posted_for(stub_linker: Linker, stub_pool: StubPool, method: str) -> None:
    answer = getattr(stub_linker.client, method)("/oauth/token?code=x")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert stub_pool.asked == []
    if method != "head":
        assert json.loads(answer.content)["error"] == "invalid_request"


@pytest.mark.parametrize("path", ["authorize", "callback", "token"])
def test_it_is_not_there_unless_it_is_asked_for(client: Client, db: None, path: str) -> None:
    with override_settings(OAUTH_TRACE=False):
        assert client.get(f"/oauth/{path}?state=s1").status_code == 404
        assert client.post(f"/oauth/{path}").status_code == 404


def test_it_forwards_and_keeps_nothing_while_no_span_is_on(
    stub_linker: Linker, stub_pool: StubPool, tracing: Span
) -> None:
    tracing.delete()
    recording.forget_span()
    stub_pool.says(TOKENS)

    location = stub_linker.authorize()
    answer = stub_linker.redeem(new_code())
    again = stub_linker.refresh("a-refresh-token")

    assert quote(stub_linker.redirect_uri, safe="") in location
    assert (answer.status_code, again.status_code) == (200, 200)
    assert [form["redirect_uri"] for _, form, _ in stub_pool.asked[:1]] == [
        stub_linker.redirect_uri
    ]
    assert not Attempt.objects.exists()
    assert not Event.objects.exists()


def test_where_nothing_can_be_under_way_a_token_request_asks_no_database(
    stub_linker: Linker,
    stub_pool: StubPool,
    tracing: Span,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    over = tracing.started_at - timedelta(seconds=capture.MEMORY + 60)
    Span.objects.update(started_at=over, ends_at=over + timedelta(seconds=30))
    recording.forget_span()
    monkeypatch.setattr(recording, "SPAN_MEMO", 60.0)
    stub_pool.says(TOKENS)
    stub_linker.redeem(new_code())  # now the process knows

    with django_assert_num_queries(0):
        answer = stub_linker.redeem(new_code())

    assert answer.status_code == 200
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("ending", ["stopped_at", "ends_at"])
def test_what_was_under_way_when_it_ended_goes_on(
    ending: str, stub_linker: Linker, stub_pool: StubPool, tracing: Span
) -> None:
    """Its code was issued to our address: the pool takes it with that one only."""
    stub_pool.says(TOKENS)
    code = captured_code(stub_linker)
    Span.objects.update(**{ending: tracing.started_at})
    recording.forget_span()
    cache.clear()

    stub_linker.redeem(code)

    [(_, form, _)] = stub_pool.asked
    assert form["redirect_uri"] == f"{settings.PUBLIC_URL}/oauth/callback"
    assert Stage.TOKEN in latest().stages


@many
@given(body=st.binary(max_size=400))
def test_any_body_goes_on_to_the_byte(stub_linker: Linker, raw_pool: RawPool, body: bytes) -> None:
    stub_linker.client.post("/oauth/token", body, content_type=FORM)
    assert raw_pool.bodies[-1] == body


def test_a_captured_redirect_uri_is_exchanged_and_no_other_byte(
    stub_linker: Linker, raw_pool: RawPool
) -> None:
    code = captured_code(stub_linker)
    own = quote(stub_linker.redirect_uri, safe="")
    body = f"x=%41&code={code}&redirect_uri={own}&%zz=é&x=&&grant_type=authorization_code"
    stub_linker.client.post("/oauth/token", body.encode(), content_type=FORM)

    ours = quote(f"{settings.PUBLIC_URL}/oauth/callback", safe="")
    assert raw_pool.bodies == [body.replace(own, ours).encode()]


@pytest.mark.parametrize(
    "redirect_uri",
    ["REDIRECT%2F", "https%3A%2F%2Flayla.amazon.com%2Fapi", "", "REDIRECT&redirect_uri=REDIRECT"],
)
def test_a_redirect_uri_that_differs_stays_wrong(
    stub_linker: Linker, raw_pool: RawPool, redirect_uri: str
) -> None:
    """Else the trace would mend what it is there to show."""
    code = captured_code(stub_linker)
    body = f"code={code}&redirect_uri=" + registered(redirect_uri, stub_linker.redirect_uri)
    stub_linker.client.post("/oauth/token", body, content_type=FORM)
    assert raw_pool.bodies == [body.encode()]


def test_the_headers_go_on_and_ours_do_not(stub_linker: Linker, stub_pool: StubPool) -> None:
    stub_pool.says(TOKENS)
    stub_linker.client.cookies["doors_session"] = "secret"
    stub_linker.client.post(
        "/oauth/token",
        "grant_type=refresh_token",
        content_type=FORM,
        headers={
            "Authorization": "Basic YTpi",
            "User-Agent": "Apache-HttpClient/4.5.x (Java/1.8.0_152)",
            "X-Amzn-Odd": "kept",
            "Connection": "close, X-Hop",
            "X-Hop": "of this connection",
            "X-Forwarded-For": "203.0.113.7",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=203.0.113.7",
            "Expect": "100-continue",
            "Accept-Encoding": "gzip",
            "Via": "1.1 somebody",
        },
    )
    [(path, _, headers)] = stub_pool.asked
    assert path == "/oauth2/token"
    assert headers["Content-Type"] == FORM
    assert headers["Authorization"] == "Basic YTpi"
    assert headers["User-Agent"] == "Apache-HttpClient/4.5.x (Java/1.8.0_152)"
    assert headers["X-Amzn-Odd"] == "kept"
    assert headers["Host"] == settings.COGNITO_DOMAIN_URL.partition("://")[2]
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Via"] == "1.1 oauth-trace"
    for name in ("Cookie", "X-Hop", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Expect"):
        assert name not in headers


def test_no_user_agent_of_ours_in_the_place_of_none(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    stub_pool.says(TOKENS)
    stub_linker.client.post("/oauth/token", "x=y", content_type=FORM)
    assert "User-Agent" not in stub_pool.asked[0][2]


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "application/json;charset=UTF-8", b'{"access_token": "x"}'),
        (400, "application/json", b'{"error":"invalid_grant"}'),
        (403, "text/html", b"<html>Forbidden \xff</html>"),
        (503, "text/plain; charset=latin-1", b""),
        (200, "application/octet-stream", bytes(range(256))),
        (599, "x", b"odd"),
    ],
)
def test_the_answer_comes_back_as_it_is(
    stub_linker: Linker, stub_pool: StubPool, status: int, kind: str, body: bytes
) -> None:
    stub_pool.says(body, status, Content_Type=kind, Cache_Control="no-store", Pragma="no-cache")
    answer = stub_linker.redeem(new_code())
    assert (answer.status_code, answer["Content-Type"], answer.content) == (status, kind, body)
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")


def test_no_cookie_of_the_pool_comes_back_or_is_kept(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    stub_pool.says(TOKENS, Set_Cookie="XSRF-TOKEN=of-the-pool; Path=/")
    for _ in range(2):
        answer = stub_linker.redeem(new_code())
        assert "Set-Cookie" not in answer
        assert not answer.cookies
    assert "Cookie" not in stub_pool.asked[-1][2]


def test_a_chunked_body_is_read(stub_linker: Linker, raw_pool: RawPool) -> None:
    """Django takes a body without a length for an empty one."""
    chunked: Any = {"wsgi.input": io.BytesIO(b"grant_type=x"), "wsgi.input_terminated": True}
    stub_linker.client.post("/oauth/token", content_type=FORM, CONTENT_LENGTH="", **chunked)
    assert raw_pool.bodies == [b"grant_type=x"]


def test_a_chunked_body_is_read_to_a_size(stub_linker: Linker, raw_pool: RawPool) -> None:
    sent = io.BytesIO(b"x" * 10 * views.MAX_FORM)
    chunked: Any = {"wsgi.input": sent, "wsgi.input_terminated": True}
    answer = stub_linker.client.post(
        "/oauth/token", content_type=FORM, CONTENT_LENGTH="", **chunked
    )
    assert answer.status_code == 413
    assert answer.json()["error"] == "invalid_request"
    assert sent.tell() <= views.MAX_FORM + 1
    assert not raw_pool.bodies


def captured_code(linker: Linker) -> str:
    """A code that came back over us."""
    linker.authorize()
    code = new_code()
    linker.come_back(f"{settings.PUBLIC_URL}/oauth/callback?state={linker.state}&code={code}")
    return code


def test_the_first_two_stages_are_there_then(stub_linker: Linker) -> None:
    captured_code(stub_linker)
    assert [event.stage for event in latest().events.all()] == [Stage.AUTHORIZE, Stage.CALLBACK]


def test_another_browser_may_bring_the_answer(stub_linker: Linker) -> None:
    """Alexa's app opens pages in more than one: the state is known, so the way back is."""
    stub_linker.authorize()
    stub_linker.browser = browser()
    code = new_code()
    back = stub_linker.come_back(
        f"{settings.PUBLIC_URL}/oauth/callback?state={stub_linker.state}&code={code}"
    )
    assert back["code"] == [code]
