"""What load balancers and Prometheus are told: the truth, soon, whatever is broken."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import DjangoDbBlocker, Settings

from accounts.cognito import endpoints, keys
from companion import draining, env, metrics, readiness
from companion.readiness import Look, Part, State, Watch
from tests.cognito import TokenMint
from tests.real_services import use_redis


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    readiness.forget()
    yield
    readiness.forget()
    draining.forget()


def test_the_process_is_up(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_probes_may_call_by_address() -> None:
    assert Client(headers={"host": "127.0.0.1:8000"}).get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_is_ready(client: Client, mint: TokenMint) -> None:
    response = client.get("/readyz")
    assert (response.status_code, set(response.json().values())) == (200, {"ok"})
    assert set(response.json()) == {"database", "migrations", "cache", "keys"}


@pytest.mark.django_db
def test_it_is_not_ready_while_it_never_had_keys(client: Client) -> None:
    """Nothing listens where the tests' settings say that the keys are."""
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["keys"] == "failed: none yet, and Cognito does not give any"


@pytest.mark.django_db
def test_it_is_ready_with_known_keys_while_cognito_is_away(
    client: Client, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = keys.key_set(endpoints.jwks_url())
    with pytest.raises(keys.UnknownKey):
        known.key("")
    known._fetched -= 3 * keys.FRESH  # three hours go by

    def away(url: str) -> dict[str, Any]:
        raise ValueError("away")

    monkeypatch.setattr(keys, "fetch", away)
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["keys"].startswith("degraded: 3 h old")


@pytest.mark.django_db
def test_probes_do_not_fetch_keys_that_are_known(
    client: Client, mint: TokenMint, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(url: str) -> dict[str, object]:
        fetched.append(url)
        return {"key-1": object()}

    monkeypatch.setattr(keys, "fetch", fetch)
    known = keys.key_set(endpoints.jwks_url())
    for _ in range(5):
        assert readiness.pool_keys() == Part()
        known._tried -= 2 * keys.COOLDOWN  # minutes go by
    assert len(fetched) == 1


@pytest.mark.django_db
def test_it_is_ready_without_the_shared_cache_and_says_what_is_worse(
    client: Client, mint: TokenMint, on_nothing: None
) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["cache"].startswith("degraded: ")
    assert "replays" in response.json()["cache"]


@pytest.mark.django_db
def test_a_cache_that_hangs_is_as_one_that_is_gone(
    client: Client, mint: TokenMint, settings: Settings, silent_port: int
) -> None:
    use_redis(settings, f"redis://127.0.0.1:{silent_port}/0")
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["cache"].startswith("degraded: no answer in 2 s")
    assert response.json()["database"] == "ok"


@pytest.mark.django_db(transaction=True)
def test_newer_code_on_a_database_that_was_not_migrated_is_not_ready(
    client: Client, mint: TokenMint
) -> None:
    rows = MigrationRecorder.Migration.objects.filter(app="companion")
    kept = list(rows)
    rows.order_by("-pk")[:1].get().delete()
    try:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["migrations"].startswith("failed: 1 to apply, companion.0")
    finally:
        rows.delete()
        MigrationRecorder.Migration.objects.bulk_create(kept)


@pytest.mark.django_db(transaction=True)
def test_older_code_on_a_database_that_newer_code_migrated_is_ready(
    client: Client, mint: TokenMint
) -> None:
    newer = MigrationRecorder.Migration.objects.create(app="companion", name="9999_of_tomorrow")
    try:
        assert client.get("/readyz").status_code == 200
    finally:
        newer.delete()


@pytest.mark.django_db
def test_applied_migrations_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    look = readiness.Migrations()
    assert look() == Part()
    monkeypatch.setattr(readiness, "_connection", None)
    assert look() == Part()


@pytest.mark.django_db
def test_a_server_that_drains_is_not_ready_and_goes_on(client: Client, mint: TokenMint) -> None:
    assert client.get("/readyz").status_code == 200
    draining.begin()
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"server": "failed: it is stopping"})
    assert client.get("/healthz").status_code == 200


