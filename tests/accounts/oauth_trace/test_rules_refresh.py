"""Refreshing: why it is refused, and what will end a link that still works.

What a refresh is answered with is tried with the answers to a code, in test_rules_token_answer.py
and test_rules_token_contents.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.oauth_trace import wanted
from accounts.oauth_trace.diagnosis import diagnose
from tests.accounts.oauth_trace.conftest import Linker, new_code
from tests.accounts.oauth_trace.scenes import PERSON
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
    basic,
)
from tests.cognito import TokenMint
from tests.local_aws import LivePool

OTHER_SECRET = "s" * 51


def refreshed_well(scene: TokenScene) -> None:
    """As it should be: no new refresh token comes, and Alexa keeps the old one."""
    answer = scene.refreshes(scene.really_linked()["refresh_token"])
    assert answer.status_code == 200


def refused(error: str, **changes: str | None) -> TokenAct:
    """Linked, and then refused by a stub with Cognito's documented body."""

    def act(scene: TokenScene) -> None:
        tokens = scene.linked()
        scene.refuses(error)
        assert scene.refreshes(tokens["refresh_token"], **changes).status_code == 400

    return act


def by_another_client(scene: TokenScene) -> None:
    tokens = scene.linked()
    other = scene.other_client()
    scene.refuses("invalid_grant")
    auth = basic(other["ClientId"], other["ClientSecret"])
    scene.refreshes(tokens["refresh_token"], auth=auth, client_id=other["ClientId"])


def with_another_secret(scene: TokenScene) -> None:
    """Really: linked with the right one by HTTP Basic, encoded as now."""
    assert scene.redeems(scene.signed_in()).status_code == 200
    token = scene.given()
    auth = basic(scene.linker.client_id, OTHER_SECRET)
    assert scene.refreshes(token, auth=auth).status_code == 400


def linked_before_the_trace(error: str, *, secret: str = "") -> TokenAct:
    """Only the refresh is seen."""

    def act(scene: TokenScene) -> None:
        scene.refuses(error)
        auth = basic(scene.linker.client_id, secret or scene.linker.client_secret)
        assert scene.refreshes("refresh" + new_code(), auth=auth).status_code == 400

    return act


def really_linked_before_the_trace(scene: TokenScene) -> None:
    """A token that the local AWS does not know."""
    assert scene.refreshes("refresh" + new_code()).status_code == 400


def rotated(scene: TokenScene) -> str:
    """Each refresh brings a new token; the one from before."""
    old = scene.linked()["refresh_token"]
    scene.gives()
    assert scene.refreshes(old).status_code == 200
    return str(old)


def rotated_and_used_again(scene: TokenScene) -> None:
    old = rotated(scene)
    scene.refuses("invalid_grant")
    assert scene.refreshes(old).status_code == 400


def given_again(scene: TokenScene) -> None:
    """An answer with the same refresh token is no rotation."""
    tokens = scene.linked()
    scene.says(tokens)
    assert scene.refreshes(tokens["refresh_token"]).status_code == 200


def refused_after(days: int, *, validity: int) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.client_has(RefreshTokenValidity=validity, TokenValidityUnits={"RefreshToken": "days"})
        token = scene.linked()["refresh_token"]
        scene.aged(days=days)
        scene.refuses("invalid_grant")
        assert scene.refreshes(token).status_code == 400

    return act


def signed_out_everywhere(scene: TokenScene) -> None:
    token = scene.really_linked()["refresh_token"]
    scene.pool.idp.admin_user_global_sign_out(UserPoolId=scene.pool.id, Username=PERSON)
    assert scene.refreshes(token).status_code == 400


def revoked(scene: TokenScene) -> None:
    token = scene.really_linked()["refresh_token"]
    values = scene.pool.values
    scene.pool.idp.revoke_token(
        Token=token, ClientId=values.alexa_client_id, ClientSecret=values.alexa_client_secret
    )
    assert scene.refreshes(token).status_code == 400


def switched_off(scene: TokenScene) -> None:
    token = scene.really_linked()["refresh_token"]
    names = {"UserPoolId": scene.pool.id, "Username": PERSON}
    scene.pool.idp.admin_disable_user(**names)
    assert scene.refreshes(token).status_code == 400
    scene.pool.idp.admin_enable_user(**names)


def linked_with(**client: Any) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.client_has(**client)
        assert scene.refreshes(scene.really_linked()["refresh_token"]).status_code == 200

    return act


