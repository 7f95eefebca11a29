"""Whether the trace records, what to type at Amazon, and what it means that nothing arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from accounts.oauth_trace import recording, wanted
from accounts.oauth_trace.diagnosis import Finding, diagnose
from accounts.oauth_trace.models import Attempt, Span
from accounts.oauth_trace.trace import Trace

HOURS = (2, 24)


@dataclass(frozen=True)
class Recorder:
    is_set: bool  # OAUTH_TRACE
    span: Span | None
    lost: int
    nothing_arrived: Finding | None
    authorize_url: str
    token_url: str
    redirect_urls: tuple[str, ...]


def recorder(newest: datetime | None) -> Recorder:
    """`newest`: when the latest attempt began, where that is known already."""
    span = Span.objects.current() if settings.OAUTH_TRACE else None
    return Recorder(
        is_set=settings.OAUTH_TRACE,
        span=span,
        lost=recording.lost(),
        nothing_arrived=_nothing_arrived(span, newest) if span else None,
        authorize_url=f"{settings.PUBLIC_URL}/oauth/authorize",
        token_url=f"{settings.PUBLIC_URL}/oauth/token",
        redirect_urls=wanted.from_settings().amazon_callbacks,
    )


def _nothing_arrived(span: Span, newest: datetime | None) -> Finding | None:
    now = timezone.now()
    if (newest and newest >= span.started_at) or now - span.started_at < Attempt.ABANDONED:
        return None
    if newest is None and Attempt.objects.filter(started_at__gte=span.started_at).exists():
        return None
    found: Sequence[Finding] = diagnose(
        Trace(started_at=span.started_at, seen_at=now), wanted.known()
    )
    return next(iter(found), None)
