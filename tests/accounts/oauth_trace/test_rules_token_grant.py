"""A code that is not taken: used, old, changed, or redeemed with other values than it was asked."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models import F
from django.test import override_settings

from accounts.oauth_trace.models import Attempt
from accounts.pool.parameters import LINK_CALLBACK_PATH
from tests.accounts.oauth_trace.conftest import Linker, latest, new_code
from tests.accounts.oauth_trace.scenes import PERSON
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
)
from tests.local_aws import LivePool

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().strip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def refused(scene: TokenScene, code: str, **changes: str | None) -> None:
    assert scene.redeems(code, **changes).status_code == 400


def refused_by_stub(error: str, description: str = "", **changes: str | None) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.refuses(error, description)
        refused(scene, scene.returned(), **changes)

    return act


def used_twice(scene: TokenScene) -> None:
    code = scene.signed_in()
    assert scene.redeems(code).status_code == 200
    refused(scene, code)


def used_once(scene: TokenScene) -> None:
    assert scene.redeems(scene.signed_in()).status_code == 200


def tried_again(scene: TokenScene) -> None:
    code = scene.returned()
    scene.says(b"", 503)
    assert scene.redeems(code).status_code == 503
    scene.refuses("invalid_grant")
    refused(scene, code)


def tried_again_and_taken(scene: TokenScene) -> None:
    code = scene.returned()
    scene.says(b"", 503)
    assert scene.redeems(code).status_code == 503
    scene.gives()
    assert scene.redeems(code).status_code == 200


def redeemed_after(**span: float) -> TokenAct:
    def act(scene: TokenScene) -> None:
        code = scene.returned()
        scene.refuses("invalid_grant")
        with scene.after(**span):
            refused(scene, code)

    return act


def with_a_changed_code(scene: TokenScene) -> None:
    """Known by its PKCE verifier."""
    scene.pool.person(PERSON)
    scene.linker.come_back(scene.linker.sign_in(scene.linker.authorize(**PKCE), PERSON))
    refused(scene, new_code(), code_verifier=VERIFIER)


def without_capture(scene: TokenScene, **authorize: str | None) -> str:
    """The code, as Alexa gets it when the way back does not lead over us."""
    scene.without_capture()
    scene.pool.person(PERSON)
    location = scene.linker.sign_in(scene.linker.authorize(**authorize), PERSON)
    return scene.linker.come_back(location)["code"][0]


def with_another_redirect_uri(scene: TokenScene) -> None:
    """Known by its PKCE verifier: by its redirect_uri it could not be."""
    code = without_capture(scene, **PKCE)
    back = scene.linker.redirect_uri + "/"
    refused(scene, code, redirect_uri=back, code_verifier=VERIFIER)


def unauthorized_for_another_redirect_uri(scene: TokenScene) -> None:
    """As people report of Cognito, in the place of invalid_grant."""
    code = without_capture(scene, **PKCE)
    scene.refuses("unauthorized_client")
    back = scene.linker.redirect_uri.replace("pitangui.amazon.com", "layla.amazon.com")
    refused(scene, code, redirect_uri=back, code_verifier=VERIFIER)


def with_the_same_redirect_uri(scene: TokenScene) -> None:
    refused(scene, without_capture(scene, **PKCE), code_verifier="w" * 64)


def with_another_redirect_uri_captured(scene: TokenScene) -> None:
    """The capture puts its own address only in the place of the one that it knows."""
    refused(scene, scene.signed_in(), redirect_uri=scene.linker.redirect_uri + "/")


def without_a_redirect_uri(scene: TokenScene) -> None:
    refused(scene, without_capture(scene), redirect_uri=None)


def with_an_unregistered_redirect_uri(scene: TokenScene) -> None:
    """Without an authorize request that it could be compared with."""
    refused(scene, new_code(), redirect_uri="https://elsewhere.example.com/callback")


def with_a_registered_redirect_uri(scene: TokenScene) -> None:
    refused(scene, new_code())


def with_pkce(verifier: str | None) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.pool.person(PERSON)
        location = scene.linker.sign_in(scene.linker.authorize(**PKCE), PERSON)
        code = scene.linker.come_back(location)["code"][0]
        answer = scene.redeems(code, code_verifier=verifier)
        assert answer.status_code == (200 if verifier == VERIFIER else 400)

    return act


def with_a_cut_verifier(scene: TokenScene) -> None:
    """Of a challenge that belongs to it: only its length is wrong."""
    short = VERIFIER[:42]
    hashed = hashlib.sha256(short.encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).decode().strip("=")
    code = scene.returned(code_challenge=challenge, code_challenge_method="S256")
    scene.refuses("invalid_request")
    refused(scene, code, code_verifier=short)


def client_reads(*names: str) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.reads(*names)
        code = scene.returned()
        scene.refuses("invalid_grant")
        refused(scene, code)

    return act


def disabled_meanwhile(scene: TokenScene) -> None:
    code = scene.signed_in()
    names = {"UserPoolId": scene.pool.id, "Username": PERSON}
    scene.pool.idp.admin_disable_user(**names)
    refused(scene, code)
    scene.pool.idp.admin_enable_user(**names)


def from_the_website(scene: TokenScene) -> None:
    """Its code did not come over the trace; this one is Amazon's own."""
    refused(scene, "ANdNAVhyhqirUelHGEHA", redirect_uri=settings.PUBLIC_URL + LINK_CALLBACK_PATH)


def really_from_the_website(scene: TokenScene) -> None:
    scene.linker.redirect_uri = settings.PUBLIC_URL + LINK_CALLBACK_PATH
    scene.really_linked()


def of_nobody_while_one_waits(scene: TokenScene) -> None:
    scene.linker.authorize()
    scene.refuses("invalid_grant")
    scene.redeems(new_code())


