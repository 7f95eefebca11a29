"""What PostgreSQL's kept plans need: a way on after a migration that changes a column.

A plan that a connection keeps ends when a column that it gives gets another type, even a longer
text: "cached plan must not change result type", and then at each use until the connection goes,
for up to an hour. Workers go on while `manage.py migrate` runs, and so do their turns.
"""

from __future__ import annotations

import time
from typing import Any

from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg import Cursor, OperationalError
from psycopg.errors import FeatureNotSupported
from psycopg.pq import TransactionStatus

from companion.until import asked_until


class ReplanningCursor(ServerBindingCursor, Cursor[Any]):
    """Django's, which asks once more where a kept plan does not hold any longer.

    Outside of transactions only, where what failed has changed nothing. In one the error stands,
    and its ROLLBACK makes psycopg forget the plans.

    A turn whose time is over asks nothing: OperationalError.
    """

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() > asked_until.get():
            raise OperationalError("the turn has taken too long")
        try:
            return super().execute(*args, **kwargs)
        except FeatureNotSupported:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
            # psycopg sees that go by, and forgets the names of its plans
            self.connection.execute("DEALLOCATE ALL")
            return super().execute(*args, **kwargs)
