"""What failed, as it happens: a handler of the log that notes each error, in memory only."""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter, deque
from datetime import UTC, datetime
from typing import Any, NamedTuple

from companion import request_log
from companion.logs import reference

# an hour's worth, for each process: the count goes on
MOST_AN_HOUR = 100
MOST_PLACES = 50
# what says that it is not ready answers 503: it is asked every few seconds, and nothing failed
PROBE = "/readyz"


class Noted(NamedTuple):
    at: datetime
    reference: str
    place: str
    kind: str


class Failures(logging.Handler):
    """Errors with an exception, and requests that ended in 5xx without one; each request once."""

    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self._lock_of_ours = threading.Lock()
        self._noted: list[Noted] = []
        self._counts: Counter[str] = Counter()  # by place
        self._places: set[str] = set()
        self._hour = datetime.min.replace(tzinfo=UTC)
        self._in_hour = 0
        # the last requests that failed: two lines may tell of one
        self._known: deque[str] = deque(maxlen=50)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._note(record)
        except Exception:  # noqa: BLE001 - whatever fails here, the line itself is written
            self.handleError(record)

    def _note(self, record: logging.LogRecord) -> None:
        error = sys.exception() or (record.exc_info[1] if record.exc_info else None)
        said: dict[str, Any] = record.msg if isinstance(record.msg, dict) else {}
        if record.name == request_log.NAME:
            if PROBE in str(said.get("request", "")):
                return
        elif error is None:
            return
        found = Noted(
            datetime.fromtimestamp(record.created, UTC),
            reference(),
            _place(record, said)[:120],
            type(error).__name__[:60] if error else "",
        )
        with self._lock_of_ours:
            if found.reference and found.reference in self._known:
                return
            self._known.append(found.reference)
            self._add(found)

    def _add(self, found: Noted) -> None:
        hour = found.at.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._in_hour = hour, 0
        if self._in_hour < MOST_AN_HOUR:
            self._in_hour += 1
            self._noted.append(found)
        if len(self._places) < MOST_PLACES:
            self._places.add(found.place)
        self._counts[found.place if found.place in self._places else "other"] += 1

    def taken(self) -> tuple[list[Noted], Counter[str]]:
        """What came since the last time: some in full, and how many of each place."""
        with self._lock_of_ours:
            noted, counts = self._noted, self._counts
            self._noted, self._counts = [], Counter()
        return noted, counts


def _place(record: logging.LogRecord, said: dict[str, Any]) -> str:
    """A route without what fills its parts, or the word that our code logs; no text of a person."""
    request = getattr(record, "request", None)
    if request is not None:
        match = getattr(request, "resolver_match", None)
        return f"{request.method} /{match.route}" if match else f"{request.method}, no route"
    if record.name == request_log.NAME:
        return f"answered {said.get('code')}"
    return str(said.get("event") or record.name)
