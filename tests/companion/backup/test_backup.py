"""A backup is whole, of one moment, and comes back whole or not at all; the default database of the
run is what is saved: SQLite here, PostgreSQL where the suite has it."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Door, User
from companion.backup.archive import description_of

pytestmark = pytest.mark.django_db(transaction=True)


def person(sub: str) -> User:
    return User.objects.for_sub(sub, door=Door.WEB)


def backed_up(folder: Path, **options: object) -> Path:
    said = str(call_command("backup", folder, **options))
    return Path(said.partition(": ")[0])


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def subs() -> set[str]:
    return set(User.objects.values_list("sub", flat=True))


def test_what_was_there_comes_back(tmp_path: Path) -> None:
    person("sub-kept")
    file = backed_up(tmp_path)
    User.objects.all().delete()
    said = str(call_command("restore", file))
    assert subs() == {"sub-kept"}
    assert "erase_departed" in said


def test_it_takes_the_place_of_people_only_when_told_to(tmp_path: Path) -> None:
    person("sub-before")
    file = backed_up(tmp_path)
    person("sub-since")
    with pytest.raises(CommandError, match="2 people are in this database"):
        call_command("restore", file)
    assert subs() == {"sub-before", "sub-since"}
    call_command("restore", file, replace=True)
    assert subs() == {"sub-before"}


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    file = backed_up(folder)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, description_of(file), folder)]
    assert modes == [0o600, 0o600, 0o700]


@pytest.mark.parametrize(("mode", "is_warned"), [(0o700, False), (0o755, True), (0o730, True)])
def test_a_folder_that_others_may_look_into_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: int, is_warned: bool
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    folder.chmod(mode)
    call_command("backup", folder)
    assert ("chmod 700" in capsys.readouterr().err) is is_warned
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())


def test_whoever_finds_it_signs_in_as_nobody(tmp_path: Path) -> None:
    user = person("sub-signed-in")
    Session.objects.create(session_key="findme" * 5, session_data="x", expire_date=timezone.now())
    UserSession.objects.create(user=user, session_key="findme" * 5, ip="127.0.0.1")
    file = backed_up(tmp_path)
    assert b"findme" not in file.read_bytes()
    call_command("restore", file, replace=True)
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-100]), "is not the file"),
        (lambda file: description_of(file).unlink(), "No such file"),
        (lambda file: description_of(file).write_text("{}"), "does not describe"),
        (lambda file: described(file, engine="oracle"), "is a backup of oracle"),
        (lambda file: described(file, migrations=["accounts.9999_newer"]), "does not know"),
    ],
    ids=["cut", "alone", "undescribed", "of another database", "of a newer version"],
)
def test_nothing_is_touched_for_a_wrong_file(
    tmp_path: Path, harm: Callable[[Path], object], says: str
) -> None:
    file = backed_up(tmp_path)
    person("sub-there")
    harm(file)
    with pytest.raises(CommandError, match=says):
        call_command("restore", file, replace=True)
    assert subs() == {"sub-there"}


def described(file: Path, **changes: object) -> None:
    description = json.loads(description_of(file).read_text())
    description_of(file).write_text(json.dumps(description | changes))


def test_a_damaged_one_leaves_all_as_it_was(tmp_path: Path) -> None:
    """Its description agrees with it: it was damaged before."""
    file = backed_up(tmp_path)
    person("sub-there")
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = b"\xff" * 4000
    file.write_bytes(content)
    described(file, sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(CommandError):
        call_command("restore", file, replace=True)
    assert subs() == {"sub-there"}


def test_what_came_with_a_newer_version_makes_room(tmp_path: Path) -> None:
    """An update went wrong: what is there has a table that refers to one of the backup's."""
    person("sub-before")
    file = backed_up(tmp_path)
    run("CREATE TABLE newer (person bigint REFERENCES accounts_user (id))")
    try:
        call_command("restore", file, replace=True)
        assert "newer" not in connection.introspection.table_names()
    finally:
        run("DROP TABLE IF EXISTS newer")
    assert subs() == {"sub-before"}


def test_only_the_latest_are_kept(tmp_path: Path) -> None:
    files = [backed_up(tmp_path) for _ in range(3)]
    (tmp_path / "two-doors-notes.txt").write_text("mine")
    last = backed_up(tmp_path, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["two-doors-notes.txt"]
        + [path.name for file in (files[2], last) for path in (file, description_of(file))]
    )


def test_a_backup_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's needs no program")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CommandError, match="postgresql-client"):
        call_command("backup", tmp_path)
    assert list(tmp_path.iterdir()) == []
