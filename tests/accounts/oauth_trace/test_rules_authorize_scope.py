"""The scopes that a skill asks for, and those that its client has."""

from __future__ import annotations

import pytest

from accounts.oauth_trace import wanted
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.scenes import Act, Acts, Scene, assert_provoked, assert_spared
from tests.local_aws import LivePool

ADMINISTRATION = "aws.cognito.signin.user.admin"


def refused(scope: str) -> Act:
    """The pool sends the browser back with an error: the general finding is not said as well."""
    return lambda scene: scene.follows(scope=scope)


def without_openid(scene: Scene) -> None:
    """As Cognito's page has it; the local AWS lets it pass."""
    scene.linker.authorize(scope="email phone")
    scene.returns(error="invalid_scope")


def linked_with(scope: str) -> Act:
    def act(scene: Scene) -> None:
        scene.linker.scope = scope
        scene.link()

    return act


def with_administration(scene: Scene) -> None:
    scene.client_has(AllowedOAuthScopes=[*(wanted.known().scopes or ()), ADMINISTRATION])
    linked_with(f"openid email {ADMINISTRATION}")(scene)


PROVOKED: Acts = {
    "scope-missing": lambda scene: scene.linker.authorize(scope=None),
    "scope-unreadable": refused("openid,email"),
    "scope-in-capitals": refused("OpenID email"),
    "scope-not-allowed": refused("openid email phone profile"),
    "scope-without-openid": without_openid,
    "scope-of-administration": with_administration,
}
SPARED: Acts = {
    "scope-missing": linked_with("openid"),
    "scope-unreadable": linked_with("openid email"),
    "scope-in-capitals": refused("openid profile"),
    "scope-not-allowed": refused("OPENID"),
    "scope-without-openid": linked_with("openid email"),
    "scope-of-administration": refused(f"openid {ADMINISTRATION}"),
}


def test_encoded_twice_is_unreadable(linker: Linker, pool: LivePool) -> None:
    assert_provoked("scope-unreadable", refused("openid%20email"), linker, pool)


def test_a_pool_that_is_not_as_strict_is_believed(linker: Linker, pool: LivePool) -> None:
    assert_spared("scope-without-openid", linked_with("email"), linker, pool)


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
