"""Tokens that nobody signed, claims that the pool would never sign, and key sets of all shapes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings

from accounts.cognito import endpoints, keys
from accounts.cognito.tokens import (
    LEEWAY,
    SUB,
    TokenRejected,
    verify_access_token,
    verify_id_token,
)
from tests.fuzz.fixed_keys import key
from tests.fuzz.stage import stage
from tests.fuzz.target import Target, check

ISSUED, ENDS = 1_790_000_000, 2_100_000_000  # the same in every run, and valid for some years


def text(data: bytes) -> None:
    """Accepted: only a token that was signed, to the letter."""
    token = data.decode("utf-8", "replace")
    signed = {_access(), _access(sub="sub-other"), _access(scope="")}
    try:
        claims = verify_access_token(token)
    except TokenRejected:
        check(token not in signed, "a token of the pool counts")
        return
    check(token in signed, "only what the pool signed, to the letter", token)
    known = jwt.decode(
        token, stage().mint.key.public_key(), algorithms=["RS256"], issuer=endpoints.issuer()
    )
    check(claims.sub == known["sub"], "it says what PyJWT reads in it")
    check(verify_access_token(token) == claims, "remembered as it was verified")


def claims(data: bytes) -> None:
    """Header and claims, a line each, signed by the pool's key: the second reading agrees."""
    header, _, payload = data.partition(b"\n")
    token = _signed(header, payload)
    try:
        found = verify_access_token(token)
    except TokenRejected:
        return
    check(_is_header(header), "a header that we know", header)
    said = _object(payload)
    now = time.time()
    check(said.get("iss") == endpoints.issuer(), "of our pool", said)
    check(said.get("client_id") == settings.COGNITO_ALEXA_CLIENT_ID, "for the alexa client", said)
    check(said.get("token_use") == "access", "an access token", said)
    check(type(said.get("exp")) is int and said["exp"] > now - LEEWAY, "not expired", said)
    check(type(said.get("iat")) is int and said["iat"] <= now + LEEWAY, "not of tomorrow", said)
    check(float(said.get("nbf", 0)) <= now + LEEWAY, "not before its time", said)
    check(isinstance(said.get("sub"), str) and SUB.fullmatch(said["sub"]), "somebody's", said)
    check(found.sub == said["sub"] and found.expires_at == said["exp"], "as it stands there", said)
    check(all(isinstance(scope, str) for scope in found.scopes), "scopes are words")


def id_claims(data: bytes) -> None:
    """The same for the website's id tokens."""
    header, _, payload = data.partition(b"\n")
    try:
        found = verify_id_token(_signed(header, payload), "nonce")
    except TokenRejected:
        return
    said = _object(payload)
    check(said.get("aud") == settings.COGNITO_WEB_CLIENT_ID, "for the web client alone", said)
    check(said.get("token_use") == "id" and said.get("nonce") == "nonce", "this sign-in", said)
    check(not found.email_verified or said.get("email_verified") is True, "verified: true", said)
    check(len(found.email) <= 254 and found.email.isprintable(), "an address", said)
    check(len(found.phone_number) <= 32, "a number", said)
    check(all(isinstance(group, str) for group in found.groups), "groups are words", said)
    check(0 <= found.auth_time <= said["iat"] + LEEWAY, "signed in before", said)


def key_set(data: bytes) -> None:
    """As keys.fetch reads it: keys that can verify, or an error that the refresh expects."""
    try:
        found = keys.parse(json.loads(data))
    except (ValueError, RecursionError):
        return
    check(found, "a key set has keys")
    for kid, public in found.items():
        check(kid, "each has an id")
        check(isinstance(public, RSAPublicKey), "public keys alone", type(public))


def _signed(header: bytes, payload: bytes) -> str:
    signed = b".".join(map(_encoded, (header, payload)))
    signature = stage().mint.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + _encoded(signature)).decode()


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _is_header(text: bytes) -> bool:
    said = _object(text)
    return said.get("alg") == "RS256" and said.get("kid") == "key-1" and "crit" not in said


def _object(text: bytes) -> dict[str, Any]:
    said = json.loads(text)
    check(isinstance(said, dict), "an object", text)
    return dict(said)


def _access(**changes: Any) -> str:
    return stage().mint.access(**{"iat": ISSUED, "exp": ENDS, **changes})


