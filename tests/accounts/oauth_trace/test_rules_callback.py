"""The browser comes back from sign-in with an error, or without a code."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from accounts.oauth_trace.models import Outcome
from tests.accounts.oauth_trace.conftest import Linker, new_code
from tests.accounts.oauth_trace.scenes import Act, Acts, Scene, assert_provoked, assert_spared
from tests.local_aws import LivePool


def back_with(error: str, description: str = "") -> Act:
    """As Cognito's pages describe its redirect."""

    def act(scene: Scene) -> None:
        scene.linker.authorize()
        more = {"error_description": description} if description else {}
        scene.returns(error=error, **more)

    return act


def scopes_changed_unread(scene: Scene) -> None:
    """The pool refuses a scope that, by all that is known of it, the client has."""
    scene.client_has(is_known=False, AllowedOAuthScopes=["openid"])
    scene.follows()


def code_grant_taken_away(scene: Scene) -> None:
    """Then this is the reason, and it is said."""
    scene.client_has(AllowedOAuthFlows=["implicit"])
    back_with("unauthorized_client")(scene)


def back_without_anything(scene: Scene) -> None:
    scene.linker.authorize()
    scene.returns()


def back_with_code(scene: Scene) -> None:
    scene.linker.authorize()
    scene.returns(code=new_code())


def back_as(*states: str) -> Act:
    """With a code, and the state cut off at so many characters; `""` is all of it."""

    def act(scene: Scene) -> None:
        state = scene.linker.state
        scene.linker.authorize()
        query = [("state", state[: int(cut)] if cut else state) for cut in states]
        scene.linker.browser.get(f"/oauth/callback?{urlencode([*query, ('code', new_code())])}")

    return act


AMAZON = (
    "LoginWithAmazon Error - 400 invalid_request The request is missing a required parameter : "
    "client_secret"
)
IN_BETWEEN = "Google Error - 400 invalid_grant Bad Request"
LINKED = "Already found an entry for username LoginWithAmazon_amzn1.account.AEXAMPLE"
TRIGGER = "PreSignUp failed with error Not on the list."
FIXED = "user.email: Attribute cannot be updated."
REQUIRED = "attributes required: [email]"

PROVOKED: Acts = {
    "login-with-amazon-failed": back_with("invalid_request", AMAZON),
    "first-federated-sign-in": back_with("invalid_request", f"{LINKED} "),
    "trigger-failed": back_with("invalid_request", TRIGGER),
    "attribute-not-writable": back_with("invalid_request", FIXED),
    "attribute-required": back_with("invalid_request", REQUIRED),
    "person-disabled": back_with("invalid_request", "User is not enabled."),
    "identity-provider-failed": back_with("invalid_request", IN_BETWEEN),
    "callback-invalid-scope": scopes_changed_unread,
    "callback-unauthorized-client": back_with("unauthorized_client"),
    "person-cancelled": back_with("access_denied"),
    "callback-login-required": back_with("login_required"),
    "pool-failed": back_with("server_error"),
    "pool-unavailable": back_with("temporarily_unavailable"),
    "callback-invalid-request": back_with("invalid_request"),
    "callback-error": back_with("something_new", "nobody has heard of it"),
    "callback-without-code": back_without_anything,
    "state-changed": back_as("255"),
}
SPARED: Acts = {
    "login-with-amazon-failed": back_with("invalid_request", IN_BETWEEN),
    "first-federated-sign-in": back_with("invalid_request", FIXED),
    "trigger-failed": back_with("invalid_request", "Not on the list."),
    "attribute-not-writable": back_with("invalid_request", REQUIRED),
    "attribute-required": back_with("invalid_request", FIXED),
    "person-disabled": back_with("access_denied"),
    "identity-provider-failed": back_with("invalid_request", AMAZON),
    "callback-invalid-scope": lambda scene: scene.follows(scope="openid profile"),
    "callback-unauthorized-client": code_grant_taken_away,
    "person-cancelled": back_with("access_denied", TRIGGER),
    "callback-login-required": lambda scene: (
        scene.linker.authorize(prompt="none"),
        scene.returns(error="login_required"),
    ),
    "pool-failed": back_with("server_error", TRIGGER),
    "pool-unavailable": back_with("server_error"),
    "callback-invalid-request": lambda scene: scene.follows(code_challenge="x" * 43),
    "callback-error": back_with("access_denied"),
    "callback-without-code": back_with_code,
    "state-changed": back_as(""),
}


@pytest.mark.parametrize(
    ("code", "description"),
    [
        ("trigger-failed", "PreTokenGeneration failed with error timed out"),
        ("trigger-failed", "Invalid lambda function output : Invalid JSON"),
        ("identity-provider-failed", "Invalid SAML response received: assertion is expired"),
        ("attribute-required", "username attribute is required"),
        ("person-disabled", "User account is disabled"),
        ("callback-unauthorized-client", "Client is not enabled for OAuth2.0 flows."),
    ],
)
def test_other_wordings(linker: Linker, pool: LivePool, code: str, description: str) -> None:
    assert_provoked(code, back_with("invalid_request", description), linker, pool)


@pytest.mark.parametrize("states", [(), ("", ""), ("512",)])
def test_a_state_that_is_lost_doubled_or_cut_has_changed(
    linker: Linker, pool: LivePool, states: tuple[str, ...]
) -> None:
    assert_provoked("state-changed", back_as(*states), linker, pool)


def test_a_code_behind_a_hash_sign_is_no_code(linker: Linker, pool: LivePool) -> None:
    """A browser keeps the fragment to itself: the address is opened with nothing."""
    with Scene(linker, pool) as scene:
        scene.linker.authorize()
        scene.linker.browser.get("/oauth/callback")
        assert scene.codes() == ["callback-without-code"]


def test_who_cancels_has_given_up(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        back_with("access_denied")(scene)
        assert scene.verdict().outcome == Outcome.GAVE_UP


@pytest.mark.parametrize(
    "code", sorted(PROVOKED.keys() - {"callback-without-code", "state-changed"})
)
def test_an_error_that_was_overcome_is_none(linker: Linker, pool: LivePool, code: str) -> None:
    """The person goes on in the same attempt, and it links."""
    with Scene(linker, pool) as scene:
        if code == "callback-invalid-scope":
            back_with("invalid_scope")(scene)
        else:
            PROVOKED[code](scene)
        scene.link()
        assert scene.codes() == []


def test_an_error_after_the_tokens_is_none(linker: Linker, pool: LivePool) -> None:
    """The person goes back in the browser, and Alexa has what it needs."""
    with Scene(linker, pool) as scene:
        scene.link()
        scene.returns(error="access_denied")
        assert scene.codes() == []


def test_a_code_counts_more_than_an_error_beside_it(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.linker.authorize()
        scene.returns(error="server_error", code=new_code())
        assert scene.codes() == []


def test_what_a_trigger_says_is_said_beside_another_fault(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.linker.authorize(scope="openid profile")
        scene.returns(error="invalid_request", error_description=TRIGGER)
        assert scene.codes() == ["scope-not-allowed", "trigger-failed"]


def test_the_description_is_shown_without_what_it_must_not_say(
    linker: Linker, pool: LivePool
) -> None:
    with Scene(linker, pool) as scene:
        back_with("invalid_request", "PreSignUp failed with error no linked@example.com")(scene)
        (finding,) = scene.findings()
        assert "PreSignUp failed" in finding.evidence[0].value
        assert "linked@example.com" not in str(finding)


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
