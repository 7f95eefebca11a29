"""Turns of linked people as Alexa sends them: each made, signed once and sent once."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from benchmarks.load import Request
from benchmarks.population import name_of, sub_of, user_id_of
from companion.local.environment import SKILL_ID
from skill_endpoint.simulator.pki import Signer

CLIENT_ID = "bench-alexa-client"
KEY_ID = "bench-key"
TOKEN_LIFE = 3600  # seconds
ISSUED = 300  # seconds ago: it is not of the future for a clock that is two minutes slow either


@dataclass(frozen=True)
class Person:
    """Number n of the population, with the access token that Alexa has for them."""

    number: int
    token: str


def people(numbers: Iterable[int], key: RSAPrivateKey, issuer: str) -> list[Person]:
    """With fresh tokens. Costs a signature each."""
    return [Person(number, access_token(number, key, issuer)) for number in numbers]


def access_token(number: int, key: RSAPrivateKey, issuer: str) -> str:
    """With the claims of Cognito's, and about as long.

    https://docs.aws.amazon.com/cognito/latest/developerguide/
    amazon-cognito-user-pools-using-the-access-token.html
    """
    now = int(time.time())
    claims = {
        "sub": sub_of(number),
        "iss": issuer,
        "version": 2,
        "client_id": CLIENT_ID,
        "origin_jti": str(uuid.uuid4()),
        "event_id": str(uuid.uuid4()),
        "token_use": "access",
        "scope": "openid email phone",
        "auth_time": now - ISSUED,
        "iat": now - ISSUED,
        "exp": now + TOKEN_LIFE,
        "jti": str(uuid.uuid4()),
        "username": sub_of(number),
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})


def signed(
    asking: Sequence[Person],
    signer: Signer,
    *,
    intent: str = "WhoAmIIntent",
    host: str = "localhost",
) -> list[Request]:
    """One request of each person, with a time of now; the answer must hold their name."""
    requests = []
    for person in asking:
        body = json.dumps(envelope(person, intent)).encode()
        head = {"Host": host, **signer.headers_for(body), "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        raw = f"POST /alexa/ HTTP/1.1\r\n{lines}\r\n".encode() + body
        requests.append(Request(raw, name_of(person.number).encode()))
    return requests


def envelope(person: Person, intent: str, slots: dict[str, Any] | None = None) -> dict[str, Any]:
    """An intent from a device with a screen and a linked account, as large as they usually are."""
    application = {"applicationId": SKILL_ID}
    user = {"userId": user_id_of(person.number), "accessToken": person.token}
    viewport = {
        "type": "APL",
        "id": "main",
        "shape": "RECTANGLE",
        "dpi": 213,
        "presentationType": "STANDARD",
        "canRotate": False,
        "configuration": {
            "current": {
                "mode": "HUB",
                "video": {"codecs": ["H_264_42", "H_264_41"]},
                "size": {"type": "DISCRETE", "pixelWidth": 1280, "pixelHeight": 800},
            }
        },
    }
    return {
        "version": "1.0",
        "session": {
            "new": True,
            "sessionId": f"amzn1.echo-api.session.{uuid.uuid4()}",
            "application": application,
            "attributes": {},
            "user": user,
        },
        "context": {
            "Viewports": [viewport],
            "Extensions": {"available": {"aplext:backstack:10": {}}},
            "System": {
                "application": application,
                "user": user,
                "device": {
                    "deviceId": "amzn1.ask.device." + "D" * 170,
                    "supportedInterfaces": {},
                },
                "apiEndpoint": "https://api.amazonalexa.com",
                "apiAccessToken": "t" * 900,
            },
        },
        "request": {
            "type": "IntentRequest",
            "requestId": f"amzn1.echo-api.request.{uuid.uuid4()}",
            "locale": "en-US",
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "intent": {"name": intent, "confirmationStatus": "NONE", "slots": slots or {}},
            "dialogState": "STARTED",
        },
    }
