"""A Redis that hangs, or is away, costs a process one wait and not one a question."""

from __future__ import annotations

import threading
import time

import pytest
import redis

from accounts import resting_pool
from accounts.resting_pool import RestingPool
from companion.local import environment
from faults.background import background
from faults.proxy import Mode, proxy

WAIT = 0.2  # seconds


def client_of(url: str) -> redis.Redis:
    pool = RestingPool.from_url(url, socket_timeout=WAIT, socket_connect_timeout=WAIT)
    return redis.Redis.from_pool(pool)


def error_of(client: redis.Redis) -> str:
    with pytest.raises(redis.RedisError) as caught:
        client.get("key")
    return str(caught.value)


def test_one_that_hangs_is_asked_once_and_found_again(
    on_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting_pool, "REST", 60.0)
    port = int(on_redis.rpartition(":")[2].partition("/")[0])
    with (
        background() as here,
        proxy(here, port) as between,
        client_of(between.url(on_redis)) as client,
    ):
        client.set("key", 1)
        between.be(Mode.SILENT)
        assert "Timeout" in error_of(client)
        assert [error_of(client) for _ in range(3)] == ["Redis did not answer a moment ago"] * 3
        between.be(Mode.PASS)
        assert "a moment ago" in error_of(client)
        monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 61)
        assert client.get("key") == b"1"
        assert client.get("key") == b"1"


def test_one_that_nobody_listens_for_rests_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting_pool, "REST", 60.0)
    with client_of(f"redis://127.0.0.1:{environment.free_port()}/0") as client:
        assert "refused" in error_of(client)
        assert "a moment ago" in error_of(client)


def test_while_it_is_away_one_tries_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting_pool, "REST", 60.0)
    with client_of(f"redis://127.0.0.1:{environment.free_port()}/0") as client:
        error_of(client)
        now = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: now() + 61)
        found = [error_of(client) for _ in range(3)]
        assert ["a moment ago" in said for said in found] == [False, True, True]


def test_while_one_tries_nobody_waits_with_it(
    on_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting_pool, "REST", 60.0)
    port = int(on_redis.rpartition(":")[2].partition("/")[0])
    with background() as here, proxy(here, port) as between:
        pool = RestingPool.from_url(between.url(on_redis), socket_timeout=20)
        with redis.Redis.from_pool(pool) as client:
            client.set("key", 1)
            between.be(Mode.SILENT)
            pool._went()  # as a time-out leaves it, without its 20 seconds
            monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 61)
            trying = threading.Thread(target=lambda: error_of(client))
            trying.start()
            while pool._in_use_connections == set():
                time.sleep(0.001)
            assert "a moment ago" in error_of(client)
            assert trying.is_alive()
            between.be(Mode.GONE)
            trying.join()


def test_what_redis_refuses_is_an_answer(on_redis: str) -> None:
    with client_of(on_redis) as client:
        client.set("key", "text")
        for _ in range(3):
            with pytest.raises(redis.ResponseError):
                client.incr("key")
        assert client.get("key") == b"text"


def test_a_connection_that_the_server_ended_is_no_reason_to_rest(on_redis: str) -> None:
    with client_of(on_redis) as client, redis.Redis.from_url(on_redis) as other:
        client.set("key", 1)
        other.client_kill_filter(_type="normal", skipme=True)
        assert client.get("key") == b"1"