def _texts() -> Iterator[bytes]:
    yield _access().encode()
    yield _access(sub="sub-other").encode()
    yield _access(scope="").encode()
    yield _access(exp=ISSUED + 3600).encode()
    yield _access(client_id="web-client").encode()
    yield stage().mint.id(iat=ISSUED, exp=ENDS).encode()
    header, payload, signature = _access().split(".")
    for alg in ("none", "HS256", "RS512", "ES256"):
        other = json.dumps({"alg": alg, "kid": "key-1", "typ": "JWT"}).encode()
        yield f"{_encoded(other).decode()}.{payload}.{signature}".encode()
    yield f"{header}.{payload}.".encode()
    yield stage().mint.sign(dict(_claims()), key=key("stranger")).encode()


def _claims(**changes: Any) -> dict[str, Any]:
    return {
        "sub": "sub-linked",
        "iss": endpoints.issuer(),
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
        "token_use": "access",
        "scope": "openid email phone",
        "iat": ISSUED,
        "exp": ENDS,
        "nbf": ISSUED,
        "auth_time": ISSUED,
        "origin_jti": "11111111-2222-3333-4444-555555555555",
        "username": "sub-linked",
        **changes,
    }


HEADER = b'{"alg": "RS256", "kid": "key-1", "typ": "JWT"}\n'


def _payloads() -> Iterator[bytes]:
    yield HEADER + json.dumps(_claims()).encode()
    yield HEADER + json.dumps(_claims(aud=["alexa-client"], jti="x", version=2)).encode()
    yield HEADER.replace(b"}", b', "crit": ["b64"], "b64": false}') + json.dumps(_claims()).encode()
    yield HEADER.replace(b"}", b', "jku": "http://x", "x5c": []}') + json.dumps(_claims()).encode()

    wrong: tuple[dict[str, Any], ...] = (
        *({"token_use": "id"}, {"iss": "https://x"}, {"client_id": "web-client"}, {"sub": ""}),
        *(
            {"exp": 1},
            {"exp": "2100000000"},
            {"iat": ENDS},
            {"nbf": ENDS},
            {"sub": 7},
            {"iat": 0.5},
        ),
    )
    for change in wrong:
        yield HEADER + json.dumps(_claims(**change)).encode()


def _id_payloads() -> Iterator[bytes]:
    said = {
        "token_use": "id",
        "aud": settings.COGNITO_WEB_CLIENT_ID,
        "nonce": "nonce",
        "email": "linked@example.com",
        "email_verified": True,
        "phone_number": "+12065550101",
        "phone_number_verified": True,
        "cognito:groups": ["operators"],
    }
    yield HEADER + json.dumps(_claims(**said)).encode()
    yield HEADER + json.dumps(_claims(**said, at_hash="x", identities=[{"x": 1}])).encode()
    for name in ("token_use", "aud", "nonce"):
        yield HEADER + json.dumps(_claims(**said | {name: "other"})).encode()


def _key_sets() -> Iterator[bytes]:
    [entry] = stage().mint.jwks()["keys"]
    yield json.dumps({"keys": [entry]}).encode()
    yield json.dumps(
        {"keys": [entry, {**entry, "kid": "2", "x5c": ["MII"], "key_ops": []}]}
    ).encode()
    yield json.dumps({"keys": [{**entry, "use": "enc"}, {"kty": "EC", "crv": "P-256"}]}).encode()
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("pool")))
    yield json.dumps({"keys": [{**private, "kid": "private"}]}).encode()
    small = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("small", 1024).public_key()))
    yield json.dumps({"keys": [{**small, "kid": "small"}]}).encode()


WORDS = (b"RS256", b"none", b"HS256", b"key-1", b"crit", b"b64", b"zip", b"jwk", b"jku", b"kid")
TARGETS = [
    Target(
        name="token_text",
        promise="a token counts only to the letter as the pool signed it",
        run=text,
        seeds=_texts,
        words=(b".", b"eyJ", b"=", b"-", b"_", b"\xc2\xa0"),
    ),
    Target(
        name="token_claims",
        promise="what the pool's key signed counts only where every claim is right",
        run=claims,
        seeds=_payloads,
        words=(
            *WORDS,
            b"access",
            b"alexa-client",
            b"exp",
            b"iat",
            b"nbf",
            b"aud",
            b"scope",
            b"1e9",
        ),
    ),
    Target(
        name="id_token_claims",
        promise="an id token counts only where every claim is right",
        run=id_claims,
        seeds=_id_payloads,
        words=(
            *WORDS,
            b"id",
            b"web-client",
            b"aud",
            b"nonce",
            b"email_verified",
            b"cognito:groups",
        ),
    ),
    Target(
        name="key_set",
        promise="a key set gives public RSA keys, or an error that is expected",
        run=key_set,
        seeds=_key_sets,
        words=(b"kty", b"RSA", b"kid", b"use", b"sig", b"alg", b"RS256", b"n", b"e", b"d", b"AQAB"),
    ),
]
