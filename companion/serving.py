"""Limits of time for what answers people; commands may take as long as they need.

Alexa waits 8 s for an answer, and says then that the skill does not respond. An apology in the
person's language has to be on its way before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from companion.until import asked_until

SQLITE_BUSY = 2  # seconds, that somebody else may write
TURN = 3.0  # seconds, after which a turn asks the database for nothing more


def begin() -> None:
    """Called once by what serves people, before it asks a database anything."""
    for alias in connections:
        options = connections.settings[alias]["OPTIONS"]
        if "pool" in options:
            from companion.postgresql.impatient import ImpatientConnection

            options["serving"] = True
            options["pool"]["connection_class"] = ImpatientConnection
        else:
            options["timeout"] = SQLITE_BUSY


@contextmanager
def turn_in_time() -> Iterator[None]:
    """Each statement may be quick enough, and all of them together too slow.

    PostgreSQL alone is asked over a network: SQLite keeps people waiting where somebody else
    writes, at most once for the claim of a request and once for what the turn is about.
    """
    token = asked_until.set(time.monotonic() + TURN)
    try:
        yield
    finally:
        asked_until.reset(token)
