"""The cast and the stage: people named by role, a mint for tokens, no network but loopback."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from pytest_django.plugin import blocking_manager_key

# the routes depend on DEV_TOOLS: they are made here, before any test changes it
import companion.urls  # noqa: F401
from accounts import rate_limit
from accounts.cognito import keys, tokens
from accounts.groups import apply_pool_groups
from accounts.models import Door, User
from accounts.oauth_trace import recording
from companion import logs, readiness, request_log, serving
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint

# companion.wsgi and aws_lambda begin to serve when they are imported: limits of time, of which a
# process that runs tests wants none. Those limits are tested in processes of their own.
_for_all = pytest.MonkeyPatch()
_for_all.setattr(serving, "begin", lambda: None)

pytest_plugins = ["tests.local_aws", "tests.real_services"]
SKILL_ID = "amzn1.ask.skill.tests"


# by name of a group: what migrations allow it, by the natural keys of permissions
_allowed: dict[str, set[tuple[str, str, str]]] = {}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Before the tests' database is made: whatever looked at the pool of connections until now, as
    the metrics do, made one of the database that the settings name. Kept, all tests would be there.
    """
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The database of this run, and what migrations wrote into it besides tables."""
    with django_db_blocker.unblock():
        for group in Group.objects.all():
            _allowed[group.name] = {each.natural_key() for each in group.permissions.all()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test with transactions of its own empties the tables: the next one finds the groups again.

    pytest-django runs such tests last; with several workers nobody can say what comes last.
    """
    yield
    marker = item.get_closest_marker("django_db")
    if nextitem and marker and marker.kwargs.get("transaction"):
        with item.config.stash[blocking_manager_key].unblock():
            known = {each.natural_key(): each for each in Permission.objects.all()}
            for name, allowed in _allowed.items():
                group, _ = Group.objects.get_or_create(name=name)
                group.permissions.set(known[key] for key in allowed)


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
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that windows are counted by stands still: none ends amid a test that counts."""
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(time=lambda: 1_000_000_020.0))


@pytest.fixture
def one_day() -> Iterator[None]:
    """Each day has its fact: none ends amid a test that asks for it twice."""
    with time_machine.travel(timezone.now().replace(hour=12)):
        yield


@pytest.fixture(autouse=True)
def _no_language() -> Iterator[None]:
    """A page answers in its language, and leaves that to the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    cache.clear()
    recording._losses.clear()
    tokens._memory.clear()
    keys._key_sets.clear()
    readiness.forget()
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
