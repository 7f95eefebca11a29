"""Django's backend with a pool whose connections are looked at before they are used.

What a process that serves people adds is in companion.serving: limits of time. Commands have none.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError

from companion.postgresql.away import away

# Of the server, so that it does not work on for nobody. A lock that others hold for longer than
# moments is a migration's or an operator's.
STATEMENT_MS, LOCK_MS = 3000, 1000


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params.pop("serving", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Raises OperationalError: at once while the database is known to be away."""
        if not self.pool:
            plain: Connection[Any] = super().get_new_connection(conn_params)
            return plain
        is_try = away.enter()
        try:
            connection = self._sound(conn_params)
            if is_try:
                self._check(connection)
        except BaseException:
            away.missed(is_try=is_try)
            raise
        away.saw(is_try=is_try)
        return connection

    def _sound(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """One of the pool that the server has not hung up."""
        while True:
            connection: Connection[Any] = super().get_new_connection(conn_params)
            if not _has_something_come(connection):
                return connection
            with suppress(OperationalError):
                self._check(connection)
                return connection

    def _check(self, connection: Connection[Any]) -> None:
        """Ask the server by one that is the pool's: it goes back where that raises."""
        try:
            self.pool.check_connection(connection)
        except BaseException:
            connection.close()
            self.pool.putconn(connection)  # which opens another one in its place
            raise

    def _configure_connection(self, connection: Connection[Any]) -> bool:
        """Django calls this for each new connection."""
        if self.settings_dict["OPTIONS"].get("serving"):
            connection.execute(
                "SELECT set_config('statement_timeout', %s, false),"
                " set_config('lock_timeout', %s, false)",
                [str(STATEMENT_MS), str(LOCK_MS)],
                prepare=False,
            )
        return bool(super()._configure_connection(connection))  # type: ignore[misc]  # no stub has it


def _has_something_come(connection: Connection[Any]) -> bool:
    """A server that ends a connection says so, and nobody has read it: looking costs nothing.

    To ask the server would cost each turn one way there and back.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
