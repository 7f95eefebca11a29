"""The client that asks: whose id it is, and what the pool lets it do."""

from __future__ import annotations

import pytest
import requests

from accounts.oauth_trace import wanted
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.scenes import Act, Acts, Scene, assert_provoked, assert_spared
from tests.local_aws import LivePool

SKILL_ID = "amzn1.ask.skill.tests"  # of tests/settings.py
OTHER_POOLS = "7abcdefghij0123456789klmno"
SECURITY_PROFILE = f"amzn1.application-oa2-client.{'0a' * 16}"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Facts"


def asking_as(client_id: str | None) -> Act:
    return lambda scene: scene.linker.authorize(client_id=client_id)


def client_with(**changes: list[str]) -> Act:
    def act(scene: Scene) -> None:
        scene.client_has(is_known=True, **changes)
        scene.linker.authorize()

    return act


def signing_in_at(url: str) -> Act:
    def act(scene: Scene) -> None:
        scene.configured(COGNITO_DOMAIN_URL=url, COGNITO_ISSUER=ISSUER)
        scene.linker.authorize()

    return act


def pool_changed_unread(scene: Scene) -> None:
    """The pool refuses what, by all that is known of it, it should accept."""
    scene.client_has(is_known=False, CallbackURLs=["https://elsewhere.example.com/"])
    scene.pool_answer = scene.refused_by_pool()
    assert scene.pool_answer.status_code == 400


def pool_shows_sign_in(scene: Scene) -> None:
    scene.pool_answer = scene.refused_by_pool()
    assert scene.pool_answer.status_code == 200


def as_the_website(scene: Scene) -> None:
    scene.linker.authorize(client_id=wanted.known().web_client_id)


def as_alexa_asks(scene: Scene) -> None:
    scene.linker.authorize()


PROVOKED: Acts = {
    "client-id-missing": asking_as(None),
    "client-id-is-the-secret": lambda scene: scene.linker.authorize(
        client_id=scene.linker.client_secret
    ),
    "client-id-is-a-skill-id": asking_as(SKILL_ID),
    "client-id-padded": lambda scene: scene.linker.authorize(
        client_id=f"{scene.linker.client_id}\n"
    ),
    "client-id-of-the-website": as_the_website,
    "client-id-of-login-with-amazon": asking_as(SECURITY_PROFILE),
    "client-id-of-another-pool": asking_as(OTHER_POOLS),
    "client-id-unknown": asking_as("my-client"),
    "code-flow-disabled": client_with(AllowedOAuthFlows=["implicit"]),
    "no-identity-provider": client_with(SupportedIdentityProviders=[]),
    "identity-provider-not-enabled": lambda scene: scene.linker.authorize(
        identity_provider="LoginWithAmazon"
    ),
    "domain-in-another-region": signing_in_at("https://facts.auth.eu-west-1.amazoncognito.com"),
    "domain-is-the-issuer": signing_in_at("https://cognito-idp.us-east-1.amazonaws.com"),
    "sign-in-page-error": pool_changed_unread,
}
SPARED: Acts = {
    "client-id-missing": as_alexa_asks,
    "client-id-is-the-secret": asking_as("x" * 51),
    "client-id-is-a-skill-id": asking_as("amzn1.ask.skill.another"),
    "client-id-padded": asking_as(f" {OTHER_POOLS}"),
    "client-id-of-the-website": as_alexa_asks,
    "client-id-of-login-with-amazon": asking_as(OTHER_POOLS),
    "client-id-of-another-pool": as_the_website,
    "client-id-unknown": asking_as(OTHER_POOLS),
    "code-flow-disabled": client_with(AllowedOAuthFlows=["code", "implicit"]),
    "no-identity-provider": as_alexa_asks,
    "identity-provider-not-enabled": lambda scene: scene.linker.authorize(
        identity_provider="COGNITO"
    ),
    "domain-in-another-region": signing_in_at("https://facts.auth.us-east-1.amazoncognito.com"),
    "domain-is-the-issuer": signing_in_at("https://login.example.com"),
    "sign-in-page-error": pool_shows_sign_in,
}


def test_an_error_page_of_cognitos_is_seen_in_a_log(linker: Linker, pool: LivePool) -> None:
    answer = requests.Response()
    answer.status_code = 302
    answer._content = b""
    answer.headers["Location"] = f"/error?error=redirect_mismatch&client_id={linker.client_id}"
    with Scene(linker, pool) as scene:
        scene.linker.authorize()
        scene.pool_answer = answer
        (finding,) = scene.findings()
        assert finding.code == "sign-in-page-error"
        assert "redirect_mismatch" in finding.evidence[0].value


def test_an_error_page_with_a_known_reason_is_not_said_twice(
    linker: Linker, pool: LivePool
) -> None:
    with Scene(linker, pool) as scene:
        scene.pool_answer = scene.refused_by_pool(client_id=OTHER_POOLS)
        assert scene.codes() == ["client-id-of-another-pool"]


def test_an_id_that_is_not_set_here_is_not_compared(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.configured(COGNITO_ALEXA_CLIENT_ID="")
        as_alexa_asks(scene)
        assert scene.codes() == []


def test_a_client_without_oauth_has_no_code_grant(linker: Linker, pool: LivePool) -> None:
    def act(scene: Scene) -> None:
        scene.client_has(AllowedOAuthFlowsUserPoolClient=False)
        scene.linker.authorize()

    assert_provoked("code-flow-disabled", act, linker, pool)


@pytest.mark.parametrize(
    "url",
    [
        "https://facts.auth.eu-west-1.amazoncognito.com",
        "https://cognito-idp.us-east-1.amazonaws.com",
    ],
)
def test_a_domain_that_people_signed_in_at_is_one(linker: Linker, pool: LivePool, url: str) -> None:
    with Scene(linker, pool) as scene:
        scene.signed_in()
        scene.configured(COGNITO_DOMAIN_URL=url, COGNITO_ISSUER=ISSUER)
        assert scene.codes() == []


def test_an_issuer_elsewhere_has_no_region(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        signing_in_at("https://facts.auth.eu-west-1.amazoncognito.com")(scene)
        scene.configured(COGNITO_ISSUER="https://issuer.example.com")
        assert scene.codes() == []


def test_facts_of_our_client_are_not_held_against_another(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.client_has(AllowedOAuthFlows=["implicit"], SupportedIdentityProviders=[])
        scene.linker.authorize(
            client_id=OTHER_POOLS, redirect_uri="https://else.example.com/", scope="else"
        )
        assert scene.codes() == ["client-id-of-another-pool"]


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
