"""A connection that waits for an answer for a time only: a host that hangs refuses nothing."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus

from companion.postgresql.away import away

# seconds; the server ends a statement before (base.py), unless it hangs
ANSWER = 3.5


class ImpatientConnection(Connection[Any]):
    """It is closed where nothing came in time: what comes later would answer another question."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, ANSWER)
        except OperationalError:
            # the server's own errors leave no statement behind that runs
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.close()
            away.went()
            raise OperationalError(f"the database did not answer in {ANSWER:g} s") from None
