"""When a browser was last seen, for the list of where somebody is signed in.

allauth's own middleware writes with each request; this writes once in a few minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import structlog
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.cognito.sign_in_again import came_through_the_pool
from accounts.metrics import shared_cache_failures
from accounts.rate_limit import client_address, network_of

RESOLUTION = 300  # seconds

log = structlog.get_logger(__name__)


class LastSeenMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session = request.session
        # a page that did not ask who is there is not made to, which would cost a statement; and
        # signing in, which changes the session, has just been noted
        if session.accessed and not session.modified and came_through_the_pool(request):
            _note(request)
        return response


def _note(request: HttpRequest) -> None:
    key = request.session.session_key
    if not key or not _is_due(key):
        return
    agent = UserSession._meta.get_field("user_agent").max_length
    UserSession.objects.filter(session_key=key).update(
        last_seen_at=timezone.now(),
        ip=network_of(client_address(request)),
        user_agent=request.headers.get("User-Agent", "")[:agent],
    )


def _is_due(session_key: str) -> bool:
    """Once in RESOLUTION, of two tabs for one. The cache gets no key that opens a session."""
    digest = hashlib.sha256(session_key.encode()).hexdigest()
    try:
        return cache.add(f"last-seen:{digest}", 1, timeout=RESOLUTION)
    except Exception as error:  # noqa: BLE001 - each cache backend has errors of its own
        shared_cache_failures.labels("last_seen").inc()
        log.warning("last_seen_cache_failed", error=type(error).__name__)
        return False
