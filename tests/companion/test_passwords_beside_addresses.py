"""A password that something else made up stands beside the address, unquoted."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import redis

from companion import env

SQLITE = "sqlite:///elsewhere.sqlite3"
NAMES = ("DATABASE_URL", "DATABASE_PASSWORD", "CACHE_URL", "CACHE_PASSWORD")


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_the_database_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://doors@db:5432/facts?sslmode=verify-full")
    monkeypatch.setenv("DATABASE_PASSWORD", "a/b%40@:#?")

    found = env.database("DATABASE_URL", SQLITE)

    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("doors", "a/b%40@:#?", "db")
    assert found["OPTIONS"] == {"sslmode": "verify-full"}


def test_the_cache_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As redis-py does, which both Django and we hand the options to."""
    monkeypatch.setenv("CACHE_URL", "rediss://cache:6379/0")
    monkeypatch.setenv("CACHE_PASSWORD", "a/b%40@:#?")

    found = env.cache("CACHE_URL")
    pool = redis.ConnectionPool.from_url(str(found["LOCATION"]), **_options(found))

    assert pool.connection_kwargs["password"] == "a/b%40@:#?"
    assert pool.connection_class is redis.SSLConnection


def test_it_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", "postgres://doors@db/facts")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))

    assert env.database("DATABASE_URL", SQLITE)["PASSWORD"] == "secret"


def test_the_one_in_the_address_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://doors:address@db/facts")
    monkeypatch.setenv("DATABASE_PASSWORD", "beside")
    monkeypatch.setenv("CACHE_URL", "redis://:address@cache:6379/0")
    monkeypatch.setenv("CACHE_PASSWORD", "beside")

    cache = env.cache("CACHE_URL")
    pool = redis.ConnectionPool.from_url(str(cache["LOCATION"]), **_options(cache))

    assert env.database("DATABASE_URL", SQLITE)["PASSWORD"] == "address"
    assert pool.connection_kwargs["password"] == "address"


def test_a_file_that_is_a_database_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.database("DATABASE_URL", SQLITE)["PASSWORD"] == ""


def test_both_servers_let_it_in(
    postgresql_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, url in (("DATABASE", postgresql_url), ("CACHE", redis_url)):
        front, _, place = url.rpartition("@")
        scheme, user, password = front.split(":", 2)
        monkeypatch.setenv(f"{name}_URL", f"{scheme}:{user}@{place}")
        monkeypatch.setenv(f"{name}_PASSWORD", password)
    database, cache = env.database("DATABASE_URL", SQLITE), env.cache("CACHE_URL")

    with psycopg.connect(
        host=str(database["HOST"]),
        port=int(str(database["PORT"])),
        dbname=str(database["NAME"]),
        user=str(database["USER"]),
        password=str(database["PASSWORD"]),
    ) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with redis.Redis.from_url(str(cache["LOCATION"]), **_options(cache)) as client:
        assert client.ping()


def _options(cache: dict[str, object]) -> dict[str, object]:
    options = cache["OPTIONS"]
    assert isinstance(options, dict)
    return {name: value for name, value in options.items() if name != "pool_class"}
