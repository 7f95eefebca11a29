"""Whether the trace records just now."""

from __future__ import annotations

from django.db import DatabaseError

from accounts.oauth_trace.models import Span


def span() -> Span | None:
    """The span that is on; None also where the database does not say."""
    try:
        return Span.objects.current()
    except DatabaseError:
        return None
