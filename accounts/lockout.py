"""What an operator does to somebody's access: in the pool and here, and what came of each half.

The pool is asked outside of any transaction. Where it does not answer, the half that protects is
done here all the same, and `Outcome` says so: nothing is half done in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import structlog
from allauth.usersessions.models import UserSession
from botocore.exceptions import BotoCoreError, ClientError

from accounts.models import User
from accounts.pool import people

log = structlog.get_logger(__name__)


class Outcome(Enum):
    """How the pool's half went."""

    DONE = "done"
    UNKNOWN = "unknown"  # the pool knows nobody of this sub (any more)
    FAILED = "failed"  # it could not be asked, or refused


def sign_out_everywhere(user: User) -> Outcome:
    """End every session on the website, then every one that the pool gave out."""
    _end_sessions(user)
    return _ask_pool(people.sign_out_everywhere, user)


def disable(user: User) -> Outcome:
    """Here first: it takes effect at once, whether or not the pool answers."""
    _set_active(user, False)
    _end_sessions(user)
    return _ask_pool(people.disable, user)


def enable(user: User) -> Outcome:
    """The pool first: where it fails nothing changes, and the person stays out as a whole."""
    outcome = _ask_pool(people.enable, user)
    if outcome is not Outcome.FAILED:
        _set_active(user, True)
    return outcome


def _set_active(user: User, is_active: bool) -> None:
    user.is_active = is_active
    user.save(update_fields=["is_active"])


def _end_sessions(user: User) -> None:
    """All at once: a session holds a digest of this password, which nobody has. Then the rows."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    for session in UserSession.objects.filter(user=user):
        session.end()


def _ask_pool(call: Callable[[str], bool], user: User) -> Outcome:
    try:
        return Outcome.DONE if call(user.sub) else Outcome.UNKNOWN
    except (BotoCoreError, ClientError) as error:
        log.warning("pool_call_failed", call=call.__name__, error=type(error).__name__)
        return Outcome.FAILED
