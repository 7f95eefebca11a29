from __future__ import annotations

import stat
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from accounts.tables import require_table
from companion.backup import postgresql, sqlite
from companion.backup.archive import PREFIX, BackupFailed, Description, description_of
from companion.operations import tasks


class Command(BaseCommand):
    help = (
        "Write a backup of the database into a folder, while the site goes on: one file, and a "
        "description of it that `restore` compares. Without sessions and downloads. Only the "
        "caller can read it; it holds people's data: keep it encrypted, and not for long "
        "(docs/backup.md)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--keep", type=int, metavar="N", help="afterwards delete all but the N latest there"
        )

    def handle(self, *args: Any, folder: Path, keep: int | None, **options: Any) -> str:
        require_table(User)
        if keep is not None and keep < 1:
            raise CommandError("--keep: at least 1, the one that is made now.")
        self._warn_of_others(folder)
        engine = postgresql if connection.vendor == "postgresql" else sqlite
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{PREFIX}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
            unfinished = folder / f".{name}.unfinished"
            unfinished.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise CommandError(f"{folder}: {error.strerror}") from error
        try:
            rows = engine.write(unfinished)
            description = Description.of(unfinished, rows)
            file = folder / f"{name}{engine.SUFFIX}"
            description.write(file)
            unfinished.rename(file)
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        finally:
            unfinished.unlink(missing_ok=True)
        tasks.done("backup")
        removed = _prune(folder, keep) if keep else 0
        size = f"{file.stat().st_size / 1e6:.1f} MB"
        held = ", ".join(f"{n} {label}" for label, n in rows.items())
        gone = f"\nDeleted {removed} older." if removed else ""
        return f"{file}: {size}; {held}.{gone}"

    def _warn_of_others(self, folder: Path) -> None:
        """A folder that was there keeps its rights; each file is for its owner all the same."""
        if folder.is_dir() and (mode := stat.S_IMODE(folder.stat().st_mode)) & 0o077:
            self.stderr.write(
                f"{folder}: others on this machine may look into it (mode {mode:04o}). "
                f"Its files stay for their owner; `chmod 700` closes the folder, too."
            )


def _prune(folder: Path, keep: int) -> int:
    """Only what looks like ours and has its description."""
    found = sorted(
        file
        for file in folder.glob(f"{PREFIX}*")
        if file.suffix in {postgresql.SUFFIX, sqlite.SUFFIX} and description_of(file).exists()
    )
    for file in found[:-keep]:
        file.unlink()
        description_of(file).unlink()
    return len(found[:-keep])
