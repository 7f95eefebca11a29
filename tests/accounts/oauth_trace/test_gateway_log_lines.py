from __future__ import annotations

import itertools
import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.oauth_trace.gateway.log_lines import Logged, exchanges
from tests.accounts.oauth_trace import gateway_log

BACK = "https://pitangui.amazon.com/api/skill/link/M1ABCDEFGH"
QUERY = {
    "response_type": "code",
    "client_id": "1a2b3c4d5e6f7g8h9i0j1k2l3m",
    "scope": "openid email phone",
    "state": "A2SAAEAE.short=",
    "redirect_uri": BACK,
}
FORM = {"grant_type": "authorization_code", "code": "3f6c0de", "redirect_uri": BACK}


def read(*requests: list[str]) -> list[Logged]:
    """Each line a millisecond after the one before."""
    lines = [line for request in requests for line in request]
    return exchanges(zip(itertools.count(1_795_000_000_000), lines))


def test_it_puts_an_exchange_together() -> None:
    [found] = read(gateway_log.token(FORM, status=400, answer='{"error":"invalid_grant"}'))

    assert (found.method, found.resource, found.status) == ("POST", "/oauth2/token", 400)
    assert found.url == "https://auth.example.com/oauth2/token"
    assert found.request_body.startswith(b"grant_type=authorization_code&code=")
    assert json.loads(found.answer_body) == {"error": "invalid_grant"}
    assert dict(found.answer_headers)["content-type"] == "application/json;charset=UTF-8"
    assert found.milliseconds == 240
    assert found.cut == frozenset()
    assert found.is_over


def test_it_knows_exchanges_apart_that_come_at_one_time() -> None:
    first, second = gateway_log.authorize(QUERY), gateway_log.token(FORM, answer="{}")
    mixed = [line for pair in itertools.zip_longest(first, second) for line in pair if line]

    found = read(mixed)

    assert [each.resource for each in found] == ["/oauth2/authorize", "/oauth2/token"]
    assert found[0].request_body == b""
    assert found[1].query == ""


def test_it_takes_the_query_from_the_address_that_was_asked() -> None:
    [found] = read(gateway_log.authorize(QUERY | {"state": "a, redirect_uri=https://x"}))

    assert "state=a%2C+redirect_uri%3Dhttps%3A%2F%2Fx" in found.query
    assert found.query.count("redirect_uri=") == 1
    assert "query" not in found.cut


def test_it_takes_the_printed_object_where_the_address_was_cut() -> None:
    """Encoding makes the address longer than the object."""
    state = "+" * 300
    [found] = read(gateway_log.authorize(QUERY | {"state": state, "scope": "openid " * 10}))

    assert f"state={'%2B' * 300}" in found.query
    assert "query" not in found.cut


@pytest.mark.parametrize(
    "state", ["+" * 280 + ", redirect_uri=https://x", "+" * 280 + ", x", "+" * 280 + ", , "]
)
def test_it_leaves_out_what_a_comma_makes_uncertain(state: str) -> None:
    """The address was cut, and the object can be read in two ways."""
    [found] = read(gateway_log.authorize(QUERY | {"state": state, "z": "+" * 90}))

    assert "query" in found.cut


def test_it_keeps_the_whole_parameters_before_a_cut() -> None:
    [found] = read(gateway_log.authorize(QUERY | {"state": "s" * 1100}))

    assert dict(parse_qsl(found.query)) == {
        name: QUERY[name] for name in ("response_type", "client_id", "scope")
    }
    assert found.cut == {"query", "answer headers"}


def test_it_keeps_no_half_token_of_a_form() -> None:
    [found] = read(gateway_log.token({"grant_type": "refresh_token", "refresh_token": "r" * 1700}))

    assert found.request_body == b"grant_type=refresh_token"
    assert found.cut == {"request body"}


def test_it_keeps_the_whole_members_before_a_cut() -> None:
    answer = json.dumps(
        {"token_type": "Bearer", "expires_in": 3600, "id_token": "i" * 1500, "access_token": "a"}
    )
    [found] = read(gateway_log.token(FORM, answer=answer))

    assert json.loads(found.answer_body) == {"token_type": "Bearer", "expires_in": 3600}
    assert found.cut == {"answer body"}


