"""The site, with the number of its statements in each answer: benchmarks.website serves it.

Statements are counted until the answer begins, without transaction control. The site itself has no
such door; this stands around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connection

from benchmarks.website import HEADER
from companion.wsgi import application as site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    count = 0

    def counting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        count += not sql.startswith(CONTROL)
        return execute(sql, params, many, context)

    def saying(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [*headers, (HEADER, str(count))], *more)

    with connection.execute_wrapper(counting):
        return site(environ, saying)
