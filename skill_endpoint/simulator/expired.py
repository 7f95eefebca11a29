"""An access token that is genuine in everything but its time.

The local AWS cannot shift its clock, but its signing keys lie in its state folder.
"""

from __future__ import annotations

import time
from pathlib import Path

import jwt


class CannotSign(Exception):
    """The pool's key is not there, or the token is not one of the pool's."""


def expired_copy(token: str, pool_id: str, aws_state: Path) -> str:
    """The same claims and the same key id, signed by the pool's own key, an hour too old."""
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise CannotSign("the token is not a JWT") from error
    key = _signing_key(pool_id, aws_state)
    age = 7200
    now = int(time.time())
    claims.update({"iat": now - age, "exp": now - age + 3600})
    if "auth_time" in claims:
        claims["auth_time"] = now - age
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": header.get("kid")})


def _signing_key(pool_id: str, aws_state: Path) -> str:
    """The key that ministack keeps for the access tokens of one pool."""
    for path in aws_state.rglob("*-access.pem"):
        if path.name == f"{pool_id}-access.pem":
            return path.read_text(encoding="ascii")
    raise CannotSign("the pool's key is not in the folder of the local AWS")
