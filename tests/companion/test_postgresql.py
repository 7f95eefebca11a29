"""Plans that PostgreSQL keeps, and a migration beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import FeatureNotSupported

from companion.local import environment
from companion.postgresql.replanning import ReplanningCursor

ASK = "SELECT id, name FROM of_a_migration WHERE id = %s"
CHANGE = "ALTER TABLE of_a_migration ALTER COLUMN name TYPE varchar(20)"


@pytest.fixture
def migrating(postgresql_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("DROP TABLE IF EXISTS of_a_migration")
        other.execute("CREATE TABLE of_a_migration (id integer, name varchar(10))")
        other.execute("INSERT INTO of_a_migration VALUES (1, 'one')")
        yield other


@pytest.fixture
def working(
    postgresql_url: str, migrating: psycopg.Connection[Any]
) -> Iterator[psycopg.Connection[Any]]:
    """A connection as a worker has it, with a plan of ASK."""
    with psycopg.connect(
        postgresql_url, autocommit=True, prepare_threshold=2, cursor_factory=ReplanningCursor
    ) as connection:
        for _ in range(4):
            assert rows(connection) == [(1, "one")]
        kept = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        assert kept == (1,)
        yield connection


def rows(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute(ASK, [1]).fetchall()


def test_a_changed_column_costs_nobody_an_answer(
    migrating: psycopg.Connection[Any], working: psycopg.Connection[Any]
) -> None:
    migrating.execute(CHANGE)
    assert [rows(working) for _ in range(4)] == [[(1, "one")]] * 4


def test_a_transaction_fails_once_and_nothing_in_it_is_done_twice(
    migrating: psycopg.Connection[Any], working: psycopg.Connection[Any]
) -> None:
    migrating.execute(CHANGE)

    @working.transaction()
    def writing_and_asking() -> None:
        working.execute("INSERT INTO of_a_migration VALUES (2, 'two')")
        rows(working)

    with pytest.raises(FeatureNotSupported):
        writing_and_asking()
    assert rows(working) == [(1, "one")]
    assert migrating.execute("SELECT count(*) FROM of_a_migration").fetchone() == (1,)


def test_what_postgresql_cannot_do_is_an_error_still(working: psycopg.Connection[Any]) -> None:
    with pytest.raises(FeatureNotSupported):
        working.execute("SELECT count(DISTINCT id) OVER () FROM of_a_migration")


def test_the_settings_have_it_and_keep_what_the_address_asks_for(tmp_path: Path) -> None:
    told = """if True:
        import json
        from django.conf import settings
        options = settings.DATABASES["default"]["OPTIONS"]
        print(json.dumps([options["sslmode"], options["cursor_factory"].__name__]))
    """
    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=environment.BASE_DIR,
        env={
            **environment.bare(tmp_path),
            "DJANGO_SETTINGS_MODULE": "companion.settings",
            "DATABASE_URL": "postgres://who:secret@db.example/one?sslmode=verify-full",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == ["verify-full", "ReplanningCursor"]
