from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts.models import User
from companion.backup import postgresql, sqlite
from companion.backup.archive import BackupFailed, Description, counts, digest


class Command(BaseCommand):
    help = (
        "Put a backup in place of the database, whole or not at all. Refuses where there are "
        "people already, unless --replace is given. Afterwards: `migrate`, and `erase_departed`, "
        "as people who deleted their account since the backup are in it (docs/backup.md)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="also where this loses what is there"
        )

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> str:
        if not settings.DATABASE_IS_GIVEN:
            raise CommandError(
                "DATABASE_URL is not set, so this would fill a new SQLite file that nobody serves. "
                "Call it with the server's settings: two-doors restore, or set -a; . FILE; set +a"
            )
        if not file.is_file():
            raise CommandError(f"{file}: there is no such file")
        try:
            description = Description.read(file)
            _compare(file, description)
            if not replace and (people := _people()):
                raise BackupFailed(
                    f"{people} people are in this database. --replace puts the backup of "
                    f"{description.made_at} in their place; `backup` keeps what is there now."
                )
            (postgresql if connection.vendor == "postgresql" else sqlite).read(file)
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        found = counts()
        if found != description.counts:
            raise CommandError(f"The backup had {description.counts}, and now there is {found}.")
        try:
            cache.clear()  # last turns, counts of limits: of another past
        except Exception as error:  # noqa: BLE001 - each cache has errors of its own
            self.stderr.write(
                f"The cache did not answer ({type(error).__name__}): empty it when it is back."
            )
        rows = ", ".join(f"{n} {label}" for label, n in found.items())
        return (
            f"As of {description.made_at}: {rows}.\n"
            "Next: manage.py migrate, then manage.py erase_departed."
        )


def _compare(file: Path, description: Description) -> None:
    """Before anything is touched. Raises BackupFailed."""
    try:
        if digest(file) != description.sha256:
            raise BackupFailed(f"{file} is not the file that its description is of.")
    except OSError as error:
        raise BackupFailed(f"{file}: {error.strerror}") from error
    if description.engine != connection.vendor:
        raise BackupFailed(
            f"It is a backup of {description.engine}, and DATABASE_URL is {connection.vendor}."
        )
    known = {".".join(each) for each in MigrationLoader(None).disk_migrations or {}}
    if newer := [name for name in description.migrations if name not in known]:
        raise BackupFailed(
            f"It was made by version {description.version}, which has migrations that this one "
            f"does not know ({newer[0]} …): restore it with that version."
        )


def _people() -> int:
    if User._meta.db_table not in connection.introspection.table_names():
        return 0
    return User.objects.count()
