"""How the turn of this thread ends, and whose it was: handlers say it, the door tells of it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from accounts.person_digest import person_digest


class Outcome(StrEnum):
    ANSWERED = "answered"
    ASKED_TO_LINK = "asked_to_link"
    APOLOGY = "apology"  # a handler failed
    SILENT = "silent"  # there was nothing to say: an event, the end of a session
    UNKNOWN = "unknown"  # nobody handles it, or it could not be read
    FAILED = "failed"  # outside of handlers: an empty answer


@dataclass(slots=True)
class Ending:
    outcome: Outcome = Outcome.UNKNOWN
    sub: str = ""  # of the person whose token counted; for a digest only
    refused: str = ""  # why the token did not count

    @property
    def person(self) -> dict[str, str]:
        """The field of a line of the log that says whose turn it is; none where nobody knows."""
        return {"person": person_digest(self.sub)} if self.sub else {}


_ending: ContextVar[Ending | None] = ContextVar("ending", default=None)


def begin() -> Ending:
    """A turn begins. What was said of the one before it is gone."""
    ending = Ending()
    _ending.set(ending)
    return ending


def current() -> Ending:
    """The one that began last here; what nobody began is written into nothing."""
    return _ending.get() or Ending()
