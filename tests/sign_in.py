"""Signing in on the website: Django's test client on our side, real HTTP on the pool's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.local_aws import LivePool, hosted_sign_in

CALLBACK = "/accounts/cognito/login/callback/"
START = "/accounts/cognito/login/"


@dataclass(frozen=True)
class Known:
    """Somebody in the pool: the name to sign in with, and the sub."""

    name: str
    sub: str


def person_of(pool: LivePool, name: str, *groups: str) -> Known:
    return Known(name, pool.person(name, *groups))


def start(client: Client, next_url: str = "/me/", query: str = "") -> str:
    """Press “sign in”; the address at the pool."""
    response = client.post(f"{START}?next={next_url}{query}")
    assert response.status_code == 302
    return str(response["Location"])


def callback_path(client: Client, user: str, next_url: str = "/me/") -> str:
    """Sign in at the pool; the path and query that the browser is sent back to."""
    back = urlsplit(hosted_sign_in(start(client, next_url), user))
    return f"{back.path}?{back.query}"


def sign_in(client: Client, user: str, next_url: str = "/me/") -> Any:
    return client.get(callback_path(client, user, next_url))
