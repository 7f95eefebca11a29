"""The site, with what an answer took in its headers: statements, and connections that it opened.

Both are counted until the answer begins: statements without transaction control, connections to
anything that Python's sockets go to (the pool, Alexa's chain, the cache). The site itself has no
such door; this stands around it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connection

from benchmarks.website import HEADER
from companion.wsgi import application as site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

OPENED = "X-Connections"
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


_opened = threading.local()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        _opened.count = getattr(_opened, "count", 0) + 1


sys.addaudithook(_hear)


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    count = _opened.count = 0

    def counting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += not sql.startswith(CONTROL)
        return execute(sql, params, many, context)

    def saying(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        taken = [(HEADER, str(count)), (OPENED, str(_opened.count))]
        return start_response(status, [*headers, *taken], *more)

    with connection.execute_wrapper(counting):
        return site(environ, saying)
