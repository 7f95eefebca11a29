"""The last turns of each person, for operators: when, what kind, how it ended; no content.

In the cache and not in the database: a turn has a budget of statements, and what is only there to
help with a question of today may be lost. Two turns at the same moment may count as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ask_sdk_core.dispatch_components.request_components import AbstractResponseInterceptor
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.response import Response
from ask_sdk_model.ui.link_account_card import LinkAccountCard
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import forgiving_cache
from accounts.models import User
from skill_endpoint.caller import caller

KEPT = timedelta(hours=24)
LENGTH = 20  # turns of one person
WORD = 64  # characters of what comes from the request; the names that we know are shorter


class Outcome(StrEnum):
    ANSWERED = "answered"
    ASKED_TO_LINK = "asked_to_link"
    APOLOGY = "apology"


OUTCOMES = {
    Outcome.ANSWERED: _("answered"),
    Outcome.ASKED_TO_LINK: _("asked to link the account"),
    Outcome.APOLOGY: _("failed, with an apology"),
}


@dataclass(frozen=True, slots=True)
class RecentTurn:
    time: datetime
    kind: str  # the intent's name, else the request's type
    locale: str
    outcome: Outcome
    refused: str  # why the token did not count; empty where it did
    request_id: str

    @property
    def ended(self) -> str:
        return str(OUTCOMES[self.outcome])


def of(user: User) -> list[RecentTurn]:
    """Their turns of the last day, the newest first. A cache that is down knows of none."""
    return _read(user.pk)


def forget(user: User) -> None:
    """Part of erasing a person. Raises what the cache raises: the caller must know."""
    cache.delete(_key(user.pk))


def is_shared() -> bool:
    """Whether every process of an installation sees the same turns."""
    return not isinstance(caches["default"], LocMemCache)


def note(handler_input: HandlerInput, outcome: Outcome) -> None:
    """A turn of somebody we know ends. Costs no statement, and breaks nothing."""
    who, request = caller(handler_input), handler_input.request_envelope.request
    if not (who.known_as and request):
        return
    intent = request.intent if isinstance(request, IntentRequest) else None
    turn = RecentTurn(
        time=timezone.now(),
        kind=((intent and intent.name) or str(request.object_type))[:WORD],
        locale=str(request.locale or "")[:WORD],
        outcome=outcome,
        refused=who.refused,
        request_id=str(request.request_id or "")[:255],
    )
    turns = [turn, *_read(who.known_as)][:LENGTH]
    forgiving_cache.keep(_key(who.known_as), turns, seconds=KEPT.total_seconds())


class NoteTurn(AbstractResponseInterceptor):
    """After every answer. A handler that failed answers past this: handlers/errors.py."""

    def process(self, handler_input: HandlerInput, response: Response | None) -> None:
        asks = response is not None and isinstance(response.card, LinkAccountCard)
        note(handler_input, Outcome.ASKED_TO_LINK if asks else Outcome.ANSWERED)


def _key(user_id: int) -> str:
    return f"recent-turns:{user_id}"


def _read(user_id: int) -> list[RecentTurn]:
    since = timezone.now() - KEPT
    found: list[RecentTurn] = forgiving_cache.found(_key(user_id)) or []
    return [turn for turn in found if turn.time > since]
