"""The first request of the skill with the token: what the skill itself said of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, get_args

import jwt
import pytest
from django.utils import timezone

from accounts.cognito import keys
from accounts.cognito.tokens import Reason
from accounts.models import Door, Tombstone, User, sub_digest
from accounts.oauth_trace import recording
from accounts.oauth_trace.diagnosis import rules
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from skill_endpoint import skill, traced
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
)
from tests.cognito import TokenMint, new_key
from tests.conftest import SKILL_ID
from tests.local_aws import LivePool

SUB = "sub-linked"
ALEXA_USER = "amzn1.ask.account.TESTS"


def speak(token: str) -> None:
    """A turn with this token, from the envelope on."""
    device = Device(application_id=SKILL_ID, user_id=ALEXA_USER, access_token=token)
    turn = envelopes.intent(device, "AMAZON.HelpIntent", {}, new=True, request_id="first")
    assert skill.answer(turn)


def tell_of_the_linking(token: str) -> None:
    device = Device(application_id=SKILL_ID, user_id=ALEXA_USER)
    event = envelopes.skill_event(device, "SkillAccountLinked", {"accessToken": token})
    skill.answer(event)


def claims_of(scene: TokenScene, **changes: Any) -> dict[str, Any]:
    found = jwt.decode(scene.mint.access(SUB), options={"verify_signature": False})
    return {name: claim for name, claim in (found | changes).items() if claim is not None}


def spoken_with(scene: TokenScene, token: str) -> None:
    """Linked with this token, and then spoken with; the pool's keys are the mint's."""
    scene.keep_setting(keys, "fetch", lambda url: keys.parse(scene.mint.jwks()))
    scene.linked(access_token=token)
    speak(token)


def with_claims(**claims: Any) -> TokenAct:
    return lambda scene: spoken_with(scene, scene.mint.sign(claims_of(scene, **claims)))


def with_header(**header: Any) -> TokenAct:
    def act(scene: TokenScene) -> None:
        spoken_with(scene, scene.mint.sign(claims_of(scene), headers=header))

    return act


def with_a_shared_secret(scene: TokenScene) -> None:
    headers = {"kid": scene.mint.kid}
    spoken_with(scene, jwt.encode(claims_of(scene), "s" * 32, algorithm="HS256", headers=headers))


def signed_by_another(scene: TokenScene) -> None:
    spoken_with(scene, scene.mint.sign(claims_of(scene), key=new_key()))


def without_the_keys(scene: TokenScene) -> None:
    """Really: nobody listens where they should be."""
    token = scene.really_linked()["access_token"]
    scene.configured(COGNITO_JWKS_URL="http://localhost:1/.well-known/jwks.json")
    speak(token)


def much_later(scene: TokenScene) -> None:
    scene.keep_setting(keys, "fetch", lambda url: keys.parse(scene.mint.jwks()))
    token = scene.mint.access(SUB, exp=int(time.time()) + 600)
    scene.linked(access_token=token, expires_in=600)
    with scene.after(minutes=20):
        speak(token)


def a_moment_early(scene: TokenScene) -> None:
    """Less than the minute from which on the token answer shows it."""
    with_claims(iat=int(time.time()) + 50)(scene)


def with_an_id_token(scene: TokenScene) -> None:
    spoken_with(scene, scene.mint.id(SUB))


def after_erasure(scene: TokenScene) -> None:
    """The moment between: the person's attempts go with them, and this one is a little late."""
    scene.keep_setting(keys, "fetch", lambda url: keys.parse(scene.mint.jwks()))
    token = scene.linked(access_token=scene.mint.access(SUB))["access_token"]
    Tombstone.objects.create(digest=sub_digest(SUB))
    speak(token)


def switched_off(scene: TokenScene) -> None:
    person = User.objects.for_sub(SUB, door=Door.WEB)
    User.objects.filter(pk=person.pk).update(is_active=False)
    with_claims()(scene)


