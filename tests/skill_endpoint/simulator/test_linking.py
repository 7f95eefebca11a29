from __future__ import annotations

import base64
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from skill_endpoint.simulator import linking
from skill_endpoint.simulator.linking import Linking, LinkingFailed, new_state
from tests.skill_endpoint.simulator.stub import Stub

GOOD = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "token_type": "Bearer"}


def linking_to(url: str) -> Linking:
    return Linking(
        authorize_url="http://localhost:1/oauth2/authorize",
        token_url=f"{url}/oauth2/token",
        client_id="id",
        client_secret="a+b/c=",
        scope="openid email phone",
        redirect_uri="http://localhost:8000/dev/alexa/callback/",
    )


def test_it_makes_a_long_state_that_looks_like_a_jwt() -> None:
    state = new_state()
    assert len(state) > 600
    assert state.count(".") == 2
    assert state != new_state()


def test_it_opens_the_authorize_address_with_exactly_alexas_parameters() -> None:
    state = new_state()
    query = parse_qs(urlsplit(linking_to("http://localhost:1").authorize_address(state)).query)
    assert query == {
        "state": [state],
        "client_id": ["id"],
        "response_type": ["code"],
        "scope": ["openid email phone"],
        "redirect_uri": ["http://localhost:8000/dev/alexa/callback/"],
    }


def test_it_redeems_a_code_as_alexa_does(skill: Stub) -> None:
    skill.answers(GOOD)
    tokens = linking_to(skill.url).redeem("the-code")
    (call,) = skill.received
    assert call.headers["Authorization"] == "Basic " + base64.b64encode(b"id:a+b/c=").decode()
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded;charset=UTF-8"
    assert parse_qs(call.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["the-code"],
        "redirect_uri": ["http://localhost:8000/dev/alexa/callback/"],
        "client_id": ["id"],
    }
    assert (tokens.access, tokens.refresh) == ("a", "r")
    assert tokens.expires_at == pytest.approx(time.time() + 3600, abs=5)


def test_it_refreshes_with_the_refresh_token(skill: Stub) -> None:
    skill.answers({"access_token": "new", "expires_in": 3600})
    assert linking_to(skill.url).refresh("r").access == "new"
    assert parse_qs(skill.received[0].body.decode())["refresh_token"] == ["r"]


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ({"error": "invalid_client"}, 400, "invalid_client"),
        ({"error": "invalid_grant"}, 400, "invalid_grant"),
        (b"<html>", 200, "unreadable"),
        ([], 200, "unreadable"),
        ({}, 502, "unreadable"),
        ({"token_type": "Bearer"}, 200, "no_access_token"),
        ({"access_token": "a"}, 200, "no_refresh_token"),
    ],
)
def test_it_says_why_linking_failed(skill: Stub, answer: object, status: int, reason: str) -> None:
    skill.answers(answer, status)
    with pytest.raises(LinkingFailed) as failed:
        linking_to(skill.url).redeem("code")
    assert failed.value.reason == reason
    assert failed.value.is_final == (reason == "invalid_grant")


def test_it_gives_a_slow_token_endpoint_up(skill: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "TOKEN_TIMEOUT", 0.05)
    skill.delay = 0.3
    with pytest.raises(LinkingFailed, match="slow"):
        linking_to(skill.url).redeem("code")


def test_it_waits_no_longer_than_alexa() -> None:
    assert linking.TOKEN_TIMEOUT == 4.5


def test_it_says_that_nobody_answers() -> None:
    with pytest.raises(LinkingFailed, match="unreachable"):
        linking_to("http://localhost:1").redeem("code")
