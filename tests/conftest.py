"""The cast and the stage: people named by role, a mint for tokens, no network but loopback."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

# the routes depend on DEV_TOOLS: they are made here, before any test changes it
import companion.urls  # noqa: F401
from accounts.cognito import keys, tokens
from accounts.groups import apply_pool_groups
from accounts.models import Door, User
from companion import logs, request_log
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint

pytest_plugins = ["tests.local_aws", "tests.real_services"]
SKILL_ID = "amzn1.ask.skill.tests"


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would leave this machine, or reach the demo on it, fails where it tries."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise OSError(f"a test tried to reach {address[0]}")
        if isinstance(address, tuple) and address[1] == 8000:
            raise OSError("a test tried to reach port 8000, where the demo may be running")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_language() -> Iterator[None]:
    """A page answers in its language, and leaves that to the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    cache.clear()
    tokens._memory.clear()
    keys._key_sets.clear()
    yield
    cache.clear()


def written_by(*, console: bool) -> logging.Formatter:
    """What writes the lines of the log: JSON, or lines to read."""
    settings = logs.formatter(console=console)
    made: logging.Formatter = settings.pop("()")(**settings)
    return made


@pytest.fixture
def request_lines() -> Iterator[list[str]]:
    """What the log says of each request, a JSON object each."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.setFormatter(written_by(console=False))
    logger = logging.getLogger(request_log.NAME)
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@pytest.fixture(scope="session")
def pool_keys() -> TokenMint:
    return TokenMint()


@pytest.fixture
def mint(pool_keys: TokenMint, monkeypatch: pytest.MonkeyPatch) -> TokenMint:
    """Tokens of the configured pool. The fake is at the network's edge: the fetch of the keys."""
    monkeypatch.setattr(keys, "fetch", lambda url: keys.parse(pool_keys.jwks()))
    return pool_keys


def browser(**extra: Any) -> Client:
    """A client that calls the site by its public name."""
    return Client(headers={"host": "localhost:8000"}, **extra)


@pytest.fixture
def client() -> Client:
    return browser()


@pytest.fixture
def linked(db: None) -> User:
    """A person with an e-mail address who linked the skill."""
    user = User.objects.for_sub("sub-linked", door=Door.WEB)
    user.email, user.email_verified = "linked@example.com", True
    user.save()
    return user


@pytest.fixture
def phone_only(db: None) -> User:
    user = User.objects.for_sub("sub-phone-only", door=Door.WEB)
    user.phone_number = "+12065550101"
    user.save()
    return user


@pytest.fixture
def stranger(db: None) -> User:
    """Signed in, has nothing to do with anybody else's data."""
    return User.objects.for_sub("sub-stranger", door=Door.WEB)


@pytest.fixture
def operator(db: None) -> User:
    user = User.objects.for_sub("sub-operator", door=Door.WEB)
    apply_pool_groups(user, frozenset({"operators"}))
    return user


@pytest.fixture
def device() -> Device:
    """An Echo whose owner has not linked an account."""
    return Device(application_id=SKILL_ID, user_id="amzn1.ask.account.TESTS")


@pytest.fixture
def linked_device(linked: User, mint: TokenMint) -> Device:
    """An Echo of the person `linked`, with a link that is known already."""
    AccountLink.objects.create(
        application_id=SKILL_ID,
        alexa_user_id="amzn1.ask.account.LINKED",
        user=linked,
        linked_at=timezone.now(),
        last_used_at=timezone.now(),
    )
    return Device(
        application_id=SKILL_ID,
        user_id="amzn1.ask.account.LINKED",
        access_token=mint.access(linked.sub),
    )
