"""What is asked of the authorize address: parameters that are missing, doubled or odd."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from accounts.models import Door, User
from accounts.oauth_trace.models import Outcome
from tests.accounts.oauth_trace.conftest import Linker, latest
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


def opened_by_hand(scene: Scene) -> None:
    """As by a bot; what it adds is nothing of OAuth."""
    scene.linker.open("utm_source=somewhere")


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


def asking_with_pkce(scene: Scene) -> None:
    scene.linker.authorize(code_challenge=CHALLENGE, code_challenge_method="S256")


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
    "nothing-asked": opened_by_hand,
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
    "nothing-asked": asking(state=None),
    "state-missing": asking(),
    "state-placeholder": asking(state="STATE" * 100),
    "state-short": asking(),
    "response-type-missing": asking(),
    "response-type-token": asking(response_type="code"),
    "response-type-unknown": asking(response_type="token"),
    "response-mode-set": asking(response_mode="query"),
    "prompt-none": asking(prompt="login"),
    "pkce-method-missing": asking_with_pkce,
    "pkce-method-plain": asking_with_pkce,
    "pkce-challenge-missing": asking_with_pkce,
    "pkce-challenge-shape": asking_with_pkce,
    "parameters-not-alexas": asking(lang="de"),
}


@pytest.mark.parametrize("act", [asking(), asking_with_pkce])
def test_who_asks_as_alexa_does_hears_nothing_yet(act: Act, linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        act(scene)
        assert scene.codes() == []


@pytest.mark.parametrize("query", ["", "utm_source=somewhere"])
def test_who_opens_the_bare_address_began_nothing(
    linker: Linker, pool: LivePool, query: str
) -> None:
    with Scene(linker, pool) as scene:
        linker.browser.force_login(User.objects.for_sub("sub-of-a-visitor", door=Door.WEB))
        linker.open(query)
        attempt = latest()
        assert (attempt.outcome, attempt.finding) == (Outcome.GAVE_UP, "nothing-asked")
        assert attempt.site_sub == ""
        scene.minutes_pass()
        assert scene.codes() == ["nothing-asked"]


@pytest.mark.parametrize("name", ["redirect_uri", "scope", "client_id"])
def test_what_redaction_withholds_is_not_held_against_anybody(
    linker: Linker, pool: LivePool, name: str
) -> None:
    """A parameter that nobody knows repeats it: so it may be a secret, and is not shown."""
    query = dict(parse_qsl(urlsplit(linker.authorize(state="a" * 600)).query))
    repeated = linker.redirect_uri if name == "redirect_uri" else query[name]
    act = asking(unheard_of=repeated)
    assert_provoked("parameters-not-alexas", act, linker, pool)


def test_a_name_that_is_no_word_is_not_repeated(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        asking(**{"<b>odd": "x"})(scene)
        (finding,) = scene.findings()
        assert finding.evidence[0].value == "one with an odd name"


def test_an_empty_challenge_is_none(linker: Linker, pool: LivePool) -> None:
    act = asking(code_challenge="", code_challenge_method="S256")
    assert_provoked("pkce-challenge-missing", act, linker, pool)


def test_a_method_without_a_challenge_is_one_fault(linker: Linker, pool: LivePool) -> None:
    act = refused(code_challenge_method="plain")
    assert_provoked("pkce-challenge-missing", act, linker, pool)


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
