"""The floor: the work of a turn and next to nothing else, as a bare WSGI function.

RSA over the body with a key that was loaded once, one parse, a token checked once and then known
by its digest, one prepared SELECT, one answer. No framework, no routes, no limits, no replay store,
no chain that is checked: nothing to put on the internet, and what the others are compared with.

Settings come by environment: ALEXA_DEV_PKI_DIR, ALEXA_SKILL_IDS, COGNITO_ISSUER, COGNITO_JWKS_URL
(fetched at the start), COGNITO_ALEXA_CLIENT_ID, DATABASE_URL.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import psycopg
import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

TOLERANCE = 150  # seconds
REMEMBERED = 10_000  # tokens
UNLINKED = "Please link your account."
SELECT = (
    "SELECT display_name FROM accounts_profile"
    " JOIN accounts_user ON accounts_user.id = accounts_profile.user_id WHERE sub = {}"
)


class Refused(Exception):
    """No request of Alexa to this skill."""


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Who asks, by name; 400 for what Alexa did not sign for this skill, now."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        status, answer = "200 OK", _answer(environ.get("HTTP_SIGNATURE_256", ""), body)
    except (Refused, InvalidSignature, ValueError, KeyError, TypeError):
        status, answer = "400 Bad Request", b""
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
    start_response(status, headers)
    return [answer]


def _answer(signature: str, body: bytes) -> bytes:
    _signing_key.verify(base64.b64decode(signature), body, _padding, _hash)
    envelope = json.loads(body.decode())
    moment = datetime.fromisoformat(envelope["request"]["timestamp"])
    if abs((datetime.now(UTC) - moment).total_seconds()) > TOLERANCE:
        raise Refused
    system = envelope["context"]["System"]
    if system["application"]["applicationId"] not in _skill_ids:
        raise Refused
    sub = _sub_of(system["user"].get("accessToken", ""))
    text = f"You are {_name_of(sub)}." if sub else UNLINKED
    speech = {"type": "PlainText", "text": text}
    response = {"outputSpeech": speech, "shouldEndSession": True}
    return json.dumps({"version": "1.0", "response": response}).encode()


def _sub_of(token: str) -> str:
    """Whose token it is; empty where it does not count."""
    digest = hashlib.sha256(token.encode()).digest()
    sub, expires_at = _remembered.get(digest, ("", 0.0))
    if expires_at > time.time():
        return sub
    try:
        claims = jwt.decode(
            token,
            _pool_keys[jwt.get_unverified_header(token).get("kid")],
            algorithms=["RS256"],
            issuer=_issuer,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False},
        )
    except (jwt.PyJWTError, KeyError):
        return ""
    if claims.get("token_use") != "access" or claims.get("client_id") != _client_id:
        return ""
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[digest] = claims["sub"], claims["exp"]
    return str(claims["sub"])


def _load_signing_key() -> RSAPublicKey:
    chain = Path(os.environ["ALEXA_DEV_PKI_DIR"], "chain.pem").read_bytes()
    key = x509.load_pem_x509_certificate(chain).public_key()  # of the leaf, which comes first
    if not isinstance(key, RSAPublicKey):
        raise TypeError("chain.pem: not an RSA key")
    return key


def _fetch_pool_keys() -> dict[str | None, Any]:
    response = requests.get(os.environ["COGNITO_JWKS_URL"], timeout=5)
    response.raise_for_status()
    return {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(response.json()).keys}


def _reader(url: str) -> Callable[[str], str]:
    """Reads the name of a `sub`; each thread has a connection and a statement of its own."""
    threads = threading.local()

    def of_sqlite(sub: str) -> str:
        try:
            execute = threads.execute
        except AttributeError:
            path = url.removeprefix("sqlite:///")
            execute = threads.execute = sqlite3.connect(path, isolation_level=None).execute
        return _only(execute(statement, (sub,)).fetchone())

    def of_postgres(sub: str) -> str:
        try:
            cursor = threads.cursor
        except AttributeError:
            cursor = threads.cursor = psycopg.connect(url, autocommit=True).cursor()
        return _only(cursor.execute(statement, (sub,), prepare=True).fetchone())

    is_sqlite = url.startswith("sqlite:")
    # sqlite3 keeps the statements that it has compiled
    statement = SELECT.format("?" if is_sqlite else "%s")
    return of_sqlite if is_sqlite else of_postgres


def _only(row: tuple[Any, ...] | None) -> str:
    if row is None:
        raise Refused
    return str(row[0])


_padding, _hash = PKCS1v15(), SHA256()
_signing_key = _load_signing_key()
_skill_ids = frozenset(os.environ["ALEXA_SKILL_IDS"].split(","))
_issuer = os.environ["COGNITO_ISSUER"]
_client_id = os.environ["COGNITO_ALEXA_CLIENT_ID"]
_pool_keys = _fetch_pool_keys()
_name_of = _reader(os.environ["DATABASE_URL"])
_remembered: dict[bytes, tuple[str, float]] = {}
