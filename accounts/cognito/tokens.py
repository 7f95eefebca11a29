"""Token in, claims out, or TokenRejected: the gate of both doors.

verify_access_token serves the voice door, verify_id_token the website's sign-in. Nothing in a
token's header is ever fetched, and only RS256 is taken.

Source: https://docs.aws.amazon.com/cognito/latest/developerguide/
amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

import jwt
from django.conf import settings

from accounts.cognito import endpoints, metrics
from accounts.cognito.keys import KeysUnavailable, UnknownKey, key_set
from accounts.models import SUB_MAX_LENGTH

MAX_LENGTH = 16 * 1024  # characters; a token with a hundred groups has about 4,000
MAX_HEADER_LENGTH = 1024
LEEWAY = 10  # seconds of clock skew
REMEMBERED = 10_000  # tokens a process remembers as verified
# One spelling only: a decoder may overlook characters, and a digest does not (RFC 7515, 2 and 3.1)
_COMPACT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
SUB = re.compile(rf"[A-Za-z0-9_.:@=+-]{{1,{SUB_MAX_LENGTH}}}")  # a UUID today

Reason = Literal[
    "malformed",
    "algorithm",
    "unknown_key",
    "keys_unavailable",
    "signature",
    "issuer",
    "expired",
    "issued_in_future",
    "claims",
    "token_use",
    "client",
    "nonce",
]


class TokenRejected(Exception):
    """The token does not count. `reason` is for logs and metrics; it holds nothing of the token."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a verified access token says: who, through which client, until when (UNIX seconds)."""

    sub: str
    client_id: str
    scopes: frozenset[str]
    expires_at: int
    # Which sign-in it comes from: a digest of Cognito's `origin_jti`, which all tokens refreshed
    # from one sign-in share. Empty where the pool does not write it (token revocation is off).
    grant: str = ""
    signed_in_at: int = 0  # `auth_time` in UNIX seconds; 0 where the token does not say


@dataclass(frozen=True, slots=True)
class IdClaims:
    """What a verified id token says. Flags are true only for JSON's `true`."""

    sub: str
    email: str
    email_verified: bool
    phone_number: str
    phone_number_verified: bool
    groups: frozenset[str]
    auth_time: int  # when the person signed in at the pool; 0 where the token does not say


def verify_access_token(token: str) -> AccessClaims:
    """The claims of an access token of the `alexa` client, or TokenRejected.

    A verified token is remembered by its digest, so that a conversation costs one signature
    check, until it expires or the pool's key set does not hold its key any more. A token revoked
    meanwhile counts until then: at most 60 minutes.
    """
    digest = _digest(token)
    if (remembered := _memory.get(digest)) is not None and remembered.is_signed_by_the_pool():
        metrics.token_known.inc()
        return remembered.claims
    metrics.token_not_known.inc()
    with metrics.counting_rejections("access"):
        kid, key = _signing_key(token)
        payload = _verified_payload(token, key, use="access")
        # an access token has no `aud`: its client stands in `client_id`
        if not _same(payload.get("client_id"), settings.COGNITO_ALEXA_CLIENT_ID):
            raise TokenRejected("client")
        scope = payload.get("scope", "")
        claims = AccessClaims(
            sub=payload["sub"],
            client_id=payload["client_id"],
            scopes=frozenset(scope.split()) if isinstance(scope, str) else frozenset(),
            expires_at=int(payload["exp"]),
            grant=_grant(payload),
            signed_in_at=_signed_in_at(payload),
        )
    _memory.put(digest, _Remembered(claims, kid, key))
    return claims


def verify_id_token(token: str, nonce: str) -> IdClaims:
    """The claims of an id token of the `web` client that answers this nonce, or TokenRejected."""
    with metrics.counting_rejections("id"):
        _, key = _signing_key(token)
        payload = _verified_payload(token, key, use="id")
        if not _same(payload.get("aud"), settings.COGNITO_WEB_CLIENT_ID):
            raise TokenRejected("client")
        if not _same(payload.get("nonce"), nonce):
            raise TokenRejected("nonce")
    groups = payload.get("cognito:groups")
    return IdClaims(
        sub=payload["sub"],
        email=_text(payload, "email", 254),
        email_verified=payload.get("email_verified") is True,
        phone_number=_text(payload, "phone_number", 32),
        phone_number_verified=payload.get("phone_number_verified") is True,
        groups=frozenset(g for g in groups if isinstance(g, str))
        if isinstance(groups, list)
        else frozenset(),
        auth_time=_signed_in_at(payload),
    )


