"""Recording is switched on for a time, and off: by the command and by the pages."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.oauth_trace import recording, wanted
from accounts.oauth_trace.models import Span

MOST_HOURS = 7 * 24


class NotPossible(Exception):
    """Recording cannot be switched on so; the text says why, and what to do."""


def on(*, hours: float, capture: bool) -> Span:
    """Record from now on, in place of a span that may be on. Raises NotPossible."""
    if not settings.OAUTH_TRACE:
        raise NotPossible(
            "OAUTH_TRACE is off, so there is nothing at /oauth/authorize: set OAUTH_TRACE=1 "
            "and restart the site first"
        )
    if not 0 < hours <= MOST_HOURS:
        raise NotPossible(f"{hours:g} hours: choose more than 0, and up to {MOST_HOURS}")
    wanted.forget()
    pool = wanted.current()
    if capture and pool.callbacks is not None and pool.capture_url not in pool.callbacks:
        raise NotPossible(
            f"{pool.capture_url} is not registered on the alexa client, so the pool would "
            f"refuse it: run manage.py pool deploy --public-url {settings.PUBLIC_URL}, or record "
            "without capture (--no-capture)"
        )
    off()
    now = timezone.now()
    return Span.objects.create(
        started_at=now, ends_at=now + timedelta(hours=hours), capture=capture
    )


def off() -> int:
    """How many spans that ended; zero where it was off. Linking goes on."""
    now = timezone.now()
    recording.forget_span()
    return Span.objects.filter(ends_at__gt=now, stopped_at=None).update(stopped_at=now)
