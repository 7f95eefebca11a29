"""The client that redeems a code: its id, its secret, and how it sends them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from django.conf import settings

from accounts.oauth_trace import redaction, wanted
from tests.accounts.oauth_trace.conftest import Linker, new_code
from tests.accounts.oauth_trace.token_scenes import (
    TokenAct,
    TokenActs,
    TokenScene,
    assert_it_is_found,
    assert_it_is_spared,
    basic,
)
from tests.local_aws import LivePool

OTHER_POOLS = "7abcdefghij0123456789klmno"
OTHER_SECRET = "s" * 51


def as_sent(**changes: str | None) -> TokenAct:
    """Sign in at the local AWS; redeem the code with these changes, and be refused."""

    def act(scene: TokenScene) -> None:
        assert scene.redeems(scene.signed_in(), **changes).status_code == 400

    return act


def with_secret(secret: str) -> TokenAct:
    def act(scene: TokenScene) -> None:
        auth = basic(scene.linker.client_id, secret)
        assert scene.redeems(scene.signed_in(), auth=auth).status_code == 400

    return act


def secret_is_the_id(scene: TokenScene) -> None:
    with_secret(scene.linker.client_id)(scene)


def with_a_padded_secret(scene: TokenScene) -> None:
    with_secret(scene.linker.client_secret + " ")(scene)


def redeemed_well(scene: TokenScene) -> None:
    assert scene.redeems(scene.signed_in()).status_code == 200


def with_secret_in_the_form(scene: TokenScene) -> None:
    secret = scene.linker.client_secret
    answer = scene.redeems(scene.signed_in(), auth=None, client_secret=secret)
    assert answer.status_code == 200


def without_a_client_id_in_the_form(scene: TokenScene) -> None:
    assert scene.redeems(scene.signed_in(), client_id=None).status_code == 200


def with_two_secrets(scene: TokenScene) -> None:
    scene.refuses("invalid_client")
    scene.redeems(client_secret=OTHER_SECRET)


def as_the_website(scene: TokenScene) -> None:
    values = scene.pool.values
    auth = basic(values.web_client_id, values.web_client_secret)
    answer = scene.redeems(scene.signed_in(), auth=auth, client_id=values.web_client_id)
    assert answer.status_code == 400


def as_another_client(scene: TokenScene) -> None:
    other = scene.other_client()
    auth = basic(other["ClientId"], other["ClientSecret"])
    answer = scene.redeems(scene.signed_in(), auth=auth, client_id=other["ClientId"])
    assert answer.status_code == 400


def as_a_client_of_another_pool(scene: TokenScene) -> None:
    """Without an authorize request of this attempt, so that the id alone shows it."""
    auth = basic(OTHER_POOLS, OTHER_SECRET)
    assert scene.redeems(new_code(), auth=auth, client_id=OTHER_POOLS).status_code == 400


def as_a_public_client(scene: TokenScene) -> None:
    public = scene.other_client(GenerateSecret=False)["ClientId"]
    scene.configured(COGNITO_ALEXA_CLIENT_ID=public, COGNITO_ALEXA_CLIENT_SECRET="")
    assert wanted.current().has_secret is False
    scene.linker.client_id, scene.linker.client_secret = public, OTHER_SECRET
    scene.refuses("invalid_client")
    scene.redeems()


def with_everything_right_and_refused(scene: TokenScene) -> None:
    """What Cognito says of a client that was deleted, while all that we know of it is old."""
    scene.refuses("invalid_client")
    scene.redeems()


PROVOKED: TokenActs = {
    "token-authorization-unreadable": as_sent(auth="Basic not-base64!"),
    "token-client-unauthenticated": as_sent(auth=None),
    "token-secret-empty": with_secret(""),
    "token-client-ids-differ": as_sent(auth=basic(OTHER_POOLS, OTHER_SECRET)),
    "token-secret-sent-twice": with_two_secrets,
    "token-client-of-website": as_the_website,
    "token-client-changed": as_another_client,
    "token-client-unknown": as_a_client_of_another_pool,
    "token-client-public": as_a_public_client,
    "token-secret-is-the-id": secret_is_the_id,
    "token-secret-padded": with_a_padded_secret,
    "token-secret-wrong": with_secret(OTHER_SECRET),
    "token-client-refused": with_everything_right_and_refused,
}

SPARED: TokenActs = {
    "token-authorization-unreadable": with_secret(OTHER_SECRET),
    "token-client-unauthenticated": with_secret_in_the_form,
    "token-secret-empty": as_sent(auth=None),
    "token-client-ids-differ": without_a_client_id_in_the_form,
    "token-secret-sent-twice": with_secret_in_the_form,
    "token-client-of-website": redeemed_well,
    "token-client-changed": redeemed_well,
    "token-client-unknown": with_secret(OTHER_SECRET),
    "token-client-public": with_everything_right_and_refused,
    "token-secret-is-the-id": with_secret(OTHER_SECRET),
    "token-secret-padded": with_secret(OTHER_SECRET),
    "token-secret-wrong": with_everything_right_and_refused,
    "token-client-refused": with_secret(OTHER_SECRET),
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
    "auth",
    ["Bearer something", "Basic not-base64!", "Basic " + base64.b64encode(b"no colon").decode()],
)
def test_each_unreadable_header_is_named(auth: str, scene: TokenScene) -> None:
    as_sent(auth=auth)(scene)
    assert scene.codes() == ["token-authorization-unreadable"]


@pytest.mark.parametrize("secret", ["{} ", "\n{}", '"{}"'])
def test_what_was_copied_along_with_the_secret_shows_in_its_length(
    secret: str, scene: TokenScene
) -> None:
    with_secret(secret.format(scene.linker.client_secret))(scene)
    (finding,) = scene.findings()
    assert finding.code == "token-secret-padded"
    sent, own = (each.value for each in finding.evidence)
    length = len(scene.linker.client_secret)
    assert sent.endswith(f"({length + len(secret) - 2} characters)")
    assert own.endswith(f"({length} characters)")


def test_a_plus_in_a_padded_secret_stays_one(scene: TokenScene) -> None:
    """Most clients send it as it is; it is known again with what stands around it."""
    scene.configured(COGNITO_ALEXA_CLIENT_SECRET="a+b/c=d" * 5)
    known = wanted.from_settings()
    credentials = base64.b64encode(f"id:{settings.COGNITO_ALEXA_CLIENT_SECRET}\n".encode())
    sent = redaction.basic(f"Basic {credentials.decode()}")
    assert sent[1].value.digest in known.padded_secrets


@pytest.mark.parametrize("act", [*PROVOKED.values()], ids=[*PROVOKED])
def test_one_cause_is_said_once(act: TokenAct, scene: TokenScene) -> None:
    """Of the errors about the client one speaks; the general ones are silent beside it."""
    act(scene)
    assert len([code for code in scene.codes() if code in PROVOKED]) == 1


def test_a_later_call_that_works_makes_all_well(scene: TokenScene) -> None:
    """The pool keeps a code whose client it refused: who mends the secret in time is linked."""
    code = scene.signed_in()
    auth = basic(scene.linker.client_id, OTHER_SECRET)
    assert scene.redeems(code, auth=auth).status_code == 400
    assert scene.codes() == ["token-secret-wrong"]

    assert scene.redeems(code).status_code == 200
    assert scene.codes() == []
