"""Nobody becomes somebody else: by an address, a number, a token of another door, a stolen code.

Against a real pool of the local AWS where the pool's behavior matters.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests
from allauth.socialaccount.internal import statekit
from django.test import Client
from pytest_django import Settings

from accounts.cognito import endpoints, keys
from accounts.cognito.exchange import redeem_code
from accounts.cognito.nonce import nonce_for
from accounts.cognito.tokens import TokenRejected, verify_access_token, verify_id_token
from accounts.erasure import delete_person
from accounts.models import Door, User
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint, new_key
from tests.conftest import browser
from tests.local_aws import LivePool, alexa_tokens, hosted_sign_in
from tests.sign_in import CALLBACK, callback_path, person_of, sign_in, start
from tests.skill_endpoint.voice import one_shot

pytestmark = [pytest.mark.django_db, pytest.mark.local_aws]


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def whose(client: Client) -> str:
    """The sub that this browser is signed in as; empty for nobody."""
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk).sub if pk else ""


def web_tokens(client: Client, name: str) -> tuple[dict[str, Any], str]:
    """All that the pool gives the website, which keeps none of it, and that sign-in's nonce."""
    url = start(client)
    state = query_of(url)["state"]
    kept: dict[str, Any] = client.session[statekit.STATES_SESSION_KEY][state][0]
    back = hosted_sign_in(url, name)
    verifier = kept["pkce_code_verifier"]
    return redeem_code(query_of(back)["code"], code_verifier=verifier), nonce_for(verifier)


# --- by an address or a number -----------------------------------------------------------------


def remove(pool: LivePool, sub: str) -> None:
    pool.idp.admin_delete_user(UserPoolId=pool.id, Username=sub)


@pytest.mark.parametrize("name", ["recycled@example.com", "+12065550177"])
def test_who_gets_an_address_or_number_later_gets_nothing_of_who_had_it(
    pool: LivePool, name: str
) -> None:
    """Recycled: the first leaves the pool (not us), the provider gives it to somebody else."""
    first = person_of(pool, name)
    sign_in(browser(), first.name)
    before = User.objects.get(sub=first.sub)
    before.is_staff = True
    before.save()
    remove(pool, first.sub)
    second = person_of(pool, name)
    assert second.sub != first.sub
    client = browser()
    sign_in(client, second.name)
    assert whose(client) == second.sub
    assert User.objects.count() == 2
    assert client.get("/admin/").status_code == 302
    assert not User.objects.get(sub=second.sub).is_staff


def test_who_comes_after_a_deleted_person_with_their_address_is_new(pool: LivePool) -> None:
    first = person_of(pool, "after@example.com")
    sign_in(browser(), first.name)
    delete_person(User.objects.get(sub=first.sub))
    second = person_of(pool, "after@example.com")
    client = browser()
    sign_in(client, second.name)
    assert [user.sub for user in User.objects.all()] == [second.sub]


def test_an_address_that_nobody_verified_opens_nobodys_account(pool: LivePool) -> None:
    """Who registers with the victim's address, unverified, is somebody new to us."""
    victim = person_of(pool, "victim@example.com")
    sign_in(browser(), victim.name)
    attacker = person_of(pool, "+12065550188")
    pool.idp.admin_update_user_attributes(
        UserPoolId=pool.id,
        Username=attacker.sub,
        UserAttributes=[
            {"Name": "email", "Value": "victim@example.com"},
            {"Name": "email_verified", "Value": "false"},
        ],
    )
    client = browser()
    sign_in(client, attacker.name)
    assert whose(client) == attacker.sub
    found = User.objects.get(sub=attacker.sub)
    assert (found.email, found.email_verified) == ("victim@example.com", False)


def test_a_federated_twin_with_the_same_address_is_another_person(
    client: Client, mint: TokenMint
) -> None:
    """Login with Amazon beside a native account: the pool makes two subs, and so two people."""
    native = User.objects.for_sub("sub-native", door=Door.WEB)
    native.email, native.email_verified = "twin@example.com", True
    native.save()
    token = mint.id("sub-federated", email="twin@example.com")
    claims = verify_id_token(token, "nonce")
    assert User.objects.for_sub(claims.sub, door=Door.WEB) != native
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "spelling", ["SUB-LINKED", "sub-linked ", " sub-linked", "sub-linked\u200b", "sub-linked\x00"]
)
def test_a_sub_in_another_spelling_is_another_person_or_nobody(
    linked: User, mint: TokenMint, spelling: str
) -> None:
    token = mint.access(spelling)
    if spelling.isupper():
        assert User.objects.for_sub(verify_access_token(token).sub, door=Door.VOICE) != linked
    else:
        assert refusal(verify_access_token, token) == "claims"


# --- by a token of another door ----------------------------------------------------------------


def refusal(call: Any, *arguments: str) -> str:
    with pytest.raises(TokenRejected) as rejected:
        call(*arguments)
    return rejected.value.reason


def test_each_door_takes_its_own_token_and_no_other(client: Client, pool: LivePool) -> None:
    """Mixed clients: all six real tokens of one person, at both verifiers."""
    person = person_of(pool, "mixed@example.com")
    alexa = alexa_tokens(pool, person.name)
    web, nonce = web_tokens(client, person.name)
    assert verify_access_token(alexa["access_token"]).sub == person.sub
    assert verify_id_token(web["id_token"], nonce).sub == person.sub
    assert refusal(verify_access_token, web["access_token"]) == "client"
    assert refusal(verify_access_token, alexa["id_token"]) == "token_use"
    assert refusal(verify_access_token, web["id_token"]) == "token_use"
    assert refusal(verify_id_token, alexa["id_token"], nonce) == "client"
    assert refusal(verify_id_token, alexa["access_token"], nonce) == "token_use"
    assert refusal(verify_id_token, web["access_token"], nonce) == "token_use"
    for tokens in (alexa, web):
        assert refusal(verify_access_token, tokens["refresh_token"]) in {"malformed", "token_use"}


