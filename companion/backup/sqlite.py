"""Backups of SQLite, page by page, while the site goes on: https://www.sqlite.org/backup.html"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, models

from companion.backup.archive import COUNTED, LEFT_OUT, BackupFailed

SUFFIX = ".sqlite3"
WAIT = 20  # seconds for whoever writes meanwhile


def write(file: Path) -> dict[str, int]:
    """The rows of what is counted, as they are in the backup."""
    with _opened(_site()) as site, _opened(file) as copy:
        site.backup(copy)
        for model in LEFT_OUT:
            copy.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 - a name of ours
        copy.commit()
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a -wal beside it
        copy.execute("VACUUM")  # what was deleted is not in its free pages either
        return {model._meta.label: _count(copy, model) for model in COUNTED}


def read(file: Path) -> None:
    """In place of all that is there, in one transaction; the site may run meanwhile."""
    with _opened(file) as backup:
        found = backup.execute("PRAGMA integrity_check").fetchone()
        if found != ("ok",):
            raise BackupFailed(f"{file} is damaged: {found[0] if found else 'no answer'}")
        connection.close()
        with _opened(_site()) as site:
            backup.backup(site)


def _count(copy: sqlite3.Connection, model: type[models.Model]) -> int:
    found = copy.execute(f'SELECT count(*) FROM "{model._meta.db_table}"')  # noqa: S608 - ours
    return int(found.fetchone()[0])


def _site() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=WAIT)) as opened:
            yield opened
    except sqlite3.Error as error:
        raise BackupFailed(f"{file}: {error}") from error
