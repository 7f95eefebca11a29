"""What stands in a token answer, of a redeemed code and of a refresh."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import Door, User
from accounts.oauth_trace import redaction, wanted
from accounts.oauth_trace.diagnosis import diagnose
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.verdict import verdict
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
    for_each_stage,
)
from tests.cognito import TokenMint
from tests.local_aws import LivePool

OTHER_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another"


def gives(**changes: Any) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.gives(**changes)

    return act


def with_headers(**headers: str) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.says(scene.gives(), 200, **headers)

    return act


def token_with(**claims: Any) -> TokenAct:
    """`iat` and `exp` are seconds from now."""

    def act(scene: TokenScene) -> None:
        now = int(time.time())
        times = {name: now + claims[name] for name in ("iat", "exp") if name in claims}
        scene.gives(access_token=scene.mint.access(**claims | times))

    return act


def signed_by_a_shared_secret(scene: TokenScene) -> None:
    claims = jwt.decode(scene.mint.access(), options={"verify_signature": False})
    scene.gives(access_token=jwt.encode(claims, "s" * 32, algorithm="HS256"))


def id_token(scene: TokenScene) -> None:
    scene.gives(access_token=scene.mint.id())


def of_five_minutes(scene: TokenScene) -> None:
    """The shortest that Cognito allows, and too short for Alexa."""
    scene.client_has(AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"})


def of_six_minutes(scene: TokenScene) -> None:
    scene.client_has(AccessTokenValidity=6, TokenValidityUnits={"AccessToken": "minutes"})


FAULTS: TokenActs = {
    "type": gives(token_type="mac"),
    "expires-in-missing": gives(expires_in=None),
    "expires-in-not-a-number": gives(expires_in="soon"),
    "lifetime-short": gives(expires_in=300),
    "lifetimes-disagree": gives(expires_in=86400),
    "content-type": with_headers(Content_Type="text/plain"),
    "cacheable": with_headers(Cache_Control="max-age=60"),
    "large": token_with(**{"cognito:groups": [f"group-number-{n}" for n in range(120)]}),
    "opaque": gives(access_token="Atza|opaque"),
    "id-token-given": id_token,
    "issuer": token_with(iss=OTHER_ISSUER),
    "client-claim": token_with(client_id="7abcdefghij0123456789klmno"),
    "algorithm": signed_by_a_shared_secret,
    "expired-at-issue": token_with(iat=-3600, exp=-1),
    "clock-skew": token_with(iat=90, exp=3690),
    "no-openid": token_with(scope="email"),
}
HEALTHY: TokenActs = {
    "type": gives(token_type="bearer"),
    "expires-in-missing": gives(expires_in=3600),
    "expires-in-not-a-number": gives(expires_in="3600"),
    "lifetime-short": gives(expires_in=360),
    "lifetimes-disagree": gives(expires_in=3570),
    "content-type": with_headers(Content_Type="application/json"),
    "cacheable": with_headers(Cache_Control="no-store"),
    "large": token_with(**{"cognito:groups": ["one", "two"]}),
    "opaque": gives(),
    "id-token-given": gives(),
    "issuer": gives(),
    "client-claim": gives(),
    "algorithm": gives(),
    "expired-at-issue": token_with(iat=-3599, exp=60),
    "clock-skew": token_with(iat=50, exp=3650),
    "no-openid": token_with(scope="openid"),
}


def without_a_refresh_token(scene: TokenScene) -> None:
    scene.linked(refresh_token=None)


def refresh_without_a_refresh_token(scene: TokenScene) -> None:
    """As Cognito answers without rotation: Alexa keeps the one that it has."""
    tokens = scene.really_linked()
    answer = scene.refreshes(tokens["refresh_token"])
    assert b"refresh_token" not in answer.content


def linked_while_signed_in_as(sub: str) -> TokenAct:
    """On the website, in the same browser; the token is of the person `sub-linked`."""

    def act(scene: TokenScene) -> None:
        scene.linker.browser.force_login(User.objects.for_sub(sub, door=Door.WEB))
        scene.linked()

    return act


PROVOKED = for_each_stage(FAULTS) | {
    "token-no-refresh-token": without_a_refresh_token,
    "token-other-person": linked_while_signed_in_as("sub-another"),
}
SPARED = for_each_stage(HEALTHY) | {
    "token-no-refresh-token": refresh_without_a_refresh_token,
    "token-other-person": linked_while_signed_in_as("sub-linked"),
}


@pytest.fixture
def scene(linker: Linker, pool: LivePool, pool_keys: TokenMint) -> Iterator[TokenScene]:
    with TokenScene(linker, pool, mint=pool_keys) as found:
        yield found


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, scene: TokenScene) -> None:
    PROVOKED[code](scene)
    assert_it_is_found(code, scene)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, scene: TokenScene) -> None:
    SPARED[code](scene)
    assert_it_is_spared(code, scene)


@pytest.mark.parametrize(
    ("act", "codes"), [(of_five_minutes, ["token-lifetime-short"]), (of_six_minutes, [])]
)
def test_the_pools_own_short_tokens_are_found(
    act: TokenAct, codes: list[str], scene: TokenScene
) -> None:
    act(scene)
    scene.really_linked()
    assert scene.codes() == codes


def test_tokens_of_another_pool_than_the_skills_are_found(scene: TokenScene) -> None:
    """Really: the local AWS gives them, and our settings name another pool."""
    scene.configured(COGNITO_ISSUER=OTHER_ISSUER)
    scene.really_linked()
    assert scene.codes() == ["token-issuer"]


def test_a_clock_that_is_wrong_here_is_found(scene: TokenScene) -> None:
    """Really: the tokens come from a process whose clock is right."""
    code = scene.signed_in()
    with scene.after(minutes=-3):
        assert scene.redeems(code).status_code == 200
    found = scene.findings()
    assert [finding.code for finding in found] == ["token-clock-skew"]
    assert "(+1" in found[0].evidence[0].value  # seconds ahead of ours


@pytest.mark.parametrize("token", [None, "", {}, [], False])
def test_a_refresh_token_that_is_none_is_missed(token: object, scene: TokenScene) -> None:
    answer = scene.gives() | {"refresh_token": token}
    scene.says(answer)
    scene.redeems()
    assert scene.codes() == ["token-no-refresh-token"]


def test_a_token_answer_of_cognitos_has_no_finding(scene: TokenScene) -> None:
    scene.linked()
    assert scene.codes() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "client_id", "token_use", "scope", "sub", "exp", "iat", "aud"]), JSON
)
HEADERS = st.fixed_dictionaries({"alg": JSON}, optional={"kid": JSON})
NAMES = ["access_token", "refresh_token", "token_type", "expires_in", "error", "__type", "data"]
ANSWERS = st.dictionaries(st.sampled_from(NAMES), JSON)
FORMS = st.dictionaries(
    st.sampled_from(["grant_type", "code", "redirect_uri", "client_id", "code_verifier"]),
    st.sampled_from(["", "authorization_code", "a", "https://example.com/"]),
)


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    claims=CLAIMS,
    header=HEADERS,
    body=ANSWERS,
    form=FORMS,
    status=st.sampled_from([0, 200, 201, 302, 400, 401, 429, 500]),
    stages=st.lists(st.sampled_from(list(Stage)), min_size=1, max_size=4),
    problem=st.sampled_from(["", "timeout", "expired"]),
)
def test_no_rule_stumbles_over_what_it_reads(
    claims: dict[str, Any],
    header: dict[str, Any],
    body: dict[str, Any],
    form: dict[str, str],
    status: int,
    stages: list[Stage],
    problem: str,
) -> None:
    """A rule that raises would take the whole attempt with it."""
    token = ".".join(_part(each) for each in (header, claims)) + ".signature"
    answer = redaction.answer(
        status=status,
        body=json.dumps({"access_token": token} | body).encode(),
        problem="" if status else problem,
    )
    request = redaction.request(
        method="POST",
        url="https://example.com/oauth/token",
        headers_=[("Content-Type", "application/x-www-form-urlencoded")],
        body=urlencode(form).encode(),
    )
    now = timezone.now()
    events = tuple(
        Recorded(stage=stage, at=now, milliseconds=1, request=request, response=answer)
        for stage in stages
    )
    trace = Trace(started_at=now, seen_at=now, events=events)

    found = diagnose(trace, wanted.from_settings())
    verdict(trace, found)
    assert len({finding.code for finding in found}) == len(found)
    assert all(isinstance(each.value, str) for finding in found for each in finding.evidence)


def _part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")
