"""Servers that tests share: each is started for the first test that asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

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
