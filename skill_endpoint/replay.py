"""Each request id counts once: who claims it second has a replay.

No other verifier looked at (SDKs and libraries alike) remembers ids: what was captured on the way
could be sent again for 150 seconds.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import redis
import structlog
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCache
from django.db import DatabaseError, IntegrityError, transaction

from skill_endpoint import metrics
from skill_endpoint.models import SeenRequest

log = structlog.get_logger(__name__)


def is_replay(application_id: str, request_id: str, *, now: datetime) -> bool:
    """Claim a verified request's id; True where it was claimed before.

    Claims live in the shared cache where there is one, else in the database: each process has a
    memory of its own, and a replay may reach another one. Where the store does not answer, the
    request is let through, and counted: the signature and the time held.
    """
    digest = hashlib.sha256(f"{application_id}\n{request_id}".encode()).hexdigest()
    try:
        if isinstance(caches["default"], RedisCache):
            kept = int(SeenRequest.KEPT.total_seconds())
            return not cache.add(f"alexa-request:{digest}", 1, timeout=kept)
        return _is_in_table(digest, now)
    except (DatabaseError, redis.RedisError, OSError) as error:
        metrics.alexa_replay_store_failures.inc()
        log.warning("alexa_replay_store_failed", error=type(error).__name__)
        return False


def _is_in_table(digest: str, now: datetime) -> bool:
    """One INSERT; UNIQUE decides between two that come at the same moment."""
    try:
        with transaction.atomic():
            SeenRequest.objects.create(digest=digest, seen_at=now)
    except IntegrityError:
        return True
    return False