def taken_back(scene: TokenScene) -> None:
    AccountLink.objects.create(
        application_id=SKILL_ID,
        alexa_user_id=ALEXA_USER,
        user=User.objects.for_sub(SUB, door=Door.WEB),
        linked_at=timezone.now(),
    )
    AccountLink.objects.get().unlink()
    with_claims()(scene)


def told(scene: TokenScene) -> None:
    """All well, and really so: with tokens and keys of the local AWS."""
    token = scene.really_linked()["access_token"]
    tell_of_the_linking(token)
    speak(token)
    assert scene.trace().last(Stage.SKILL)


def spoken_before_it_is_told(scene: TokenScene) -> None:
    token = scene.really_linked()["access_token"]
    speak(token)
    tell_of_the_linking(token)


def silent(minutes: float) -> TokenAct:
    def act(scene: TokenScene) -> None:
        scene.really_linked()
        scene.minutes_pass(minutes)

    return act


def for_an_unheard_of_reason(scene: TokenScene) -> None:
    """As a later version of the skill could say it."""
    token = scene.linked()["access_token"]
    recording.note_skill_request(token, Message(method="POST"), "moonlight")


PROVOKED: TokenActs = {
    "skill-token-malformed": with_header(crit=["b64"], b64=True),
    "skill-token-algorithm": with_a_shared_secret,
    "skill-token-unknown-key": with_header(kid="another-key"),
    "skill-token-keys-unavailable": without_the_keys,
    "skill-token-signature": signed_by_another,
    "skill-token-issuer": with_claims(iss="https://cognito-idp.eu-west-1.amazonaws.com/other"),
    "skill-token-expired": much_later,
    "skill-token-issued-in-future": a_moment_early,
    "skill-token-claims": with_claims(sub=None),
    "skill-token-token-use": with_an_id_token,
    "skill-token-client": with_claims(client_id="7abcdefghij0123456789klmno"),
    "skill-token-erased": after_erasure,
    "skill-token-inactive": switched_off,
    "skill-token-unlinked": taken_back,
    "skill-token-refused": for_an_unheard_of_reason,
    "skill-silent": silent(minutes=11),
    "skill-before-event": spoken_before_it_is_told,
}
# the token itself shows these before the skill sees it: that is said first
SAID_BEFORE = {
    "skill-token-algorithm": "token-algorithm",
    "skill-token-issuer": "token-issuer",
    "skill-token-token-use": "token-id-token-given",
    "skill-token-client": "token-client-claim",
}

SPARED: TokenActs = dict.fromkeys(PROVOKED, told) | {
    "skill-token-issued-in-future": with_claims(iat=int(time.time()) + 5),
    "skill-token-expired": with_claims(exp=int(time.time()) + 3600),
    "skill-token-refused": without_the_keys,
    "skill-silent": silent(minutes=9),
}


@pytest.fixture
def scene(linker: Linker, pool: LivePool, pool_keys: TokenMint) -> Iterator[TokenScene]:
    traced.forget()
    with TokenScene(linker, pool, mint=pool_keys) as found:
        yield found


@pytest.mark.parametrize("code", [code for code in PROVOKED if code not in SAID_BEFORE])
def test_it_is_found(code: str, scene: TokenScene) -> None:
    PROVOKED[code](scene)
    assert_it_is_found(code, scene)


@pytest.mark.parametrize("code", SAID_BEFORE)
def test_it_is_found_after_what_the_token_shows(code: str, scene: TokenScene) -> None:
    PROVOKED[code](scene)
    assert scene.codes()[:2] == [SAID_BEFORE[code], code]


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, scene: TokenScene) -> None:
    SPARED[code](scene)
    assert_it_is_spared(code, scene)


def test_a_linking_that_is_told_of_has_no_finding(scene: TokenScene) -> None:
    told(scene)
    assert scene.codes() == []


def test_each_reason_of_the_skill_has_a_rule_of_its_own() -> None:
    """But for that of the website's sign-in, which the skill never gives."""
    reasons = {*get_args(Reason), "erased", "inactive", "unlinked"} - {"nonce"}
    codes = {rule.code for rule in rules()}
    assert {f"skill-token-{reason.replace('_', '-')}" for reason in reasons} <= codes
