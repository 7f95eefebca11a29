"""Redeem an authorization code at the pool's token endpoint."""

from __future__ import annotations

import json
from typing import Any

import requests
from django.conf import settings

from accounts.bounded import Unreadable, read
from accounts.cognito import endpoints
from accounts.metrics import Service, outbound

TIMEOUT = (3, 10)  # seconds to connect, between two reads
DEADLINE = 15  # seconds for the whole answer
MAX_BYTES = 64 * 1024


class ExchangeFailed(Exception):
    """No tokens. `reason` is safe to log: OAuth's error word, or what was wrong with the answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def redeem_code(code: str, *, code_verifier: str) -> dict[str, Any]:
    """The token answer (RFC 6749, 5.1) for a code of the `web` client, or ExchangeFailed."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": endpoints.callback_url(),
        "code_verifier": code_verifier,
    }
    try:
        with (
            outbound(Service.TOKEN),
            requests.post(
                endpoints.token_url(),
                data=form,
                auth=(settings.COGNITO_WEB_CLIENT_ID, settings.COGNITO_WEB_CLIENT_SECRET),
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            body = read(response, limit=MAX_BYTES, seconds=DEADLINE)
    except requests.RequestException as error:
        raise ExchangeFailed("unreachable") from error
    except Unreadable as error:
        raise ExchangeFailed("answer_unreadable") from error
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ExchangeFailed("answer_not_json") from error
    if not isinstance(answer, dict):
        raise ExchangeFailed("answer_not_json")
    if response.status_code != requests.codes.ok:
        word = answer.get("error")
        raise ExchangeFailed(word if word in OAUTH_ERRORS else f"status_{response.status_code}")
    if not isinstance(answer.get("id_token"), str) or not isinstance(
        answer.get("access_token"), str
    ):
        raise ExchangeFailed("answer_without_tokens")
    return answer


# RFC 6749, 5.2; anything else in an answer is not repeated
OAUTH_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
