"""The Redis behind the shared cache, asked directly where Django's cache would ask it twice.

A voice turn counts and keeps four things. Through Django's cache each takes one to three ways to
another machine and back, and threads that wait for those hold each other up; here each takes one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache

from accounts.resting_pool import RestingPool


def shared_redis() -> redis.Redis | None:
    """A client that all threads share; None where the cache is each process's own."""
    if not isinstance(caches["default"], RedisCache):
        return None
    configured: dict[str, Any] = settings.CACHES["default"]
    options = {k: v for k, v in configured.get("OPTIONS", {}).items() if k != "pool_class"}
    return _client(configured["LOCATION"], tuple(options.items()))


@lru_cache(4)  # one, and those of tests
def _client(location: str, options: tuple[tuple[str, Any], ...]) -> redis.Redis:
    return redis.Redis.from_pool(RestingPool.from_url(location, **dict(options)))
