"""The fact that was taken off the list last, so that it can be put back as it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from skill_endpoint.facts.models import Fact, Favourite

_KEY = "removal"


class Removal:
    """Kept in the session and not in a message: Undo is still there after a reload."""

    OFFERED: ClassVar[timedelta] = timedelta(minutes=10)

    def __init__(self, fact_id: int, headline: str, door: str, saved_at: str, at: str) -> None:
        self.fact_id = fact_id
        self.headline = headline
        self.door = door
        self.saved_at = saved_at
        self.at = at

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """The last one, while it is offered."""
        session = getattr(request, "session", None)  # an early error page has none
        if session is None or not (kept := session.get(_KEY)):
            return None
        removal = cls(**kept)
        age = timezone.now() - datetime.fromisoformat(removal.at)
        return removal if age < cls.OFFERED else None

    @classmethod
    def keep(cls, request: HttpRequest, favourite: Favourite, headline: str) -> None:
        request.session[_KEY] = {
            "fact_id": favourite.fact_id,
            "headline": headline,
            "door": favourite.door,
            "saved_at": favourite.saved_at.isoformat(),
            "at": timezone.now().isoformat(),
        }

    @classmethod
    def forget(cls, request: HttpRequest, fact_id: int | None = None) -> None:
        """Take the offer back; with a fact, only the offer that is about it."""
        kept = request.session.get(_KEY)
        if kept and fact_id in (None, kept["fact_id"]):
            del request.session[_KEY]

    def undo(self, user: User) -> bool:
        """Save it again by the door and at the time of the first saving; False if it is gone."""
        if not Fact.objects.filter(pk=self.fact_id).exists():
            return False
        saved_at = datetime.fromisoformat(self.saved_at)
        Favourite.objects.keep(user, self.fact_id, self.door, saved_at=saved_at)
        return True
