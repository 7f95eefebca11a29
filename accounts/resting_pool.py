"""Connections to Redis: one that does not answer is left alone for a moment, and nobody waits.

A turn asks Redis four times and a page once or twice. Where each of them waits until its time is
over, the threads of a process are all at it, and turns that need nothing of it come too late. So
the first failure is the last for REST seconds: then one tries, and the others go on without.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import redis

if TYPE_CHECKING:
    from redis.connection import Connection

REST = 0.5  # seconds between two tries


class RestingPool(redis.ConnectionPool):
    """Safe for threads. While it rests, whoever asks for a connection gets redis.ConnectionError"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._is_away = False
        self._next_try = 0.0
        self._trying = threading.Lock()
        super().__init__(*args, **kwargs)

    def get_connection(self, *args: Any, **kwargs: Any) -> Connection:
        if self._is_away:  # without the lock: each turn comes by here
            with self._trying:
                if time.monotonic() < self._next_try:
                    raise redis.ConnectionError("Redis did not answer a moment ago")
                self._next_try = time.monotonic() + REST  # nobody else tries meanwhile
        try:
            return super().get_connection(*args, **kwargs)
        except redis.MaxConnectionsError:
            raise  # that is ours
        except (redis.ConnectionError, redis.TimeoutError):
            self._went()
            raise

    def release(self, connection: Any) -> None:
        """What failed on the way was disconnected; an error that Redis tells is an answer."""
        if connection.is_connected:
            self._is_away = False
        else:
            self._went()
        super().release(connection)

    def _went(self) -> None:
        self._next_try = time.monotonic() + REST
        self._is_away = True