def watching(**looks: Any) -> Watch:
    looks.setdefault("cache", Part)
    return Watch([Look(name, see) for name, see in looks.items()])


def test_who_asks_often_costs_one_look_a_second() -> None:
    looked: list[int] = []

    def look() -> Part:
        looked.append(1)
        return Part()

    watch = watching(database=look)
    for _ in range(50):
        assert watch.now().is_ready
    assert len(looked) == 1


def test_many_at_once_share_one_look() -> None:
    looked: list[int] = []

    def slowly() -> Part:
        looked.append(1)
        time.sleep(0.2)
        return Part()

    watch = watching(database=slowly)
    threads = [threading.Thread(target=watch.now) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) == 1


def test_what_hangs_hides_nothing_else_and_is_not_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.3)
    monkeypatch.setattr(readiness, "REMEMBERED", 0.0)
    end, begun = threading.Event(), []

    def hangs() -> Part:
        begun.append(1)
        end.wait(30)
        return Part()

    watch = watching(database=hangs, keys=lambda: Part(State.DEGRADED, "old"))
    try:
        for _ in range(3):
            found = watch.now()
            assert not found.is_ready
            assert found.parts["database"] == Part(State.FAILED, "no answer in 0.3 s")
            assert found.parts["keys"] == Part(State.DEGRADED, "old")
        assert len(begun) == 1
    finally:
        end.set()


def test_what_raises_is_not_ready_and_says_no_more_than_its_kind() -> None:
    def broken() -> Part:
        raise ValueError("postgres://doors:secret@db")

    found = watching(database=broken).now()
    assert found.parts["database"] == Part(State.FAILED, "ValueError")


# --- a real PostgreSQL -------------------------------------------------------------------------


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Somebody listens there, and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield int(listener.getsockname()[1])


@pytest.fixture
def on_postgresql(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """`readiness` looks at this database, through a pool of two; its settings, to be changed."""
    from django.db.backends.postgresql.base import DatabaseWrapper

    monkeypatch.setenv("READINESS_URL", postgresql_url)
    settings_dict: dict[str, Any] = {
        **connections["default"].settings_dict,
        **env.database("READINESS_URL", ""),
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 2, "timeout": 4}},
        "CONN_MAX_AGE": 0,
    }
    alias = "readiness"
    connections.settings[alias] = settings_dict
    monkeypatch.setattr(readiness, "DEFAULT_DB_ALIAS", alias)
    with django_db_blocker.unblock():  # it has no tables, and no transaction of a test's
        yield settings_dict
        own = connections[alias]
        assert isinstance(own, DatabaseWrapper)
        own.close()
        own.close_pool()
    del connections[alias], connections.settings[alias]


def test_a_database_that_answers_is_fine(on_postgresql: dict[str, Any]) -> None:
    assert readiness.database() == Part()


def test_a_pool_that_is_exhausted_makes_nobody_wait(on_postgresql: dict[str, Any]) -> None:
    pool: Any = connections["readiness"].pool  # type: ignore[attr-defined]  # of PostgreSQL
    pool.open()
    with pool.connection(), pool.connection():
        waits = threading.Thread(target=lambda: pool.putconn(pool.getconn(timeout=3)))
        waits.start()
        while not pool.get_stats().get("requests_waiting"):
            time.sleep(0.01)
        found = readiness.database()
    waits.join()
    assert found.state is State.DEGRADED
    assert "in use" in found.why


def test_where_no_new_connection_can_be_had_those_of_the_pool_do(
    on_postgresql: dict[str, Any],
) -> None:
    pool: Any = connections["readiness"].pool  # type: ignore[attr-defined]  # as above
    pool.open()
    pool.wait(5)
    on_postgresql["PORT"] = 1
    found = readiness.database()
    assert (found.state, found.why) == (State.DEGRADED, "no new connection (OperationalError)")


def test_a_database_that_is_gone_is_not_ready(on_postgresql: dict[str, Any]) -> None:
    on_postgresql["PORT"] = 1
    found = Watch([Look("database", readiness.database), Look("cache", Part)]).now()
    assert not found.is_ready


