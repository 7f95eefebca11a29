"""Where a person is signed in now."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User


def open_sessions(user: User) -> QuerySet[UserSession]:
    """Those whose session still runs, the one used last first."""
    running = Session.objects.filter(expire_date__gte=timezone.now()).values("session_key")
    rows: QuerySet[UserSession] = UserSession.objects.filter(user=user, session_key__in=running)
    return rows.order_by("-last_seen_at", "-pk")
