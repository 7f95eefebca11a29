"""The direct way to the shared cache, on a real Redis that goes away and comes back."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import structlog
from django.core.cache import cache
from pytest_django import Settings

from accounts import last_few, resting_pool
from accounts.rate_limit import is_over
from accounts.shared_redis import shared_redis
from companion.local import environment
from tests.real_services import need, use_redis


def limited(who: str = "one") -> bool:
    return is_over("page", who, rate=3, per=3600)


def test_there_is_none_where_each_process_has_its_own_cache(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert shared_redis() is None


def test_it_is_the_one_of_djangos_cache_and_has_its_limits(on_redis: str) -> None:
    client = shared_redis()
    assert client is not None
    assert client is shared_redis()
    cache.set("key", 1)
    assert client.get(":1:key") == b"1"
    options = client.connection_pool.connection_kwargs
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (5, 5)


def test_another_configuration_is_another_client(settings: Settings, on_redis: str) -> None:
    first = shared_redis()
    use_redis(settings, f"{on_redis[:-1]}1")
    second = shared_redis()
    assert first is not second
    assert first is not None
    assert second is not None
    first.set("key", 1)
    assert second.get("key") is None


def test_the_rate_limit_counts_there(settings: Settings, on_redis: str) -> None:
    settings.RATE_LIMITS = True
    assert [limited() for _ in range(5)] == [False, False, False, True, True]
    assert not limited("two")
    assert not is_over("another page", "one", rate=3, per=3600)
    with redis.Redis.from_url(on_redis) as client:
        keys = client.keys()
        assert len(keys) == 3
        # a window is over when its number is: no key may stay
        assert all(3500 < client.ttl(key) <= 3601 for key in keys)


def test_counting_does_not_make_a_window_longer(settings: Settings, on_redis: str) -> None:
    settings.RATE_LIMITS = True
    limited()
    with redis.Redis.from_url(on_redis) as client:
        [key] = client.keys()
        client.expire(key, 100)
        limited()
        assert client.ttl(key) <= 100
        assert client.get(key) == b"2"


def test_without_limits_nothing_is_counted(settings: Settings, on_redis: str) -> None:
    settings.RATE_LIMITS = False
    with redis.Redis.from_url(on_redis) as client:
        client.config_resetstat()
        assert not any(limited() for _ in range(5))
        assert client.keys() == []
        assert "cmdstat_incr" not in client.info("commandstats")


def test_threads_count_each_request_once(settings: Settings, on_redis: str) -> None:
    settings.RATE_LIMITS = True
    answers: list[bool] = []
    start = threading.Barrier(16)

    def run() -> None:
        start.wait(30)
        answers.extend(is_over("page", "one", rate=100, per=3600) for _ in range(10))

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers.count(False), answers.count(True)) == (100, 60)


@pytest.mark.parametrize("kind", ["list", "text"])
def test_a_key_that_holds_something_else_limits_nobody(
    settings: Settings, on_redis: str, kind: str
) -> None:
    settings.RATE_LIMITS = True
    limited()
    with redis.Redis.from_url(on_redis) as client:
        [key] = client.keys()
        if kind == "list":
            client.delete(key)
            client.lpush(key, 1)
        else:
            client.set(key, "not a number")
    with structlog.testing.capture_logs() as events:
        assert not limited()
    assert [event["event"] for event in events] == ["rate_limit_cache_failed"]


def test_a_full_one_limits_nobody(settings: Settings, on_redis: str) -> None:
    settings.RATE_LIMITS = True
    with redis.Redis.from_url(on_redis) as client:
        kept = client.config_get("maxmemory")["maxmemory"]
        client.config_set("maxmemory", 1)
        try:
            assert not any(limited() for _ in range(5))
        finally:
            client.config_set("maxmemory", kept)


@contextmanager
def server(port: int, folder: Path) -> Iterator[redis.Redis]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    assert program
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with (
        subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL) as process,
        redis.Redis(port=port) as client,
    ):
        try:
            for _ in range(500):
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    threading.Event().wait(0.02)
            yield client
        finally:
            process.terminate()


def test_one_that_went_away_is_used_again_when_it_is_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("Redis")
    monkeypatch.setattr(resting_pool, "REST", 0.0)
    settings.RATE_LIMITS = True
    port = environment.free_port()
    with server(port, tmp_path) as client:
        use_redis(settings, f"redis://127.0.0.1:{port}/0")
        assert [limited() for _ in range(4)] == [False, False, False, True]
        last_few.push("key", [1], length=3, seconds=60)
        client.client_kill_filter(_type="normal", skipme=True)  # as a restart of a proxy does
        assert limited()
        assert last_few.of("key") == [[1]]
    with structlog.testing.capture_logs() as events:
        assert not limited()
        last_few.push("key", [2], length=3, seconds=60)
        assert last_few.of("key") == []
    assert len(events) == 3
    with server(port, tmp_path):
        assert [limited() for _ in range(4)] == [False, False, False, True]
        last_few.push("key", [3], length=3, seconds=60)
        assert last_few.of("key") == [[3]]
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