def test_it_does_not_take_half_a_number_for_a_whole() -> None:
    line = '{"token_type":"Bearer","expires_in":36'
    lines = gateway_log.token(FORM, answer="{}")
    lines = [
        each.replace("transformations: {}", f"transformations: {line} [TRUNCATED]")
        for each in lines
    ]
    [found] = read(lines)

    assert json.loads(found.answer_body) == {"token_type": "Bearer"}


def test_it_is_not_led_astray_by_commas_in_headers() -> None:
    [found] = read(gateway_log.authorize(QUERY))
    headers = dict(found.answer_headers)

    assert headers["location"].startswith("https://auth.example.com/login?response_type=code")
    assert headers["cache-control"] == "private"
    assert "max-age" not in headers
    assert "set-cookie" not in headers


def test_it_knows_where_a_redirect_leads_though_its_query_was_cut() -> None:
    back = f"{BACK}?error=invalid_scope&state={'s' * 1000}"
    [found] = read(gateway_log.authorize(QUERY, location=back))

    assert dict(found.answer_headers)["location"] == f"{BACK}?error=invalid_scope"
    assert "answer headers" in found.cut


def test_it_takes_no_half_address_for_a_redirect() -> None:
    [found] = read(gateway_log.authorize(QUERY, location=f"{BACK}/{'x' * 1000}"))

    assert "location" not in dict(found.answer_headers)


def test_it_leaves_out_a_header_that_seems_to_come_twice() -> None:
    [found] = read(
        gateway_log.token(FORM, answer="{}", headers={"Server": "x, Content-Type=text/html"})
    )

    assert "content-type" not in dict(found.answer_headers)


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("a timeout error", "timeout"),
        ("a network error communicating with endpoint", "unreachable"),
        ("configuration error: Invalid endpoint address", "unreachable"),
        (
            "configuration error: Host name 'a' does not match the certificate subject provided "
            "by the peer (CN=b)",
            "tls",
        ),
        ("a network error communicating with endpoint: PKIX path building failed", "tls"),
    ],
)
def test_it_says_why_there_was_no_answer(reason: str, problem: str) -> None:
    [found] = read(gateway_log.token(FORM, problem=reason))

    assert (found.status, found.problem) == (0, problem)


def test_it_says_that_an_answer_is_not_there_yet() -> None:
    [found] = read(gateway_log.token(FORM, answer="{}")[:10])

    assert not found.is_over


def test_it_reads_the_older_line_that_has_no_status() -> None:
    lines = gateway_log.token(FORM, answer="{}")
    [found] = read([line.replace(" Status: 200,", "") for line in lines])

    assert found.milliseconds == 240


def test_it_shows_no_secret_where_it_is_printed() -> None:
    [found] = read(gateway_log.token(FORM | {"client_secret": "s3cr3t"}, answer='{"a":"t0k3n"}'))

    assert "s3cr3t" in found.request_body.decode()
    assert "3f6c0de" not in repr(found)
    assert "s3cr3t" not in repr(found)
    assert "t0k3n" not in repr(found)


@pytest.mark.parametrize(
    "line",
    ["", "no brackets", "(short) x", "(00000000-0000) ", "(00000000-0000) HTTP Method: get", "("],
)
def test_it_passes_over_lines_of_other_forms(line: str) -> None:
    assert read([line]) == []


KINDS = st.sampled_from(
    [
        "HTTP Method: POST, Resource Path: /oauth2/token",
        "Method request query string: ",
        "Method request headers: ",
        "Method request body before transformations: ",
        "Endpoint request URI: ",
        "Endpoint response headers: ",
        "Endpoint response body before transformations: ",
        "Method completed with status: ",
        "Received response. Status: 200, Integration latency: ",
        "Execution failed due to ",
        "",
    ]
)
REST = st.text(alphabet=st.sampled_from('{}=,&?%[]":x1é\n\0 '), max_size=40)


@given(st.lists(st.tuples(KINDS, REST, st.sampled_from(["", " [TRUNCATED]"])), max_size=12))
def test_it_reads_whatever_somebody_sends(parts: list[tuple[str, str, str]]) -> None:
    """Anybody may call the gateway with anything; the log has it all."""
    lines = [f"(00000000-0000) {kind}{rest}{cut}" for kind, rest, cut in parts]

    for found in read(["(00000000-0000) HTTP Method: GET, Resource Path: /x", *lines]):
        assert isinstance(found.status, int)
