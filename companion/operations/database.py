"""Whether the database takes a write now, and how soon: figures that fail to be written are late.

The page reads what servers wrote; while nobody can write, they still read as if all were well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

PATIENCE = 0.5  # seconds that the page waits for another's write to end
SLOW = 0.5  # seconds: a look takes a millisecond


def trouble() -> str:
    """A sentence, or an empty text where writes go as they should. One statement."""
    begun = time.monotonic()
    try:
        said = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    except DatabaseError as error:
        return f"The database takes no writes ({type(error).__name__}): turns end in an apology."
    took = time.monotonic() - begun
    if not said and took > SLOW:
        return f"The database is slow: a look at it took {took:.1f} s."
    return said


def _postgresql() -> str:
    """Sessions that have waited for somebody's lock; those of other accounts are not shown to ours.

    https://www.postgresql.org/docs/current/monitoring-stats.html
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), current_setting('transaction_read_only') FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            " AND now() - query_start > make_interval(secs => %s)",
            [PATIENCE],
        )
        waiting, read_only = cursor.fetchone()
    if read_only == "on":
        return "The database takes no writes: it is read-only."
    if waiting:
        return f"Sessions that wait for a lock of the database: {waiting}."
    return ""


def _sqlite() -> str:
    """It has one writer at a time. Inside of a transaction of ours that is this thread."""
    if not connection.in_atomic_block:
        with _impatient() as own, own.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
    return ""


@contextmanager
def _impatient() -> Iterator[Any]:
    own = connections[DEFAULT_DB_ALIAS].copy()
    own.settings_dict["OPTIONS"] = {**own.settings_dict["OPTIONS"], "timeout": PATIENCE}
    try:
        yield own
    finally:
        own.close()
