"""Why a linking did not finish, for the person who tried, from what the trace recorded of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.oauth_trace.models import Attempt, Outcome, Stage
from skill_endpoint.models import AccountLink

RECENT = timedelta(hours=24)  # after that a failure is no news
CANCELLED = "person-cancelled"  # the rule's code

_LEFT = _("You left the sign-in page before you were signed in. Start again if you like.")
_CLOSED = _(
    "The sign-in page was closed, or took longer than ten minutes. "
    "Start once more and go through it in one go."
)
_NOTHING_YET = _("We have heard nothing from Alexa yet.")
_ANOTHER = _(
    "You signed in with another account than the one you use here. "
    "Use the same e-mail address or phone number."
)
_NOT_TOLD = _(
    "It worked, but Alexa has not told us yet. "
    "Say “Alexa, open Small Wonders”, then look here again."
)
_NOT_YOURS = _(
    "It is not your fault: something between Alexa and us is not set up right. "
    "With the reference below, support can see what it was."
)


@dataclass(frozen=True)
class Cause:
    sentence: Promise
    reference: str  # of the attempt, for support
    at: datetime  # when it was last heard of
    is_over: bool  # nothing more will come of it: nobody needs to wait


def cause(user: User, begun_at: datetime) -> Cause | None:
    """Of the latest attempt that is the person's, since they began; None where none is known.

    Theirs is one whose token was for them, or whose browser was signed in here as them.
    """
    if not settings.OAUTH_TRACE:
        return None
    attempt = _theirs(user, begun_at).first()
    return _cause(attempt, user) if attempt else None


def recent(user: User, links: Iterable[AccountLink]) -> Cause | None:
    """Of their latest attempt that failed, wherever they began it; None where one worked since.

    The Alexa app tells no reference: who links there finds it on the page of their links.
    """
    if not settings.OAUTH_TRACE:
        return None
    decided = _theirs(user, timezone.now() - RECENT).filter(
        outcome__in=(Outcome.FAILED, Outcome.LINKED)
    )
    attempt = decided.first()
    if attempt is None or attempt.outcome == Outcome.LINKED:
        return None
    if any(link.linked_at and link.linked_at > attempt.started_at for link in links):
        return None
    return _cause(attempt, user)


def _theirs(user: User, since: datetime) -> QuerySet[Attempt]:
    """The latest first."""
    return Attempt.objects.of_person(user.sub).filter(started_at__gte=since)


def _cause(attempt: Attempt, user: User) -> Cause:
    return Cause(
        _sentence(attempt, user),
        attempt.reference,
        attempt.updated_at,
        attempt.outcome == Outcome.FAILED or attempt.finding == CANCELLED,
    )


def _sentence(attempt: Attempt, user: User) -> Promise:
    if attempt.sub and attempt.sub != user.sub:
        return _ANOTHER
    if attempt.outcome == Outcome.LINKED and Stage.SKILL not in attempt.stages:
        return _NOT_TOLD
    if attempt.finding == CANCELLED:
        return _LEFT
    if attempt.outcome in {Outcome.FAILED, Outcome.LINKED}:
        return _NOT_YOURS
    is_quiet = timezone.now() - attempt.updated_at >= Attempt.ABANDONED
    return _CLOSED if attempt.outcome != Outcome.OPEN or is_quiet else _NOTHING_YET
