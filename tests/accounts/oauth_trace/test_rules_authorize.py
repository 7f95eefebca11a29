"""What is asked of the authorize address: parameters that are missing, doubled or odd."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlencode

import pytest

from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.scenes import (
    PERSON,
    Act,
    Acts,
    Scene,
    assert_provoked,
    assert_spared,
)
from tests.local_aws import LivePool

VERIFIER = "a-verifier-of-pkce-is-43-characters-or-more-long"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def asking(**changes: str | None) -> Act:
    return lambda scene: scene.linker.authorize(**changes)


def refused(**changes: str | None) -> Act:
    """The pool sends the browser back at once."""
    return lambda scene: scene.follows(**changes)


def static_parameters(scene: Scene) -> None:
    """As guides say that the Web Authorization URI should look; Alexa appends its own."""
    link = scene.linker
    static = {
        "response_type": "code",
        "client_id": link.client_id,
        "redirect_uri": link.redirect_uri,
        "state": "STATE",
    }
    own = static | {"state": link.state, "scope": link.scope}
    link.open(f"{urlencode(static)}&{urlencode(own)}")


def linked(scene: Scene) -> None:
    scene.link()


def linked_with_pkce(scene: Scene) -> None:
    scene.pool.person(PERSON)
    location = scene.linker.authorize(code_challenge=CHALLENGE, code_challenge_method="S256")
    back = scene.linker.come_back(scene.linker.sign_in(location, PERSON))
    answer = scene.linker.redeem(back["code"][0], code_verifier=VERIFIER)
    assert answer.status_code == 200, answer.content


def prompted(scene: Scene) -> None:
    scene.linker.authorize(prompt="none")
    scene.returns(error="login_required")


PROVOKED: Acts = {
    "static-parameters": static_parameters,
    "state-missing": asking(state=None),
    "state-placeholder": asking(state="STATE"),
    "state-short": asking(state="of-a-trial"),
    "response-type-missing": asking(response_type=None),
    "response-type-token": asking(response_type="token"),
    "response-type-unknown": asking(response_type="Code"),
    "response-mode-set": asking(response_mode="form_post"),
    "prompt-none": prompted,
    "pkce-method-missing": refused(code_challenge=CHALLENGE),
    "pkce-method-plain": refused(code_challenge=VERIFIER, code_challenge_method="plain"),
    "pkce-challenge-missing": refused(code_challenge_method="S256"),
    "pkce-challenge-shape": asking(code_challenge=CHALLENGE + "=", code_challenge_method="S256"),
    "parameters-not-alexas": asking(redirect_url="https://pitangui.amazon.com/"),
}
SPARED: Acts = {
    "static-parameters": asking(identity_provider="COGNITO"),
    "state-missing": linked,
    "state-placeholder": asking(state="STATE" * 100),
    "state-short": linked,
    "response-type-missing": linked,
    "response-type-token": asking(response_type="code"),
    "response-type-unknown": asking(response_type="token"),
    "response-mode-set": asking(response_mode="query"),
    "prompt-none": asking(prompt="login"),
    "pkce-method-missing": linked_with_pkce,
    "pkce-method-plain": linked_with_pkce,
    "pkce-challenge-missing": linked_with_pkce,
    "pkce-challenge-shape": linked_with_pkce,
    "parameters-not-alexas": asking(lang="de"),
}


def test_a_linking_with_pkce_has_no_finding(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        linked_with_pkce(scene)
        assert scene.codes() == []


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