def of_nobody_while_none_waits(scene: TokenScene) -> None:
    """One is linked already, another began long ago, and a third did not come this way."""
    scene.linked()
    scene.linker.authorize()
    Attempt.objects.filter(pk=latest().pk).update(started_at=F("started_at") - Attempt.ABANDONED)
    scene.refuses("invalid_grant")
    scene.redeems(new_code())
    assert len(Attempt.objects.all()) == 3


PROVOKED: TokenActs = {
    "token-code-used-twice": used_twice,
    "token-code-tried-again": tried_again,
    "token-code-expired": redeemed_after(seconds=301),
    "token-code-changed": with_a_changed_code,
    "token-attributes-unreadable": client_reads("email", "phone_number", "phone_number_verified"),
    "token-person-gone": disabled_meanwhile,
    "token-code-of-website": from_the_website,
    "token-code-of-elsewhere": of_nobody_while_one_waits,
    "token-code-refused": refused_by_stub("invalid_grant"),
    "token-redirect-uri-changed": with_another_redirect_uri,
    "token-redirect-uri-missing": without_a_redirect_uri,
    "token-redirect-uri-unregistered": with_an_unregistered_redirect_uri,
    "token-verifier-missing": with_pkce(None),
    "token-verifier-length": with_a_cut_verifier,
    "token-verifier-wrong": with_pkce("w" * 64),
    "token-verifier-unasked": refused_by_stub("invalid_grant", code_verifier=VERIFIER),
}

SPARED: TokenActs = {
    "token-code-used-twice": used_once,
    "token-code-tried-again": tried_again_and_taken,
    "token-code-expired": redeemed_after(seconds=290),
    "token-code-changed": with_pkce("w" * 64),
    "token-attributes-unreadable": client_reads(
        "email", "email_verified", "phone_number", "phone_number_verified"
    ),
    "token-person-gone": refused_by_stub("invalid_grant", "Invalid or expired code."),
    "token-code-of-website": really_from_the_website,
    "token-code-of-elsewhere": of_nobody_while_none_waits,
    "token-code-refused": used_twice,
    "token-redirect-uri-changed": with_the_same_redirect_uri,
    "token-redirect-uri-missing": with_a_registered_redirect_uri,
    "token-redirect-uri-unregistered": with_a_registered_redirect_uri,
    "token-verifier-missing": with_pkce(VERIFIER),
    "token-verifier-length": with_pkce("w" * 43),
    "token-verifier-wrong": with_pkce(VERIFIER),
    "token-verifier-unasked": with_pkce("w" * 64),
}


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


@pytest.mark.parametrize(
    "act", [unauthorized_for_another_redirect_uri, with_another_redirect_uri_captured]
)
def test_a_changed_redirect_uri_is_found_in_each_way(act: TokenAct, scene: TokenScene) -> None:
    act(scene)
    assert scene.codes() == ["token-redirect-uri-changed"]


def test_the_attempt_that_waits_is_named(scene: TokenScene) -> None:
    scene.linker.authorize()
    waiting = latest()
    scene.refuses("invalid_grant")
    scene.redeems(new_code())
    (finding,) = scene.findings()
    assert finding.evidence[1].value == waiting.reference != latest().reference

    # it is said of this attempt, whatever becomes of the other one
    scene.later = timedelta(hours=1)
    assert scene.codes() == ["token-code-of-elsewhere"]


def test_only_the_scopes_that_are_asked_for_must_be_readable(scene: TokenScene) -> None:
    scene.reads("email", "email_verified")
    code = scene.returned(scope="openid email")
    scene.refuses("invalid_grant")
    refused(scene, code)
    assert scene.codes() == ["token-code-refused"]


def test_without_a_scope_all_of_the_client_must_be_readable(scene: TokenScene) -> None:
    scene.reads("email", "email_verified")
    code = scene.returned(scope=None)
    scene.refuses("invalid_grant")
    refused(scene, code)
    assert scene.findings()[0].code == "token-attributes-unreadable"


def test_what_differs_comes_before_what_is_probable(scene: TokenScene) -> None:
    """A missing verifier is the reason, whatever else the client lacks."""
    scene.reads("email")
    code = scene.returned(**PKCE)
    scene.refuses("invalid_grant")
    refused(scene, code)
    assert scene.codes() == ["token-verifier-missing"]


def test_a_retry_does_not_hide_what_used_the_code_up(scene: TokenScene) -> None:
    """Cognito's codes die with the first refusal; the second call is right and comes too late."""
    code = scene.returned(**PKCE)
    scene.refuses("invalid_grant")
    refused(scene, code, code_verifier="w" * 64)
    refused(scene, code, code_verifier=VERIFIER)
    assert scene.codes() == ["token-verifier-wrong"]


def test_the_general_one_says_what_was_compared(scene: TokenScene) -> None:
    refused_by_stub("invalid_grant")(scene)
    (finding,) = scene.findings()
    said = {each.label: each.value for each in finding.evidence}
    assert said["code given and redeemed"] == "the same"
    assert said["redirect_uri at sign-in and here"] == "the same"
    assert said["PKCE"] == "not in use"


def test_a_lost_answer_counts_like_no_answer(scene: TokenScene) -> None:
    code = scene.returned()
    scene.refuses("invalid_grant")
    with override_settings(COGNITO_DOMAIN_URL="http://localhost:1"):
        assert scene.redeems(code).status_code == 502
    refused(scene, code)
    assert scene.codes() == ["token-code-tried-again"]


@pytest.mark.parametrize("act", [*PROVOKED.values()], ids=[*PROVOKED])
def test_one_cause_is_said_once(act: TokenAct, scene: TokenScene) -> None:
    act(scene)
    assert len(scene.codes()) == 1
