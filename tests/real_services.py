"""Servers that tests share: each is started for the first test that asks for it.

And the cache of the test, whichever it is: how much is in it, and what it holds later.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from accounts.shared_redis import shared_redis
from companion.local import services
from companion.local.supervisor import Supervisor


def need(program: str) -> None:
    """Skip where it is not installed; REQUIRE_SERVICES=1 makes that a failure."""
    if lines := [line for line in services.missing() if line.startswith(program)]:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(lines[0])
        pytest.skip(lines[0])


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need("Redis")
    state = tmp_path_factory.mktemp("redis")
    with Supervisor(state / "logs") as supervisor:
        yield services.redis(supervisor, state)


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need("PostgreSQL")
    state = tmp_path_factory.mktemp("postgresql")
    with Supervisor(state / "logs") as supervisor:
        yield services.postgresql(supervisor, state, is_durable=False)


def use_redis(settings: Settings, location: str) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": location,
            "OPTIONS": {"socket_connect_timeout": 5, "socket_timeout": 5},
        }
    }


@pytest.fixture
def on_redis(settings: Settings, redis_url: str) -> str:
    """The shared cache is a real and empty Redis; its address."""
    use_redis(settings, redis_url)
    cache.clear()
    return redis_url


@pytest.fixture
def on_nothing(settings: Settings) -> None:
    """There is a shared cache, and it is down."""
    use_redis(settings, "redis://127.0.0.1:1/0")


@pytest.fixture
def on_local_memory(settings: Settings) -> Iterator[None]:
    """Each process has a cache of its own, whatever the tests run on."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    yield
    cache.clear()


def count_cached() -> int:
    """How many entries the cache of the test holds."""
    client = shared_redis()
    return int(client.dbsize()) if client else len(getattr(cache, "_cache"))  # noqa: B009 - the backend says it nowhere else


def all_cached() -> str:
    """Keys and values of the cache of the test, as text."""
    client = shared_redis()
    if client is None:
        kept = getattr(cache, "_cache")  # noqa: B009 - as above
        return "\n".join(f"{key} {_text(value)}" for key, value in kept.items())
    found = []
    for key in client.scan_iter():
        is_list = client.type(key) == b"list"
        values: list[Any] = client.lrange(key, 0, -1) if is_list else [client.get(key)]
        found.append(f"{_text(key)} {[_text(value) for value in values]}")
    return "\n".join(found)


def _text(value: bytes) -> str:
    """Django pickles what is no number; what goes to Redis directly is text."""
    if value.startswith(b"\x80"):
        return str(pickle.loads(value))  # noqa: S301 - our own
    return value.decode(errors="backslashreplace")


@contextmanager
def later(by: timedelta) -> Iterator[None]:
    """The block happens so much later, for a Redis too, which has a clock of its own."""
    if client := shared_redis():
        milliseconds = int(by.total_seconds() * 1000)
        for key in client.scan_iter():
            left = client.pttl(key)
            if left >= 0:  # it ends at all
                client.pexpire(key, left - milliseconds)  # at once where nothing is left
    with time_machine.travel(timezone.now() + by):
        yield
