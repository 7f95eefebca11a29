"""A user pool's keys and tokens, made here: what a real pool would never sign can be signed too."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from accounts.cognito import endpoints


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class TokenMint:
    """Signs tokens with a key that the `mint` fixture publishes as the pool's key set."""

    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    kid: str = "key-1"

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}

    def access(self, sub: str = "sub-linked", **changes: Any) -> str:
        """An access token of the alexa client; a change to None leaves the claim out."""
        return self.sign(
            {
                "sub": sub,
                "iss": endpoints.issuer(),
                "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
                "token_use": "access",
                "scope": "openid email phone",
                "iat": int(time.time()) - 5,
                "exp": int(time.time()) + 3600,
                "username": sub,
                **changes,
            }
        )

    def id(self, sub: str = "sub-linked", nonce: str = "nonce", **changes: Any) -> str:
        """An id token of the web client."""
        return self.sign(
            {
                "sub": sub,
                "iss": endpoints.issuer(),
                "aud": settings.COGNITO_WEB_CLIENT_ID,
                "token_use": "id",
                "nonce": nonce,
                "email": "linked@example.com",
                "email_verified": True,
                "iat": int(time.time()) - 5,
                "exp": int(time.time()) + 3600,
                **changes,
            }
        )

    def sign(
        self,
        claims: dict[str, Any],
        *,
        headers: dict[str, Any] | None = None,
        key: rsa.RSAPrivateKey | None = None,
    ) -> str:
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            key or self.key,
            algorithm="RS256",
            headers={"kid": self.kid, **(headers or {})},
        )