def refreshed_every(minutes: float, *, times: int) -> TokenAct:
    """Each time the token is as old as if it had just been given."""

    def act(scene: TokenScene) -> None:
        token = scene.linked()["refresh_token"]
        for turn in range(1, times + 1):
            with scene.after(minutes=minutes * turn):
                scene.gives(refresh_token=None)
                assert scene.refreshes(token).status_code == 200

    return act


THIRTY_DAYS = {"RefreshTokenValidity": 30, "TokenValidityUnits": {"RefreshToken": "days"}}

PROVOKED: TokenActs = {
    "refresh-client-changed": by_another_client,
    "refresh-unauthenticated": refused("invalid_client", auth=None),
    "refresh-secret-changed": with_another_secret,
    "refresh-secret-replaced": refused("invalid_client"),
    "refresh-secret-wrong": linked_before_the_trace("invalid_client", secret=OTHER_SECRET),
    "refresh-old-token": rotated_and_used_again,
    "refresh-token-expired": refused_after(31, validity=30),
    "refresh-parameter-missing": refused("invalid_request", refresh_token=None),
    "refresh-token-revoked": signed_out_everywhere,
    "refresh-grant-refused": really_linked_before_the_trace,
    "refresh-refused": linked_before_the_trace("invalid_request"),
    "refresh-token-short-lived": linked_with(**THIRTY_DAYS),
    "refresh-outlived": linked_with(
        AccessTokenValidity=24,
        RefreshTokenValidity=12,
        TokenValidityUnits={"AccessToken": "hours", "RefreshToken": "hours"},
    ),
    "refresh-rotation": rotated,
    "refresh-too-often": refreshed_every(2, times=3),
}

SPARED: TokenActs = {
    "refresh-client-changed": refreshed_well,
    "refresh-unauthenticated": linked_before_the_trace("invalid_client", secret=OTHER_SECRET),
    "refresh-secret-changed": refused("invalid_client"),
    "refresh-secret-replaced": with_another_secret,
    "refresh-secret-wrong": linked_before_the_trace("invalid_client"),
    "refresh-old-token": signed_out_everywhere,
    "refresh-token-expired": refused_after(29, validity=30),
    "refresh-parameter-missing": linked_before_the_trace("invalid_request"),
    "refresh-token-revoked": really_linked_before_the_trace,
    "refresh-grant-refused": signed_out_everywhere,
    "refresh-refused": signed_out_everywhere,
    "refresh-token-short-lived": linked_with(
        RefreshTokenValidity=365, TokenValidityUnits={"RefreshToken": "days"}
    ),
    "refresh-outlived": refreshed_well,
    "refresh-rotation": given_again,
    "refresh-too-often": refreshed_every(6, times=4),
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


@pytest.mark.parametrize("act", [signed_out_everywhere, revoked, switched_off])
def test_each_way_of_revoking_is_found(act: TokenAct, scene: TokenScene) -> None:
    act(scene)
    assert scene.codes() == ["refresh-token-revoked"]


def test_a_healthy_refresh_has_no_finding(scene: TokenScene) -> None:
    refreshed_well(scene)
    assert scene.codes() == []


def test_rotation_of_the_client_is_found_before_it_shows(scene: TokenScene) -> None:
    """The local AWS has no rotation: only what is wanted says so."""
    scene.really_linked()
    rotating = replace(wanted.known(), rotation=True)
    assert [each.code for each in diagnose(scene.trace(), rotating)] == ["refresh-rotation"]


def test_another_client_that_the_pool_lets_pass_shows_in_the_token(scene: TokenScene) -> None:
    """The local AWS refreshes for any client; the token is then another one's."""
    token, other = scene.really_linked()["refresh_token"], scene.other_client()
    auth = basic(other["ClientId"], other["ClientSecret"])
    answer = scene.refreshes(token, auth=auth, client_id=other["ClientId"])
    assert answer.status_code == 200
    assert scene.codes() == ["refresh-client-claim"]


def test_the_secret_that_is_the_id_is_named(scene: TokenScene) -> None:
    act = linked_before_the_trace("invalid_client", secret=scene.linker.client_id)
    act(scene)
    (finding,) = scene.findings()
    assert finding.code == "refresh-refused"


def test_one_short_interval_is_no_habit(scene: TokenScene) -> None:
    refreshed_every(1, times=2)(scene)
    assert scene.codes() == []
