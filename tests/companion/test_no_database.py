"""A process without settings has no database, and says so; what needs none goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from companion.local.environment import BASE_DIR

KEY = {"SECRET_KEY": "s" * 50}
LOCAL = BASE_DIR / ".local"


def manage(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """manage.py as somebody types it who forgot the settings, but for these."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "DOORS_NO_DOTENV": "1"} | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "command", ["migrate", "backup FOLDER", "prune", "facts load", "erase_departed", "flush"]
)
def test_nothing_is_written_where_nobody_serves_it(command: str, tmp_path: Path) -> None:
    before = sorted(LOCAL.glob("*.sqlite3*")), (LOCAL / "companion.sqlite3").exists()
    words = [str(tmp_path / "new") if word == "FOLDER" else word for word in command.split()]
    done = manage(*words, *(["--no-input"] if command == "flush" else []))

    assert done.returncode == 1
    assert "DATABASE_URL is not set" in done.stderr
    assert "two-doors COMMAND" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()
    assert before == (sorted(LOCAL.glob("*.sqlite3*")), (LOCAL / "companion.sqlite3").exists())


@pytest.mark.parametrize(
    "command", ["check", "facts check", "migrate --help", "makemigrations --check --dry-run"]
)
def test_what_needs_no_database_goes_on(command: str) -> None:
    done = manage(*command.split())
    assert done.returncode == 0, done.stderr


ENGINE = "from django.conf import settings; print(settings.DATABASES['default']['ENGINE'])"


@pytest.mark.parametrize("given", [KEY, {"DEV_TOOLS": "1"}, {"DEBUG": "1"}])
def test_with_settings_sqlite_is_the_default(given: dict[str, str]) -> None:
    done = manage("shell", "--no-imports", "--command", ENGINE, **given)
    assert done.stdout == "django.db.backends.sqlite3\n", done.stderr


def test_the_database_that_is_given_is_taken(tmp_path: Path) -> None:
    """Without a secret key as well: `install.sh` has none."""
    file = tmp_path / "site.sqlite3"
    done = manage("migrate", "--verbosity=0", DATABASE_URL=f"sqlite:///{file}")
    assert done.returncode == 0, done.stderr
    assert file.stat().st_size


@pytest.mark.parametrize(("value", "given"), [("", "False"), ("0", "True"), ("14", "True")])
def test_no_backups_can_be_said(value: str, given: str) -> None:
    told = "from django.conf import settings; print(settings.BACKUP_DAYS_ARE_GIVEN)"
    done = manage("shell", "--no-imports", "--command", told, BACKUP_DAYS=value)
    assert done.stdout == f"{given}\n", done.stderr


@pytest.mark.parametrize("name", ["BACKUP_DAYS", "LOG_DAYS"])
def test_days_are_a_number(name: str) -> None:
    done = manage("check", **{name: "two weeks"})
    assert done.returncode == 1
    assert f"{name}=two weeks: write a whole number" in done.stderr
