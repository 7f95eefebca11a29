"""Secrets in files; addresses of database and cache hold passwords, and are among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion import env

SQLITE = "sqlite:///elsewhere.sqlite3"


def test_the_password_of_the_database_is_kept_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("postgres://doors:a%2Fb@db:5433/facts\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))

    found = env.database("DATABASE_URL", SQLITE)

    assert found["PASSWORD"] == "a/b"
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db", 5433, "facts")


def test_a_database_on_this_machine_needs_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over PostgreSQL's own socket, which knows who asks (peer authentication)."""
    monkeypatch.delenv("DATABASE_URL_FILE", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgres:///two-doors")

    found = env.database("DATABASE_URL", SQLITE)

    assert (found["NAME"], found["HOST"], found["PASSWORD"]) == ("two-doors", "", "")


def test_the_password_of_the_cache_is_kept_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("redis://:secret@cache:6379/0\n", encoding="utf-8")
    monkeypatch.setenv("CACHE_URL_FILE", str(tmp_path / "url"))

    assert env.cache("CACHE_URL")["LOCATION"] == "redis://:secret@cache:6379/0"


def test_a_secret_is_a_credential_that_systemd_hands_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SECRET_KEY").write_text("of the unit\n", encoding="utf-8")
    for name in ("SECRET_KEY", "SECRET_KEY_FILE", "METRICS_TOKEN", "METRICS_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert env.secret("SECRET_KEY") == "of the unit"
    assert env.secret("METRICS_TOKEN") == ""


def test_what_is_said_for_this_process_wins_over_the_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SECRET_KEY").write_text("of the unit", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "of the environment")

    assert env.secret("SECRET_KEY") == "of the environment"
