"""The local AWS for tests: one process a session, one pool a module, sign-in over HTTP.

Fixtures: `local_aws` (its address), `pool` (deployed by our own code; the settings then name it).
Functions: `hosted_sign_in`, `alexa_tokens`.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
import requests
from django.test import override_settings

from accounts.pool.console import SCOPES, PoolValues
from accounts.pool.people import create_person
from companion.local import pool as local_pool
from companion.local.aws import LocalAws, NotInstalled, is_installed, running_local_aws

PUBLIC_URL = "http://localhost:8000"  # of tests/settings.py
PASSWORD = "correct horse battery"  # of throw-away people in the local AWS
TIMEOUT = 10  # seconds


@dataclass(frozen=True)
class LivePool:
    """A pool of its own in the local AWS. `values` has its ids, secrets and addresses."""

    aws: LocalAws
    stack: str
    values: PoolValues

    @property
    def id(self) -> str:
        return self.values.pool_id

    @property
    def idp(self) -> Any:
        return self.aws.client("cognito-idp")

    def person(self, name: str, *groups: str, password: str = PASSWORD) -> str:
        """Make or mend somebody by e-mail address or phone number; return the sub."""
        key = "email" if "@" in name else "phone_number"
        return create_person(
            password=password, groups=groups, idp=self.idp, pool_id=self.id, **{key: name}
        )

    def settings(self) -> dict[str, str]:
        """The Django settings that name this pool."""
        return self.values.environment()


@pytest.fixture(scope="session")
def running_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """The process itself, for tests that need clients of their own."""
    if not is_installed():
        if os.environ.get("REQUIRE_LOCAL_AWS") == "1":
            raise NotInstalled
        pytest.skip(str(NotInstalled()))
    with running_local_aws(Path(tmp_path_factory.mktemp("local-aws"))) as aws:
        yield aws


@pytest.fixture(scope="session")
def local_aws(running_aws: LocalAws) -> str:
    """The address of a local AWS that nobody else uses."""
    return running_aws.url


@pytest.fixture(scope="module")
def pool(running_aws: LocalAws) -> Iterator[LivePool]:
    """A fresh pool, deployed as `manage.py pool deploy` does; the settings name it."""
    name = f"tests-{uuid.uuid4().hex[:12]}"
    values = local_pool.deploy(running_aws, PUBLIC_URL, stack=name, domain_prefix=name)
    live = LivePool(running_aws, name, values)
    with override_settings(**live.settings()):
        yield live


def hosted_sign_in(authorize_url: str, user: str, password: str = PASSWORD) -> str:
    """The browser's half at the pool: read the page, send the form; where it then redirects to."""
    with requests.Session() as session:
        page = session.get(authorize_url, timeout=TIMEOUT)
        form = _Form(page.text)
        assert form.action, f"no form: {page.status_code} {page.text[:300]}"
        answer = session.post(
            urljoin(page.url, form.action),
            data={**form.fields, "username": user, "password": password},
            allow_redirects=False,
            timeout=TIMEOUT,
        )
    assert answer.status_code == 302, f"not signed in: {answer.status_code} {_text(answer.text)}"
    return str(answer.headers["Location"])


def alexa_tokens(pool: LivePool, user: str, password: str = PASSWORD) -> dict[str, Any]:
    """Link an account as Alexa does: authorize, sign in, redeem the code by HTTP Basic.

    Returns the token endpoint's answer: access_token, id_token, refresh_token, expires_in.
    """
    values = pool.values
    redirect_uri = values.alexa_callbacks[0]
    query = {
        "client_id": values.alexa_client_id,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "redirect_uri": redirect_uri,
        "state": uuid.uuid4().hex,
    }
    location = hosted_sign_in(
        f"{values.domain_url}/oauth2/authorize?{urlencode(query)}", user, password
    )
    back = parse_qs(urlsplit(location).query)
    assert location.startswith(redirect_uri), location
    assert back["state"] == [query["state"]]
    answer = requests.post(
        f"{values.domain_url}/oauth2/token",
        data={
            "grant_type": "authorization_code",
            "code": back["code"][0],
            "redirect_uri": redirect_uri,
        },
        auth=(values.alexa_client_id, values.alexa_client_secret),
        timeout=TIMEOUT,
    )
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


class _Form(HTMLParser):
    """Action and fields of the first form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = values.get("action", "")
        elif tag == "input" and "name" in values:
            self.fields[values["name"]] = values.get("value", "")


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())[-300:]
