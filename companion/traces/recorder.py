"""Whether the trace records, what to type at Amazon, and what it means that nothing arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from accounts.oauth_trace import recording, wanted
from accounts.oauth_trace.diagnosis import Finding, diagnose
from accounts.oauth_trace.diagnosis.asked import is_local
from accounts.oauth_trace.models import Attempt, Span
from accounts.oauth_trace.trace import Trace

HOURS = (2, 24)


@dataclass(frozen=True)
class Recorder:
    is_set: bool  # OAUTH_TRACE
    span: Span | None
    lost: int
    silence: tuple[Finding, ...]  # why nothing arrives, where nothing does
    authorize_url: str
    token_url: str
    redirect_urls: tuple[str, ...]
    domains: tuple[str, ...]  # hosts for Domain List
    is_local: bool  # Amazon takes no such address


def recorder(newest: datetime | None, *, is_all: bool) -> Recorder:
    """`newest`: when the latest attempt began; of some attempts only, where not `is_all`."""
    span = Span.objects.current() if settings.OAUTH_TRACE else None
    return Recorder(
        is_set=settings.OAUTH_TRACE,
        span=span,
        lost=recording.lost(),
        silence=_silence(span, newest) if span and is_all else (),
        authorize_url=f"{settings.PUBLIC_URL}/oauth/authorize",
        token_url=f"{settings.PUBLIC_URL}/oauth/token",
        redirect_urls=wanted.from_settings().amazon_callbacks,
        domains=_hosts(settings.PUBLIC_URL, settings.COGNITO_DOMAIN_URL),
        is_local=is_local(settings.PUBLIC_URL),
    )


def _hosts(*urls: str) -> tuple[str, ...]:
    """Each once: here both may be this machine."""
    return tuple(dict.fromkeys(host for url in urls if (host := urlsplit(url).hostname)))


def _silence(span: Span, newest: datetime | None) -> tuple[Finding, ...]:
    now = timezone.now()
    if (newest and newest >= span.started_at) or now - span.started_at < Attempt.ABANDONED:
        return ()
    return tuple(diagnose(Trace(started_at=span.started_at, seen_at=now), wanted.known()))
