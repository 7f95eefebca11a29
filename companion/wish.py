"""A fact that a visitor wants to save: it is saved when they come back from signing in."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

from skill_endpoint.facts.models import Fact

_KEY = "wish"
KEPT = timedelta(minutes=30)  # long enough to make an account


def keep(request: HttpRequest, fact: Fact, back: str) -> None:
    """Remember it in the visitor's session, by a POST with a CSRF token: no link can do this."""
    request.session[_KEY] = {"fact_id": fact.pk, "back": back, "at": timezone.now().isoformat()}


def take(request: HttpRequest, fact: Fact) -> str | None:
    """Where to go on, if this fact was wished for; once, and only for a while."""
    wished = request.session.get(_KEY)
    if not wished or wished["fact_id"] != fact.pk:
        return None
    del request.session[_KEY]
    is_fresh = timezone.now() - datetime.fromisoformat(wished["at"]) < KEPT
    return str(wished["back"]) if is_fresh else None
