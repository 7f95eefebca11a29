"""Whether the database is away, as far as this process has seen: then nobody waits to find out.

Without it each request waits until its time is over, on a thread that others need: a database that
is away for seconds would stop all that needs none, and answer nobody in time when it is back.
"""

from __future__ import annotations

import threading
import time

from psycopg import OperationalError

REST = 0.5  # seconds between two tries
SEEN_FOR = 1.0  # seconds: who finds no connection while others do finds a busy database


class Away:
    """Safe for threads. While the database is away one of them tries, and no other waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_away = self._is_tried = False
        self._next_try = 0.0
        self._seen = float("-inf")

    def enter(self) -> bool:
        """Whether this one is the try. Raises OperationalError where it is another's."""
        if not self._is_away:  # without the lock: each turn comes by here
            return False
        with self._lock:
            if not self._is_away:
                return False
            if self._is_tried or time.monotonic() < self._next_try:
                raise OperationalError("the database did not answer a moment ago")
            self._is_tried = True
            return True

    def saw(self, *, is_try: bool) -> None:
        """The database answered."""
        self._seen = time.monotonic()
        if is_try:
            with self._lock:
                self._is_away = self._is_tried = False

    def missed(self, *, is_try: bool) -> None:
        """There was no connection to be had."""
        if is_try or time.monotonic() > self._seen + SEEN_FOR:
            self.went(is_try=is_try)

    def went(self, *, is_try: bool = False) -> None:
        """It took a statement and did not answer."""
        with self._lock:
            self._is_away = True
            self._next_try = time.monotonic() + REST
            if is_try:
                self._is_tried = False


away = Away()  # of the one database that a process has
