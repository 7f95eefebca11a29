"""The form of a token call, and refusals that no rule explains."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from accounts.oauth_trace import wanted
from accounts.oauth_trace.diagnosis import diagnose
from accounts.oauth_trace.gateway.log_lines import Logged
from accounts.oauth_trace.gateway.reading import read
from accounts.oauth_trace.trace import Trace
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
)
from tests.local_aws import LivePool


def refused(**changes: str | None) -> TokenAct:
    """By the local AWS, with these changes to the form."""

    def act(scene: TokenScene) -> None:
        assert scene.redeems(scene.signed_in(), **changes).status_code == 400

    return act


def with_the_code(code: str) -> TokenAct:
    def act(scene: TokenScene) -> None:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": scene.linker.redirect_uri,
        }
        assert scene.posts(form).status_code == 400

    return act


def refused_by_stub(error: str) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.refuses(error)
        scene.redeems()

    return act


def sent_as_json(scene: TokenScene) -> None:
    body = json.dumps({"grant_type": "authorization_code", "code": scene.signed_in()})
    assert scene.posts(body, content_type="application/json").status_code == 400


def with_a_code_twice(scene: TokenScene) -> None:
    code = scene.signed_in()
    body = f"grant_type=authorization_code&code=other&code={code}&client_id=a&redirect_uri=b"
    assert scene.posts(body).status_code == 400


def with_the_flow_off(scene: TokenScene) -> None:
    """Switched off between sign-in and the token call."""
    code = scene.returned()
    scene.client_has(AllowedOAuthFlowsUserPoolClient=False, AllowedOAuthFlows=[])
    scene.refuses("unauthorized_client")
    scene.redeems(code)


def redeemed(scene: TokenScene) -> None:
    assert scene.redeems(scene.signed_in()).status_code == 200


BY_FRONT: TokenActs = {
    "token-body-not-a-form": sent_as_json,
    "token-parameter-twice": with_a_code_twice,
    "token-grant-type-missing": refused(grant_type=None),
    "token-grant-type-other": refused(grant_type="password"),
    "token-code-missing": with_the_code(""),
    "token-code-flow-off": with_the_flow_off,
    "token-client-not-allowed": refused_by_stub("unauthorized_client"),
    "token-request-refused": refused_by_stub("invalid_request"),
}

# our front answers another method itself, so a gateway's log must show it
PROVOKED = {*BY_FRONT, "token-not-posted"}

SPARED: TokenActs = {
    "token-not-posted": redeemed,
    "token-body-not-a-form": refused(grant_type="password"),
    "token-parameter-twice": refused(grant_type="password"),
    "token-grant-type-missing": refused(grant_type="password"),
    "token-grant-type-other": with_the_code("another"),
    "token-code-missing": with_the_code("another"),
    "token-code-flow-off": refused_by_stub("unauthorized_client"),
    "token-client-not-allowed": refused(grant_type="password"),
    "token-request-refused": refused_by_stub("invalid_client"),
}


@pytest.fixture
def scene(linker: Linker, pool: LivePool) -> Iterator[TokenScene]:
    with TokenScene(linker, pool) as found:
        yield found


@pytest.mark.parametrize("code", BY_FRONT)
def test_it_is_found(code: str, scene: TokenScene) -> None:
    BY_FRONT[code](scene)
    assert_it_is_found(code, scene)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, scene: TokenScene) -> None:
    SPARED[code](scene)
    assert_it_is_spared(code, scene)


def test_another_method_shows_in_the_log_of_a_gateway(db: None) -> None:
    (seen,) = read(
        Logged(
            request_id="r1",
            at=datetime(2026, 11, 22, 10, tzinfo=UTC),
            method="GET",
            resource="/oauth2/token",
            url="https://auth.example.com/oauth2/token",
            status=405,
        )
    )
    trace = Trace(started_at=seen.recorded.at, seen_at=timezone.now(), events=(seen.recorded,))
    found = diagnose(trace, wanted.from_settings())

    assert [finding.code for finding in found] == ["token-not-posted"]
    assert found[0].evidence[0].value == "GET"
