"""Ask the database something while somebody waits: briefly, and after a failure not at all.

The pages of the site need the database and wait for it. A linking needs it only to be recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import structlog
from django.db import (
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

log = structlog.get_logger(__name__)

LONGEST_WAIT = 500  # milliseconds for a lock, a statement or a connection; Alexa waits 4.5 s in all
REST = 10.0  # seconds without a try after the database was away, busy, or without its tables

# what the next exchange would meet as well; other errors are about one exchange alone
_LASTING = (OperationalError, InterfaceError, InternalError, ProgrammingError, psycopg.Error)


class Unavailable(Exception):
    """It was not done; why is in the log."""


@dataclass
class _Memo:
    rest_until: float = 0.0


_memo = _Memo()


def reads[T](work: Callable[[], T]) -> T:
    """What `work` returns. Raises Unavailable, whatever went wrong."""
    return _briefly(work, is_writing=False)


def writes[T](work: Callable[[], T]) -> T:
    """As reads(), in one transaction: all of it or nothing."""
    return _briefly(work, is_writing=True)


def forget() -> None:
    """No rest any more: a test begins, or somebody just asked."""
    _memo.rest_until = 0.0


def _briefly[T](work: Callable[[], T], *, is_writing: bool) -> T:
    if time.monotonic() < _memo.rest_until:
        raise Unavailable
    try:
        with _SHORT_WAITS[connection.vendor](is_writing):
            return work()
    except Exception as error:  # noqa: BLE001 - whatever it is, the linking goes on
        if isinstance(error, _LASTING):
            _memo.rest_until = time.monotonic() + REST
        # its kind only: the text of an error may quote what was to be stored
        log.warning("oauth_trace_failed", error=type(error).__name__)
        raise Unavailable from None


@contextmanager
def _sqlite(is_writing: bool) -> Iterator[None]:
    """A reader waits for no writer (the journal is a write-ahead log), and needs no transaction."""
    if not is_writing:
        yield
        return
    before = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT}")
        try:
            with transaction.atomic():
                yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")


@contextmanager
def _postgresql(is_writing: bool) -> Iterator[None]:
    """The pool of connections has its own patience, made for pages: it is asked for less first."""
    if connection.connection is None and (pool := connection.pool):  # type: ignore[attr-defined]
        pool.open()
        pool.putconn(pool.getconn(timeout=LONGEST_WAIT / 1000))
    is_within = connection.in_atomic_block  # somebody's transaction, whose timeout stays
    with transaction.atomic():
        if not is_within:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_WAIT}")
        yield


_SHORT_WAITS = {"sqlite": _sqlite, "postgresql": _postgresql}
