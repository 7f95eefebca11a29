"""A backup: one file of the database, and beside it a description that a restore compares.

What is not in it: sessions (whoever finds a backup signs in as nobody), downloads that people made
of their data, and which requests were seen. All of these end by themselves.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from accounts.data_export.models import DataExport
from accounts.models import User
from skill_endpoint.facts.models import Favourite
from skill_endpoint.models import AccountLink, SeenRequest

LEFT_OUT: tuple[type[models.Model], ...] = (Session, UserSession, DataExport, SeenRequest)
COUNTED: tuple[type[models.Model], ...] = (User, AccountLink, Favourite)
PREFIX = "two-doors-"


class BackupFailed(Exception):
    """The message says what to do."""


@dataclass(frozen=True)
class Description:
    made_at: str  # ISO 8601, UTC
    version: str  # of this project
    engine: str  # "postgresql" or "sqlite"
    migrations: list[str]  # "app.name"
    counts: dict[str, int]  # rows of the models that matter most, by label
    sha256: str

    @classmethod
    def of(cls, file: Path, rows: dict[str, int]) -> Description:
        return cls(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=settings.VERSION,
            engine=connection.vendor,
            migrations=applied(),
            counts=rows,
            sha256=digest(file),
        )

    @classmethod
    def read(cls, file: Path) -> Description:
        """Of the backup `file`. Raises BackupFailed where it is missing or is none."""
        try:
            return cls(**json.loads(description_of(file).read_text(encoding="utf-8")))
        except OSError as error:
            raise BackupFailed(f"{description_of(file)}: {error.strerror}") from error
        except (ValueError, TypeError) as error:
            raise BackupFailed(f"{description_of(file)} does not describe a backup") from error

    def write(self, file: Path) -> None:
        path = description_of(file)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def description_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def applied() -> list[str]:
    return sorted(".".join(each) for each in MigrationRecorder(connection).applied_migrations())


def counts() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in COUNTED}


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