def test_a_token_of_another_door_makes_no_person_and_no_link_by_voice(
    client: Client, pool: LivePool, device: Device
) -> None:
    person = person_of(pool, "wrong-door@example.com")
    web, _nonce = web_tokens(client, person.name)
    for token in (
        web["access_token"],
        web["id_token"],
        alexa_tokens(pool, person.name)["id_token"],
    ):
        one_shot(replace(device, access_token=token), "WhoAmIIntent")
    assert not User.objects.exists()
    assert not AccountLink.objects.exists()


def test_a_token_of_another_pool_is_refused_under_any_issuer(
    pool: LivePool, mint: TokenMint, settings: Settings
) -> None:
    """Issuer mix-up: somebody's own pool signs for our client and our issuer with its own key."""
    keys._key_sets.clear()
    foreign = TokenMint(new_key(), kid="key-of-another-pool")
    other_issuer = endpoints.issuer().rpartition("/")[0] + "/us-east-1_Another99"
    assert refusal(verify_access_token, mint.access(iss=other_issuer)) == "issuer"
    assert refusal(verify_access_token, foreign.access()) == "unknown_key"
    assert refusal(verify_id_token, foreign.id(), "nonce") == "unknown_key"
    stolen_name = TokenMint(foreign.key, kid=mint.kid)
    assert refusal(verify_access_token, stolen_name.access()) == "signature"


def test_a_token_that_names_its_own_keys_is_not_asked_where_they_are(
    mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        return keys.parse(mint.jwks())

    monkeypatch.setattr(keys, "fetch", fetch)
    evil = TokenMint(new_key(), kid="evil")
    token = evil.sign(
        jwt.decode(mint.access(), options={"verify_signature": False}),
        headers={"jku": "https://evil.example/jwks", "x5u": "https://evil.example/x"},
    )
    assert refusal(verify_access_token, token) == "unknown_key"
    assert set(asked) == {endpoints.jwks_url()}


# --- by a code, a state, a nonce ---------------------------------------------------------------


def test_a_code_of_somebody_else_does_not_sign_their_victim_in(pool: LivePool) -> None:
    """Code injection: the attacker's code in the victim's callback, with the victim's own state."""
    attacker, victim = browser(), browser()
    person = person_of(pool, "injected@example.com")
    stolen = query_of(hosted_sign_in(start(attacker), person.name))["code"]
    state = query_of(start(victim))["state"]
    answer = victim.get(f"{CALLBACK}?{urlencode({'code': stolen, 'state': state})}")
    assert answer.status_code == 401
    assert whose(victim) == ""
    assert not User.objects.exists()


def test_the_attackers_whole_callback_does_not_sign_their_victim_in(pool: LivePool) -> None:
    """Log-in CSRF: code and state belong together, and to another browser."""
    attacker, victim = browser(), browser()
    person = person_of(pool, "planted@example.com")
    back = callback_path(attacker, person.name)
    start(victim)
    assert victim.get(back).status_code == 401
    assert whose(victim) == ""


def test_a_state_from_before_a_sign_in_is_worth_nothing_in_another_session(
    pool: LivePool,
) -> None:
    person = person_of(pool, "fixed@example.com")
    client = browser()
    back = callback_path(client, person.name)
    before = client.cookies["doors_session"].value
    assert client.get(back).status_code == 302
    assert client.cookies["doors_session"].value != before
    planted = browser()
    planted.cookies["doors_session"] = before
    assert planted.get("/me/").status_code == 302


def test_a_code_asked_for_without_pkce_is_refused(pool: LivePool) -> None:
    """PKCE downgrade: the challenge taken out of the address on its way to the pool."""
    person = person_of(pool, "downgrade@example.com")
    client = browser()
    parts = urlsplit(start(client))
    asked = query_of(start(client))
    without = {name: value for name, value in asked.items() if "code_challenge" not in name}
    without["nonce"] = "of-the-attacker"
    back = urlsplit(hosted_sign_in(parts._replace(query=urlencode(without)).geturl(), person.name))
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    assert whose(client) == ""


def test_a_code_is_worth_nothing_without_its_verifier(pool: LivePool) -> None:
    client = browser()
    person = person_of(pool, "verifier@example.com")
    code = query_of(hosted_sign_in(start(client), person.name))["code"]
    for form in ({}, {"code_verifier": "x" * 64}):
        answer = requests.post(
            endpoints.token_url(),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": endpoints.callback_url(),
                **form,
            },
            auth=(pool.values.web_client_id, pool.values.web_client_secret),
            timeout=10,
        )
        assert answer.status_code == 400, answer.text


def test_a_nonce_counts_for_one_sign_in(client: Client, pool: LivePool) -> None:
    """Nonce replay: an id token of an earlier sign-in does not answer a later one."""
    person = person_of(pool, "replayed-nonce@example.com")
    first, nonce = web_tokens(client, person.name)
    _second, later = web_tokens(client, person.name)
    assert nonce != later
    assert refusal(verify_id_token, first["id_token"], later) == "nonce"


def test_a_leaked_token_is_worth_nothing_after_its_time(mint: TokenMint) -> None:
    old = int(time.time()) - 3700
    assert refusal(verify_access_token, mint.access(iat=old, exp=old + 3600)) == "expired"
