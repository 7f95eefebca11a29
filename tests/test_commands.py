"""Every command of ours has a help, and none takes another database for the server's."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, get_commands, load_command_class
from pytest_django import Settings

OURS = ("accounts", "skill_endpoint", "companion")
COMMANDS = sorted((app, name) for name, app in get_commands().items() if app.startswith(OURS))


def test_they_are_found() -> None:
    assert apps.ready
    assert {"backup", "restore", "erase_departed", "doctor", "prune"} <= {n for _, n in COMMANDS}


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_each_says_what_it_does(app: str, name: str) -> None:
    command = load_command_class(app, name)
    said = command.create_parser("manage.py", name).format_help()
    assert len(command.help) > 20
    assert " ".join(str(command.help).split())[:20] in " ".join(said.split())


def test_restore_fills_no_database_that_nobody_serves(tmp_path: Path, settings: Settings) -> None:
    settings.DATABASE_IS_GIVEN = False
    with pytest.raises(CommandError, match="DATABASE_URL is not set"):
        call_command("restore", tmp_path / "any", stdout=StringIO())


def test_restore_says_that_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no such file"):
        call_command("restore", tmp_path / "missing")
