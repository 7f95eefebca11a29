"""Every single way a token can be wrong, each from a good one with one thing changed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.cognito import keys, metrics, tokens
from accounts.cognito.tokens import TokenRejected, verify_access_token, verify_id_token
from tests.cognito import TokenMint, new_key

NONCE = "nonce"

DAY = 86_400  # these times are read when the tests are collected, maybe long before they run


def refused(verify: Callable[[], object]) -> str:
    with pytest.raises(TokenRejected) as caught:
        verify()
    return caught.value.reason


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_header(token: str, **changes: object) -> str:
    """The same payload and signature under another header: what an attacker can do alone."""
    header = {**jwt.get_unverified_header(token), **changes}
    return ".".join([segment(header), *token.split(".")[1:]])


def test_it_reads_an_access_token(mint: TokenMint) -> None:
    claims = verify_access_token(mint.access("sub-1", scope="openid email"))
    assert (claims.sub, claims.client_id) == ("sub-1", "alexa-client")
    assert claims.scopes == {"openid", "email"}


def test_it_reads_an_id_token(mint: TokenMint) -> None:
    groups: dict[str, Any] = {"cognito:groups": ["operators"]}
    token = mint.id("sub-1", phone_number="+12065550101", **groups)
    claims = verify_id_token(token, NONCE)
    assert (claims.sub, claims.email, claims.email_verified) == (
        "sub-1",
        "linked@example.com",
        True,
    )
    assert (claims.phone_number, claims.phone_number_verified) == ("+12065550101", False)
    assert claims.groups == {"operators"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other"}, "issuer"),
        ({"iss": None}, "claims"),
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, "claims"),
        ({"exp": str(int(time.time()) + DAY)}, "claims"),
        ({"exp": 1e300}, "claims"),
        ({"iat": int(time.time()) + DAY}, "issued_in_future"),
        ({"iat": None}, "claims"),
        ({"nbf": int(time.time()) + DAY}, "issued_in_future"),
        ({"token_use": "id"}, "token_use"),
        ({"token_use": None}, "token_use"),
        ({"client_id": "web-client"}, "client"),
        ({"client_id": None, "aud": "alexa-client"}, "client"),
        ({"client_id": ["alexa-client"]}, "client"),
        ({"sub": None}, "claims"),
        ({"sub": ""}, "claims"),
        ({"sub": "x" * 65}, "claims"),
        ({"sub": 'a" or sub = "b'}, "claims"),
        ({"sub": "nul\0"}, "claims"),
    ],
)
def test_it_refuses_an_access_token_with(
    mint: TokenMint, changes: dict[str, Any], reason: str
) -> None:
    assert refused(lambda: verify_access_token(mint.access(**changes))) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "alexa-client"}, "client"),
        ({"aud": None, "client_id": "web-client"}, "client"),
        ({"aud": ["web-client", "other"]}, "client"),
        ({"token_use": "access"}, "token_use"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": int(time.time()) - 60}, "expired"),
    ],
)
def test_it_refuses_an_id_token_with(mint: TokenMint, changes: dict[str, Any], reason: str) -> None:
    assert refused(lambda: verify_id_token(mint.id(**changes), NONCE)) == reason


def test_it_refuses_an_empty_nonce_on_both_sides(mint: TokenMint) -> None:
    assert refused(lambda: verify_id_token(mint.id(nonce=""), "")) == "nonce"


def test_it_refuses_an_unconfigured_client(mint: TokenMint, settings: Settings) -> None:
    settings.COGNITO_ALEXA_CLIENT_ID = ""
    assert refused(lambda: verify_access_token(mint.access(client_id=""))) == "client"


@pytest.mark.parametrize("flag", ["true", 1, "false", None])
def test_it_takes_only_json_true_for_verified(mint: TokenMint, flag: object) -> None:
    """userInfo of Cognito says "false" in text, which is true in Python."""
    assert not verify_id_token(mint.id(email_verified=flag), NONCE).email_verified


@pytest.mark.parametrize("groups", ["operators", {"operators": 1}, None, [1, None]])
def test_it_reads_odd_groups_as_none(mint: TokenMint, groups: object) -> None:
    claim: dict[str, Any] = {"cognito:groups": groups}
    assert verify_id_token(mint.id(**claim), NONCE).groups == frozenset()


def test_it_refuses_another_key_under_our_key_id(mint: TokenMint) -> None:
    claims = jwt.decode(mint.access(), options={"verify_signature": False})
    assert refused(lambda: verify_access_token(mint.sign(claims, key=new_key()))) == "signature"


def test_it_refuses_a_changed_payload(mint: TokenMint) -> None:
    header, payload, signature = mint.access().split(".")
    changed = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed["sub"] = "sub-victim"
    token = f"{header}.{segment(changed)}.{signature}"
    assert refused(lambda: verify_access_token(token)) == "signature"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS384", "PS256", "", None, 256])
def test_it_refuses_the_algorithm(mint: TokenMint, algorithm: object) -> None:
    token = with_header(mint.access(), alg=algorithm)
    assert refused(lambda: verify_access_token(token)) in {"algorithm", "malformed"}


def test_it_refuses_a_token_signed_with_the_public_key_as_a_secret(mint: TokenMint) -> None:
    public = mint.jwks()["keys"][0]["n"]
    head, payload = segment({"alg": "HS256", "kid": mint.kid}), mint.access().split(".")[1]
    mac = hmac.new(public.encode(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    token = f"{head}.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert refused(lambda: verify_access_token(token)) == "algorithm"


@pytest.mark.parametrize("headers", [{"crit": ["exp"]}, {"crit": ["b64"], "b64": True}])
def test_it_refuses_critical_headers(mint: TokenMint, headers: dict[str, Any]) -> None:
    claims = jwt.decode(mint.access(), options={"verify_signature": False})
    token = mint.sign(claims, headers=headers)
    assert refused(lambda: verify_access_token(token)) == "malformed"


@pytest.mark.parametrize("kid", [None, "", 7, ["key-1"]])
def test_it_refuses_a_header_without_a_key_id(mint: TokenMint, kid: object) -> None:
    assert refused(lambda: verify_access_token(with_header(mint.access(), kid=kid))) == "malformed"


def test_it_never_fetches_what_a_header_names(
    mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        return keys.parse(mint.jwks())

    monkeypatch.setattr(keys, "fetch", fetch)
    claims = jwt.decode(mint.access(), options={"verify_signature": False})
    lure = {"jku": "http://localhost:1/keys", "x5u": "http://localhost:1/chain"}
    assert verify_access_token(mint.sign(claims, headers=lure)).sub
    assert asked == [
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_TestPool1/.well-known/jwks.json"
    ]


def test_it_ignores_a_key_inside_the_header(mint: TokenMint) -> None:
    thief = TokenMint(kid="thief")
    claims = jwt.decode(mint.access(), options={"verify_signature": False})
    token = thief.sign(claims, headers={"jwk": thief.jwks()["keys"][0]})
    assert refused(lambda: verify_access_token(token)) == "unknown_key"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b",
        "ä.ö.ü",
        "x" * 20_000,
        "\0.\0.\0",
        segment([]) + ".e30.AA",
        segment("text") + ".e30.AA",
        "[" * 900 + ".e30.AA",
        base64.urlsafe_b64encode(b"[" * 700).decode() + ".e30.AA",
        segment({"alg": "RS256", "kid": "k", "pad": "x" * 2000}) + ".e30.AA",
        "\ud800.a.b",
    ],
)
def test_it_refuses_what_is_no_token(mint: TokenMint, token: str) -> None:
    assert refused(lambda: verify_access_token(token)) in {"malformed", "algorithm"}


def test_it_looks_at_no_token_that_is_too_long(mint: TokenMint) -> None:
    """However good it is: the longest one counts, and a letter more does not."""

    def filled(letters: int) -> str:
        return mint.access(groups=["x" * letters])

    # three letters of the payload are four of the token
    nearly = (tokens.MAX_LENGTH - len(filled(0))) * 3 // 4 - 5
    letters = next(n for n in range(nearly, nearly + 10) if len(filled(n)) > tokens.MAX_LENGTH)
    assert letters > nearly
    assert verify_access_token(filled(letters - 1)).sub == "sub-linked"
    assert refused(lambda: verify_access_token(filled(letters))) == "malformed"


@given(st.text(max_size=300))
def test_it_refuses_any_text_without_a_crash(text: str) -> None:
    with pytest.raises(TokenRejected):
        verify_access_token(text)


def test_it_refuses_a_payload_that_is_no_object(mint: TokenMint) -> None:
    signed = jwt.api_jws.encode(b"[1]", mint.key, algorithm="RS256", headers={"kid": mint.kid})
    assert refused(lambda: verify_access_token(signed)) == "malformed"


def test_it_counts_the_reason_and_says_nothing_of_the_token(mint: TokenMint) -> None:
    counter = metrics.tokens_rejected.labels("access", "token_use")
    before = counter._value.get()
    with pytest.raises(TokenRejected) as caught:
        verify_access_token(mint.access(token_use="refresh"))
    assert counter._value.get() == before + 1
    assert "eyJ" not in str(caught.value)


def test_it_remembers_a_verified_token(mint: TokenMint, monkeypatch: pytest.MonkeyPatch) -> None:
    token = mint.access()
    verify_access_token(token)

    def unreachable(*args: object) -> None:
        raise AssertionError("verified twice")

    monkeypatch.setattr(jwt, "decode", unreachable)
    assert verify_access_token(token).sub == "sub-linked"


def test_it_forgets_a_token_when_it_expires(
    mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = mint.access(exp=int(time.time()) + 100)
    verify_access_token(token)
    later = time.time() + 200
    monkeypatch.setattr("accounts.cognito.tokens.time.time", lambda: later)
    assert tokens._memory.get(tokens._digest(token)) is None


def test_it_does_not_remember_across_pools(mint: TokenMint, settings: Settings) -> None:
    token = mint.access()
    verify_access_token(token)
    settings.COGNITO_USER_POOL_ID = "us-east-1_Another"
    assert refused(lambda: verify_access_token(token)) == "issuer"


def test_it_remembers_a_bounded_number(mint: TokenMint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 2)
    for number in range(4):
        verify_access_token(mint.access(f"sub-{number}"))
    assert len(tokens._memory._claims) == 2
