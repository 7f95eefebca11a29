"""Account linking from Alexa's side: the addresses it opens and the token calls it makes.

https://developer.amazon.com/en-US/docs/alexa/account-linking/
configure-authorization-code-grant.html
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import requests

TOKEN_TIMEOUT = 4.5  # seconds; Alexa gives the token endpoint no longer
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
    "User-Agent": "Apache-HttpClient/4.5.x (Java/1.8.0_152)",
}


class LinkingFailed(Exception):
    """`reason` is an OAuth error, or a word of ours: unreachable, slow, unreadable …"""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status

    @property
    def is_final(self) -> bool:
        """The server has spoken; Alexa does not try this refresh token again."""
        return self.reason == "invalid_grant"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    access: str
    refresh: str
    expires_at: float


def new_state() -> str:
    """Opaque, looks like a JWT and is longer than 600 characters, as Alexa's are."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).rstrip(b"=").decode()
    return f"{header}.{secrets.token_urlsafe(480)}.{secrets.token_urlsafe(32)}"


@dataclass(frozen=True, kw_only=True)
class Linking:
    """What the developer console holds about account linking."""

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str
    scope: str
    redirect_uri: str

    def authorize_address(self, state: str) -> str:
        query = {
            "state": state,
            "client_id": self.client_id,
            "response_type": "code",
            "scope": self.scope,
            "redirect_uri": self.redirect_uri,
        }
        return f"{self.authorize_url}?{urlencode(query)}"

    def redeem(self, code: str) -> Tokens:
        tokens = self._call(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "client_id": self.client_id,
            }
        )
        if not tokens.refresh:  # Alexa refuses to link without one
            raise LinkingFailed("no_refresh_token")
        return tokens

    def refresh(self, refresh_token: str) -> Tokens:
        return self._call(
            {
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "client_id": self.client_id,
            }
        )

    def _call(self, form: dict[str, str]) -> Tokens:
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc of the machine
                answer = session.post(
                    self.token_url,
                    data=urlencode(form),
                    headers=_HEADERS,
                    auth=(self.client_id, self.client_secret),
                    timeout=TOKEN_TIMEOUT,
                    allow_redirects=False,
                )
        except requests.Timeout as error:
            raise LinkingFailed("slow") from error
        except requests.RequestException as error:
            raise LinkingFailed("unreachable") from error
        return _tokens(answer)


def _tokens(answer: requests.Response) -> Tokens:
    try:
        data = answer.json()
    except ValueError as error:
        raise LinkingFailed("unreadable", status=answer.status_code) from error
    if not isinstance(data, dict):
        raise LinkingFailed("unreadable", status=answer.status_code)
    if answer.status_code != 200:
        raise LinkingFailed(str(data.get("error") or "unreadable"), status=answer.status_code)
    if not isinstance(data.get("access_token"), str):
        raise LinkingFailed("no_access_token", status=answer.status_code)
    try:
        lifetime = float(data.get("expires_in") or 3600)
    except (TypeError, ValueError):
        lifetime = 3600.0
    return Tokens(
        access=data["access_token"],
        refresh=str(data.get("refresh_token") or ""),
        expires_at=time.time() + lifetime,
    )
