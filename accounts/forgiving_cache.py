"""The cache, for what can be made again: one that is down makes things slow, and breaks nothing."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.cache import cache

from accounts.metrics import shared_cache_failures

log = structlog.get_logger(__name__)


def found(key: str) -> Any:
    """What is kept there; None where nothing is, or the cache does not answer."""
    try:
        return cache.get(key)
    except Exception as error:  # noqa: BLE001 - each cache backend has errors of its own
        shared_cache_failures.labels("kept").inc()
        log.warning("cache_failed", error=type(error).__name__)
        return None


def keep(key: str, value: object, *, seconds: float) -> None:
    try:
        cache.set(key, value, timeout=int(seconds))
    except Exception as error:  # noqa: BLE001 - as above
        shared_cache_failures.labels("kept").inc()
        log.warning("cache_failed", error=type(error).__name__)
