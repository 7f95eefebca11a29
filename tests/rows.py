"""Very many rows in a moment: the database copies one by itself."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model


def multiply(row: Model, times: int | type[Model], **columns: str) -> None:
    """Insert copies of a row: so many, or one for each row of another model.

    `columns` are SQL expressions in `n`: the number of the copy from 1 on, or the other row's key.
    All other columns are as the row has them.
    """
    table = row._meta.db_table
    fields = [str(field.column) for field in row._meta.concrete_fields if not field.primary_key]
    assert set(columns) <= set(fields)
    numbers = (
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %s) "
        if isinstance(times, int)
        else f"WITH s(n) AS (SELECT {times._meta.pk.column} FROM {times._meta.db_table}) "  # noqa: S608 - as below
    )
    copied = ", ".join(columns.get(field, f"t.{field}").replace("%", "%%") for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(fields)}) {numbers}"  # noqa: S608 - names of ours
            f"SELECT {copied} FROM {table} AS t, s WHERE t.id = %s",
            [*([times] if isinstance(times, int) else []), row.pk],
        )


def ago(seconds: str) -> str:
    """The SQL of a moment of the past; `seconds` may be any expression in `n`."""
    if connection.vendor == "postgresql":
        return f"now() - ({seconds}) * interval '1 second'"
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ({seconds}) || ' seconds')"
