"""Backups of PostgreSQL, by its own programs: whole, consistent, while turns go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from django.db import connection, transaction

from companion.backup.archive import LEFT_OUT, BackupFailed, counts

SUFFIX = ".dump"
# what they say of a password or a certificate is libpq's: https://www.postgresql.org/docs/current/
# libpq-envars.html
_VARIABLES = {
    "dbname": "PGDATABASE",
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def write(file: Path) -> dict[str, int]:
    """The rows of what is counted, as they are in the backup."""
    without = [f"--exclude-table-data={model._meta.db_table}" for model in LEFT_OUT]
    # both see the same moment: https://www.postgresql.org/docs/current/functions-admin.html
    # #FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        with _started(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            *without,
            f"--file={file}",
        ):
            return counts()


def read(file: Path) -> None:
    """In place of all that is there, in one transaction: whole or not at all."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    connection.close()
    # pg_restore's own --clean takes away what is in the backup, and fails where a table that came
    # since refers to it
    names = ", ".join(connection.ops.quote_name(name) for name in tables)
    drop = f"DROP TABLE {names} CASCADE;" if tables else ""
    with (
        _started(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        ) as writer,
        suppress(BrokenPipeError),  # psql gave up, and says why
        cast("IO[bytes]", writer.stdin) as told,
    ):
        told.write(f"BEGIN;\n{drop}\n".encode())
        with _started(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            "--file=-",
            str(file),
            stdout=subprocess.PIPE,
        ) as reader:
            shutil.copyfileobj(cast("IO[bytes]", reader.stdout), told)
        told.write(b"COMMIT;\n")  # nobody says so where pg_restore failed


@contextmanager
def _started(
    program: str, *arguments: str, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """It has ended when the block has. Raises BackupFailed where it failed."""
    found = shutil.which(program)
    if not found:
        raise BackupFailed(f"{program} is not installed: sudo apt-get install postgresql-client")
    parameters = _parameters()
    # not as arguments: everybody on the machine can read those
    given = {name: str(parameters[key]) for key, name in _VARIABLES.items() if parameters.get(key)}
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(  # noqa: S603 - a program of PostgreSQL's, with arguments of ours
            [found, *arguments],
            env={**os.environ, **given},
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
        ) as running:
            yield running
        if running.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise BackupFailed(f"{program} ended with status {running.returncode}: {said}")


def _parameters() -> dict[str, Any]:
    return connection.get_connection_params()
