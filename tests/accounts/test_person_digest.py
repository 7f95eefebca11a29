"""What a log calls a person: always the same, and no way back."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Door, User
from accounts.person_digest import person_digest
from companion.local.environment import BASE_DIR, bare

SUB = "11111111-2222-4333-8444-555555555555"


def test_it_is_twelve_hex_digits_and_always_the_same() -> None:
    assert re.fullmatch("[0-9a-f]{12}", person_digest(SUB))
    assert person_digest(SUB) == person_digest(SUB) != person_digest(SUB[:-1] + "6")


def test_who_has_only_the_log_cannot_compute_it(settings: Settings) -> None:
    """It depends on SECRET_KEY, and is no plain digest of the `sub`."""
    before = person_digest(SUB)
    for name in ("sha256", "sha1", "md5", "blake2b"):
        assert not hashlib.new(name, SUB.encode()).hexdigest().startswith(before)
    settings.SECRET_KEY = "another" * 10
    assert person_digest(SUB) != before


@pytest.mark.django_db
def test_the_operator_can() -> None:
    User.objects.for_sub(SUB, door=Door.WEB)
    assert asked(SUB) == (person_digest(SUB) + "\n", "")


@pytest.mark.django_db
def test_of_somebody_who_is_not_here_it_says_so() -> None:
    """Who was deleted has lines in the log."""
    printed, said = asked(SUB)
    assert printed == person_digest(SUB) + "\n"
    assert "Nobody here has this sub" in said


@pytest.mark.django_db
def test_a_sub_of_another_shape_counts_where_somebody_has_it() -> None:
    User.objects.for_sub("sub-robin", door=Door.WEB)
    assert asked("sub-robin") == (person_digest("sub-robin") + "\n", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sub", ["abc", "robin@example.com", "+12065550100", SUB.replace("4", "A"), "x" * 65, "a b", ""]
)
def test_what_is_no_sub_is_refused(sub: str) -> None:
    """Its digest would be in no log: it would look as if the person had never spoken."""
    with pytest.raises(CommandError, match="no sub") as refused:
        call_command("person_digest", sub)
    assert refused.value.returncode == 1
    assert SUB in str(refused.value)
    assert "e-mail" in str(refused.value)


def test_while_the_database_is_away_it_is_printed_all_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "person_digest", SUB],
        cwd=BASE_DIR,
        env=bare(tmp_path)
        | {
            "DOORS_NO_DOTENV": "1",
            "SECRET_KEY": "s" * 50,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'no' / 'folder' / 'x.sqlite3'}",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch("[0-9a-f]{12}\n", done.stdout)
    assert "The database does not answer" in done.stderr


def asked(sub: str) -> tuple[str, str]:
    """(what is printed, what is said beside it)"""
    printed, said = StringIO(), StringIO()
    call_command("person_digest", sub, stdout=printed, stderr=said)
    return printed.getvalue(), said.getvalue()


def test_a_made_up_key_tells_nobody_a_wrong_digest(settings: Settings) -> None:
    settings.SECRET_KEY_IS_GIVEN = False
    with pytest.raises(CommandError, match="SECRET_KEY is not set"):
        call_command("person_digest", SUB)
