"""How the token endpoint answers, to a redeemed code and to a refresh."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from accounts.oauth_trace import forward
from accounts.oauth_trace.diagnosis.token_answer import kind
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.redaction import answer
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
    for_each_stage,
    raw_server,
)
from tests.local_aws import LivePool

PAGE = b"<!doctype html><title>Sign in</title><form method=post></form>"


def says(body: dict[str, object] | bytes, status: int = 200, **headers: str) -> TokenAct:
    return lambda scene: scene.says(body, status, **headers)


def hangs(scene: TokenScene) -> None:
    """Longer than we wait, which is cut short here."""
    scene.gives()
    scene.waits(lambda: time.sleep(0.5))
    scene.keep_setting(forward, "DEADLINE", 0.2)


def takes(seconds: float) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.gives()
        scene.waits(lambda: time.sleep(seconds))

    return act


def elsewhere(url: str) -> TokenAct:
    return lambda scene: scene.configured(COGNITO_DOMAIN_URL=url)


def without_tls(scene: TokenScene) -> None:
    scene.configured(COGNITO_DOMAIN_URL=scene.stub.url.replace("http:", "https:"))


def breaks_off(scene: TokenScene) -> None:
    server = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    scene.configured(COGNITO_DOMAIN_URL=scene.enter(server))


def gives_tokens(scene: TokenScene) -> None:
    scene.gives()


TOKENS = {"access_token": "token", "token_type": "Bearer", "expires_in": 3600}
# what the pool says, for each rule but those about the token itself
FAULTS: TokenActs = {
    "timeout": hangs,
    "tls": without_tls,
    "unreachable": elsewhere("http://localhost:1"),
    "too-long": says(b"x" * (65 * 1024)),
    "broken-off": breaks_off,
    "redirected": says(b"", 301, Location="https://www.example.com/oauth2/token/"),
    "throttled": says({"error": "TooManyRequestsException"}, 400),
    "server-error": says(PAGE, 503, Content_Type="text/html"),
    "blocked": says(b"<html>403 Forbidden</html>", 403, Content_Type="text/html"),
    "not-found": says({"message": "Not Found"}, 404),
    "html": says(PAGE, Content_Type="text/html;charset=UTF-8"),
    "empty": says(b""),
    "not-json": says(b"access_token=abc&token_type=Bearer", Content_Type="text/plain"),
    "error-unnamed": says({"__type": "InvalidParameterException", "message": "Bad"}, 400),
    "error-with-200": says({"error": "invalid_grant"}),
    "wrapped": says({"data": TOKENS}),
    "no-access-token": says({"access_token": "", "token_type": "Bearer", "expires_in": 3600}),
    "slow": takes(2.05),
}
HEALTHY: TokenActs = {
    "timeout": takes(0.3),
    "tls": gives_tokens,
    "unreachable": says(b"", 502),
    "too-long": says(b"x" * (60 * 1024)),
    "broken-off": gives_tokens,
    "redirected": gives_tokens,
    "throttled": says({"error": "invalid_grant"}, 400),
    "server-error": says({"error": "invalid_grant"}, 400),
    "blocked": says({"error": "invalid_client"}, 401),
    "not-found": says({"error": "invalid_request"}, 404),
    "html": gives_tokens,
    "empty": gives_tokens,
    "not-json": says({"error": "invalid_grant"}, 400, Content_Type="text/plain"),
    "error-unnamed": says({"error": "invalid_grant"}, 400),
    "error-with-200": says({"error": "invalid_grant"}, 400),
    "wrapped": gives_tokens,
    "no-access-token": gives_tokens,
    "slow": takes(0.3),
}


PROVOKED = for_each_stage(FAULTS)
SPARED = for_each_stage(HEALTHY)


@pytest.fixture
def scene(linker: Linker, pool: LivePool) -> Iterator[TokenScene]:
    with TokenScene(linker, pool) as found:
        yield found


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, scene: TokenScene) -> None:
    PROVOKED[code](scene)
    assert_it_is_found(code, scene)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, scene: TokenScene) -> None:
    SPARED[code](scene)
    assert_it_is_spared(code, scene)


@pytest.mark.parametrize("act", [*FAULTS.values()], ids=[*FAULTS])
def test_one_answer_is_of_one_kind(act: TokenAct, scene: TokenScene) -> None:
    act(scene)
    scene.redeems()
    assert len(scene.codes()) == 1


def test_an_answer_after_four_and_a_half_seconds_is_too_late(scene: TokenScene) -> None:
    """Our front waits no longer than Alexa; a log of a gateway may hold later ones."""
    scene.linked()
    scene.took(milliseconds=4_501)
    assert scene.codes() == ["token-timeout"]
    scene.took(milliseconds=4_500)
    assert scene.codes() == ["token-slow"]
    scene.took(milliseconds=2_000)
    assert scene.codes() == []


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, b'{"access_token": "a"}', "tokens"),
        (400, b'{"error": "invalid_grant"}', "refused"),
        (401, b'{"error": "invalid_client"}', "refused"),
        (200, b"[]", "no object"),
        (200, b"{}", "no object"),
        (200, b'{"access_token": null}', "no token"),
        (200, b"\x00\x01", "no object"),
        (400, b"<html>", "html"),
        (429, b"", "throttled"),
        (403, b"", "blocked"),
        (418, b'{"message": "no"}', "unnamed error"),
    ],
)
def test_kinds(status: int, body: bytes, word: str) -> None:
    assert kind(answer(status=status, body=body)) == word


def test_a_failure_on_the_way_is_a_kind_by_itself() -> None:
    assert kind(Message(problem="tls")) == "tls"
