"""A linking that was begun on the website: since when, what came of it, and where it happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Self

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from skill_endpoint.models import AccountLink

_KEY = "linking"
# languages that Alexa speaks in one country only; the others are sent to amazon.com
_MARKETPLACES = {"de": "de", "it": "it", "ja": "co.jp", "pt": "com.br"}


class Outcome(StrEnum):
    WAITING = "waiting"
    LINKED = "linked"
    REFUSED = "refused"
    FAILED = "failed"  # the trace saw it end before Alexa came to us
    SILENT = "silent"  # nothing was heard of it for a while


@dataclass(frozen=True)
class Attempt:
    """Kept in the session: the page may be closed and opened again."""

    WATCHED: ClassVar[timedelta] = timedelta(minutes=2)
    TOLD: ClassVar[timedelta] = timedelta(minutes=15)  # after that nobody asks for it any more

    begun_at: datetime
    known: list[str]  # links that worked before: they are no news

    @classmethod
    def begin(cls, request: HttpRequest, links: Iterable[AccountLink]) -> None:
        request.session[_KEY] = {"at": timezone.now().isoformat(), "known": list(map(_mark, links))}

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """The last one, while it is told of."""
        if not (kept := request.session.get(_KEY)):
            return None
        attempt = cls(datetime.fromisoformat(kept["at"]), kept["known"])
        return attempt if timezone.now() - attempt.begun_at < cls.TOLD else None

    @staticmethod
    def forget(request: HttpRequest) -> None:
        request.session.pop(_KEY, None)

    def outcome(self, links: Iterable[AccountLink]) -> Outcome:
        """What these links of the person say about it."""
        fresh = [link for link in links if _mark(link) not in self.known]
        if any(link.state == AccountLink.State.WORKING for link in fresh):
            return Outcome.LINKED
        if any(link.refused_at and link.refused_at >= self.begun_at for link in fresh):
            return Outcome.REFUSED
        is_watched = timezone.now() - self.begun_at < self.WATCHED
        return Outcome.WAITING if is_watched else Outcome.SILENT


def _mark(link: AccountLink) -> str:
    """Another one as soon as the link works, is linked anew, or is refused anew."""
    moments = (link.linked_at, link.unlinked_at, link.disabled_at, link.refused_at)
    return " ".join([str(link.pk), *(str(moment and moment.timestamp()) for moment in moments)])


def address() -> str:
    """Where linking happens: the simulator, or the skill at Amazon; empty without a skill.

    A Quick Link opens a published skill in the Alexa app:
    https://developer.amazon.com/en-US/docs/alexa/custom-skills/create-a-quick-link-for-your-skill.html
    """
    if settings.DEV_TOOLS:
        return reverse("simulator")
    if not settings.ALEXA_SKILL_IDS:
        return ""
    domain = _MARKETPLACES.get(get_language() or "", "com")
    skill = settings.ALEXA_SKILL_IDS[0]
    return f"https://alexa-skills.amazon.{domain}/apis/custom/skills/{skill}/launch"
