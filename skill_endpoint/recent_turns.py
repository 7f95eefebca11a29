"""The last turns of each person, for operators: when, what kind, how it ended; no content.

In the cache and not in the database: a turn has a budget of statements, and what is only there to
help with a question of today may be lost.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ask_sdk_core.dispatch_components.request_components import AbstractResponseInterceptor
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.response import Response
from ask_sdk_model.ui.link_account_card import LinkAccountCard
from django.utils.translation import gettext_lazy as _

from accounts import last_few
from accounts.models import User
from accounts.shared_redis import shared_redis
from skill_endpoint import ending
from skill_endpoint.caller import caller
from skill_endpoint.ending import Outcome as Outcome

KEPT = timedelta(hours=24)
LENGTH = 20  # turns of one person
WORD = 64  # characters of what comes from the request; the names that we know are shorter


OUTCOMES = {
    Outcome.ANSWERED: _("answered"),
    Outcome.ASKED_TO_LINK: _("asked to link the account"),
    Outcome.APOLOGY: _("failed, with an apology"),
}


class RecentTurn(NamedTuple):
    """Kept as a list of plain values: each turn writes one, and a class takes longer to write."""

    timestamp: float  # seconds since 1970
    kind: str  # the intent's name, else the request's type
    locale: str
    outcome: str  # an Outcome
    refused: str  # why the token did not count; empty where it did
    request_id: str

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp, UTC)

    @property
    def ended(self) -> str:
        return str(OUTCOMES[Outcome(self.outcome)])


def of(user: User) -> list[RecentTurn]:
    """Their turns of the last day, the newest first. A cache that is down knows of none."""
    since = time.time() - KEPT.total_seconds()
    turns = [RecentTurn(*turn) for turn in last_few.of(_key(user.pk)) if _is_known(turn)]
    return [turn for turn in turns if turn.timestamp > since]


def _is_known(turn: last_few.Item) -> bool:
    """Another version of ours, beside this one or a day before it, may write others."""
    if len(turn) != len(RecentTurn._fields):
        return False
    timestamp, *words = turn
    return (
        isinstance(timestamp, float)
        and all(isinstance(word, str) for word in words)
        and RecentTurn(*turn).outcome in OUTCOMES
    )


def forget(user: User) -> None:
    """Part of erasing a person. Raises what the cache raises: the caller must know."""
    last_few.forget(_key(user.pk))


def is_shared() -> bool:
    """Whether every process of an installation sees the same turns."""
    return shared_redis() is not None


def note(handler_input: HandlerInput, outcome: Outcome) -> None:
    """A turn ends; one of somebody we know is kept. Costs no statement, and breaks nothing."""
    ending.current().outcome = outcome
    who, request = caller(handler_input), handler_input.request_envelope.request
    if not (who.known_as and request):
        return
    intent = request.intent if isinstance(request, IntentRequest) else None
    turn = RecentTurn(
        timestamp=time.time(),
        kind=((intent and intent.name) or str(request.object_type))[:WORD],
        locale=str(request.locale or "")[:WORD],
        # silence to a touch that means nothing is as good an answer as any
        outcome=(outcome if outcome in OUTCOMES else Outcome.ANSWERED).value,
        refused=who.refused,
        request_id=str(request.request_id or "")[:255],
    )
    last_few.push(_key(who.known_as), list(turn), length=LENGTH, seconds=KEPT.total_seconds())


class NoteTurn(AbstractResponseInterceptor):
    """After every answer. A handler that failed answers past this: handlers/errors.py."""

    def process(self, handler_input: HandlerInput, response: Response | None) -> None:
        if response is not None and isinstance(response.card, LinkAccountCard):
            outcome = Outcome.ASKED_TO_LINK
        elif response is not None and response.output_speech:
            outcome = Outcome.ANSWERED
        else:
            outcome = Outcome.SILENT
        note(handler_input, outcome)


def _key(user_id: int) -> str:
    return f"recent-turns:{user_id}"