def _signing_key(token: str) -> tuple[str, Any]:
    """The key id that a token names, and the pool's key of that id."""
    kid = _key_id(token)
    try:
        return kid, key_set(endpoints.jwks_url()).key(kid)
    except KeysUnavailable as error:
        raise TokenRejected("keys_unavailable") from error
    except UnknownKey as error:
        raise TokenRejected("unknown_key") from error


def _verified_payload(token: str, key: Any, *, use: Literal["access", "id"]) -> dict[str, Any]:
    """Signature, issuer, times, kind and sub: what both kinds of token have in common."""
    try:
        payload: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=endpoints.issuer(),
            leeway=LEEWAY,
            # the client is compared by the callers: PyJWT would also take a list of audiences
            options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": False},
        )
    except jwt.InvalidSignatureError as error:
        raise TokenRejected("signature") from error
    except jwt.ExpiredSignatureError as error:
        raise TokenRejected("expired") from error
    except jwt.ImmatureSignatureError as error:
        raise TokenRejected("issued_in_future") from error
    except jwt.InvalidIssuerError as error:
        raise TokenRejected("issuer") from error
    except jwt.MissingRequiredClaimError as error:
        raise TokenRejected("claims") from error
    except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
        raise TokenRejected("malformed") from error
    if payload.get("token_use") != use:
        raise TokenRejected("token_use")
    # PyJWT also reads numbers from text and truth values; Cognito writes whole seconds
    if any(type(payload[claim]) is not int for claim in ("exp", "iat")):
        raise TokenRejected("claims")
    if not isinstance(payload["sub"], str) or not SUB.fullmatch(payload["sub"]):
        raise TokenRejected("claims")
    return payload


def _key_id(token: str) -> str:
    """The key id of the header, once the header is one that we take at all."""
    if len(token) > MAX_LENGTH or not _COMPACT.fullmatch(token):
        raise TokenRejected("malformed")
    if len(token.partition(".")[0]) > MAX_HEADER_LENGTH:
        raise TokenRejected("malformed")
    try:
        header = jwt.get_unverified_header(token)  # also refuses `crit` (RFC 7515, 4.1.11)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRejected("malformed") from error
    if header.get("alg") != "RS256":
        raise TokenRejected("algorithm")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenRejected("malformed")
    return kid


def _grant(payload: dict[str, Any]) -> str:
    """SHA-256 in hex of the sign-in's id; empty for none or nonsense.

    https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html
    """
    origin = _text(payload, "origin_jti", 128)
    return hashlib.sha256(origin.encode()).hexdigest() if origin else ""


def _signed_in_at(payload: dict[str, Any]) -> int:
    moment = payload.get("auth_time")
    # no truth value, no text, nothing after the token itself
    return moment if type(moment) is int and 0 < moment <= payload["iat"] + LEEWAY else 0


def _same(claim: object, expected: str) -> bool:
    """Equal text; an expected value that is not configured equals nothing."""
    return isinstance(claim, str) and bool(expected) and claim == expected


def _text(payload: dict[str, Any], claim: str, limit: int) -> str:
    value = payload.get(claim)
    return value if isinstance(value, str) and len(value) <= limit and value.isprintable() else ""


def _digest(token: str) -> bytes:
    """What a token is remembered by: itself and the rules that it was verified against.

    Its key is looked at each time, so that the address of the key set is none of them.
    """
    rules = "\n".join((endpoints.issuer(), settings.COGNITO_ALEXA_CLIENT_ID, token))
    return hashlib.sha256(rules.encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What a token said, and the pool's key under which it held."""

    claims: AccessClaims
    kid: str
    key: Any

    def is_signed_by_the_pool(self) -> bool:
        """Still: the pool may have taken the key back since, or changed what is behind its id."""
        return bool(key_set(endpoints.jwks_url()).held(self.kid) == self.key)


class _Memory:
    """Verified tokens by digest, at most REMEMBERED, each until it expires. Safe for threads."""

    def __init__(self) -> None:
        self._claims: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> _Remembered | None:
        with self._lock:
            found = self._claims.get(digest)
            # to the second when a first check would say so
            if found is not None and found.claims.expires_at <= time.time() - LEEWAY:
                del self._claims[digest]
                return None
            return found

    def put(self, digest: bytes, remembered: _Remembered) -> None:
        with self._lock:
            self._claims[digest] = remembered
            if len(self._claims) > REMEMBERED:
                self._claims.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._claims.clear()


_memory = _Memory()