def test_a_database_that_hangs_is_not_ready_in_time(
    on_postgresql: dict[str, Any], silent_port: int
) -> None:
    on_postgresql["PORT"] = silent_port
    watch = Watch([Look("database", readiness.database), Look("cache", Part)])
    found = watch.now()
    assert found.parts["database"] == Part(State.FAILED, "no answer in 2 s")
    # the thread ends by itself: its connection has a timeout
    while any(thread.name == "readiness" for thread in threading.enumerate()):
        time.sleep(0.05)


def test_a_statement_that_hangs_is_ended_by_the_database(on_postgresql: dict[str, Any]) -> None:
    own = readiness._connection()
    try:
        with pytest.raises(Exception, match="statement timeout"), own.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
    finally:
        own.close()


def test_without_a_thread_it_is_not_ready_and_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watch = Watch([Look("database", Part), Look("cache", Part)])
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        assert not watch.now().is_ready
    monkeypatch.setattr(readiness, "REMEMBERED", 0.0)
    assert watch.now().is_ready


def test_a_process_that_serves_looks_as_impatiently_and_where_it_serves_from(
    on_postgresql: dict[str, Any],
) -> None:
    options = on_postgresql["OPTIONS"]
    on_postgresql["ENGINE"] = "companion.postgresql"
    on_postgresql["OPTIONS"] = {**options, "serving": True, "options": "-c search_path=theirs"}
    own = readiness._connection()
    try:
        with own.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), current_setting('search_path')"
            )
            assert cursor.fetchone() == ("1s", "theirs")
    finally:
        own.close()


# --- counters ----------------------------------------------------------------------------------


def test_metrics_do_not_exist_without_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic right", "Bearer ß"])
def test_metrics_want_the_token(client: Client, settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = "right"
    assert client.get("/metrics", headers={"authorization": given}).status_code == 401


@pytest.mark.django_db
def test_metrics_are_prometheus_text(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "right"
    answer = client.get("/metrics", headers={"authorization": "Bearer right"})
    assert b"tokens_rejected_total" in answer.content
    assert b"build_info{" in answer.content


def sampled(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0


def test_the_pool_is_told_as_it_is_and_what_it_counts_only_grows(
    on_postgresql: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "DEFAULT_DB_ALIAS", "readiness")
    monkeypatch.setattr(metrics, "_sampled", metrics._Sampled())
    own: Any = connections["readiness"]
    own.pool.open()
    own.pool.wait(5)
    asked = sampled("database_pool_requests_total")
    with own.pool.connection(), own.pool.connection():
        metrics.sample()
        assert sampled("database_pool_size") == sampled("database_pool_max_size") == 2
        assert sampled("database_pool_available") == 0
    assert sampled("database_pool_requests_total") == asked + 2
    metrics.sample()
    metrics.sample()
    assert sampled("database_pool_available") == 2
    assert sampled("database_pool_requests_total") == asked + 2
    own.close_pool()  # a new one counts from nothing
    with connections["readiness"].cursor() as cursor:
        cursor.execute("SELECT 1")
    connections["readiness"].close()
    metrics.sample()
    assert sampled("database_pool_requests_total") == asked + 3


def test_a_worker_says_what_it_takes() -> None:
    metrics.sample()
    assert sampled("workers") == 1
    assert 20e6 < sampled("workers_resident_memory_bytes") < 4e9
    before = sampled("workers_cpu_seconds_total")
    sum(range(3_000_000))
    metrics.sample()
    assert sampled("workers_cpu_seconds_total") > before


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/", "site"),
        ("/alexa/", "voice"),
        ("/alexa-link/", "site"),
        ("/admin/accounts/user/", "admin"),
        ("/accounts/login/", "sign_in"),
        ("/oauth/token", "oauth"),
        ("/traces/ABCDE/", "operators"),
        ("/static/x.css", "static"),
        ("/readyz", "probes"),
        ("/robin@example.com/", "site"),
        ("", "site"),
        ("//alexa/", "site"),
    ],
)
def test_a_request_counts_for_an_area_of_ours(path: str, area: str) -> None:
    assert metrics.area_of(path) == area
