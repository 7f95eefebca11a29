from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from django.core.cache import caches
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY
from pytest_django import Settings

from skill_endpoint.models import SeenRequest
from skill_endpoint.replay import is_replay

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SKILL, OTHER_SKILL = "amzn1.ask.skill.one", "amzn1.ask.skill.two"
REQUEST = "amzn1.echo-api.request.1"


def failures() -> float:
    return REGISTRY.get_sample_value("alexa_replay_store_failures_total") or 0


@pytest.fixture
def in_table(settings: Settings) -> None:
    """Claims live in the database, whatever cache the tests run with."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.mark.django_db
def test_a_request_counts_once() -> None:
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert is_replay(SKILL, REQUEST, now=NOW)
    assert is_replay(SKILL, REQUEST, now=NOW)


@pytest.mark.django_db
def test_requests_of_other_ids_and_skills_have_nothing_to_do_with_it() -> None:
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert not is_replay(SKILL, REQUEST + "2", now=NOW)
    assert not is_replay(OTHER_SKILL, REQUEST, now=NOW)


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db
def test_the_table_holds_no_id_and_can_be_pruned_by_time() -> None:
    is_replay(SKILL, REQUEST, now=NOW)
    seen = SeenRequest.objects.get()
    assert seen.seen_at == NOW
    assert len(seen.digest) == 64
    assert REQUEST not in seen.digest


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db
def test_a_claim_is_one_statement() -> None:
    for _ in ("claimed", "refused"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            is_replay(SKILL, REQUEST, now=NOW)
        statements = [query["sql"].split()[0] for query in queries]
        assert [
            word for word in statements if word not in {"SAVEPOINT", "RELEASE", "ROLLBACK"}
        ] == ["INSERT"]


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db
def test_a_replay_does_not_break_the_transaction_around_it() -> None:
    with transaction.atomic():
        is_replay(SKILL, REQUEST, now=NOW)
        assert is_replay(SKILL, REQUEST, now=NOW)
        assert SeenRequest.objects.count() == 1


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db(transaction=True)
def test_of_eight_copies_at_the_same_moment_one_counts() -> None:
    start, overlap = threading.Barrier(8), threading.Barrier(8)
    answers: list[bool] = []

    def look(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        """Who looks before writing finds what the others found: nothing."""
        result = execute(sql, *args)
        if sql.startswith("SELECT"):
            overlap.wait(5)
        return result

    def claim() -> None:
        try:
            with connection.execute_wrapper(look):
                start.wait(5)
                answers.append(is_replay(SKILL, REQUEST, now=NOW))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] + [True] * 7
    assert SeenRequest.objects.count() == 1


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db
def test_a_database_that_does_not_answer_lets_requests_through_and_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*args: Any) -> None:
        raise OperationalError("server closed the connection")

    before = failures()
    with connection.execute_wrapper(broken):
        assert not is_replay(SKILL, REQUEST, now=NOW)
    assert failures() == before + 1
    assert "alexa_replay_store_failed" in caplog.text
    assert REQUEST not in caplog.text


class Redis(socketserver.StreamRequestHandler):
    """As much of Redis as a claim needs: SET key value EX seconds NX."""

    keys: ClassVar[dict[bytes, list[bytes]]] = {}

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self._word() for _ in range(int(line[1:]))]
            if words[0] == b"SET":
                known = words[1] in self.keys
                if not known or b"NX" not in words:
                    self.keys[words[1]] = words[2:]
                self.wfile.write(b"$-1\r\n" if known else b"+OK\r\n")
            else:
                self.wfile.write(b"-ERR unknown command\r\n")

    def _word(self) -> bytes:
        return self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2]


@pytest.fixture
def redis_server() -> Iterator[str]:
    Redis.keys.clear()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Redis)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}?protocol=2"
    server.shutdown()
    thread.join()
    server.server_close()


def use_redis(settings: Settings, location: str) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": location,
        }
    }


def test_with_a_shared_cache_claims_live_there_for_300_seconds_and_need_no_database(
    settings: Settings, redis_server: str
) -> None:
    use_redis(settings, redis_server)
    assert not is_replay(SKILL, REQUEST, now=NOW)
    caches.close_all()  # as another process would see it
    assert is_replay(SKILL, REQUEST, now=NOW)
    assert not is_replay(OTHER_SKILL, REQUEST, now=NOW)
    assert [set(words[1:]) for words in Redis.keys.values()] == [{b"EX", b"300", b"NX"}] * 2
    assert not any(REQUEST.encode() in key for key in Redis.keys)


def test_a_shared_cache_that_is_down_lets_requests_through_and_is_counted(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    use_redis(settings, "redis://127.0.0.1:1")
    before = failures()
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert failures() == before + 2
    assert "alexa_replay_store_failed" in caplog.text
