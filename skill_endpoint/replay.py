"""Each request id counts once: who claims it second has a replay.

No other verifier looked at (SDKs and libraries alike) remembers ids: what was captured on the way
could be sent again for 150 seconds.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import redis
import structlog
from django.db import DatabaseError

from accounts.metrics import shared_cache_failures
from accounts.shared_redis import shared_redis
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
        if (client := shared_redis()) is not None:
            kept = int(SeenRequest.KEPT.total_seconds())
            return not client.set(f"alexa-request:{digest}", 1, nx=True, ex=kept)
        return not SeenRequest.objects.claim(digest, now)
    except (DatabaseError, redis.RedisError, OSError) as error:
        metrics.alexa_replay_store_failures.inc()
        if not isinstance(error, DatabaseError):
            shared_cache_failures.labels("replay").inc()
        log.warning("alexa_replay_store_failed", error=type(error).__name__)
        return False
