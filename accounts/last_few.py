"""The last few of something, in the cache: what is only there to help, and may be lost."""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.core.cache import cache

from accounts import forgiving_cache
from accounts.metrics import shared_cache_failures
from accounts.shared_redis import shared_redis

Item = list[Any]  # plain values, as JSON has them

log = structlog.get_logger(__name__)


def push(key: str, item: Item, *, length: int, seconds: float) -> None:
    """The newest one, before at most `length` - 1 others. A cache that is down keeps nothing."""
    client = shared_redis()
    if client is None:
        # two at the same moment may count as one
        items = [item, *(forgiving_cache.found(key) or [])][:length]
        forgiving_cache.keep(key, items, seconds=seconds)
        return
    try:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.lpush(key, json.dumps(item))
            pipeline.ltrim(key, 0, length - 1)
            pipeline.expire(key, int(seconds))
            pipeline.execute()
    except Exception as error:  # noqa: BLE001 - as forgiving_cache
        shared_cache_failures.labels("last_few").inc()
        log.warning("cache_failed", error=type(error).__name__)


def of(key: str) -> list[Item]:
    """The newest first; none where the cache does not answer."""
    client = shared_redis()
    if client is None:
        return forgiving_cache.found(key) or []
    try:
        items = [json.loads(item) for item in client.lrange(key, 0, -1)]
    except Exception as error:  # noqa: BLE001 - as forgiving_cache
        shared_cache_failures.labels("last_few").inc()
        log.warning("cache_failed", error=type(error).__name__)
        return []
    return [item for item in items if isinstance(item, list)]


def forget(key: str) -> None:
    """Raises what the cache raises: the caller must know."""
    client = shared_redis()
    if client is None:
        cache.delete(key)
    else:
        client.delete(key)
