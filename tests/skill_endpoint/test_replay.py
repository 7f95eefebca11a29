from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts.shared_redis import _client as shared_redis
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
        with CaptureQueriesContext(connection) as queries:
            is_replay(SKILL, REQUEST, now=NOW)
        assert [query["sql"].split()[0] for query in queries] == ["INSERT"]


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db
def test_a_replay_does_not_break_the_transaction_around_it() -> None:
    with transaction.atomic():
        is_replay(SKILL, REQUEST, now=NOW)
        assert is_replay(SKILL, REQUEST, now=NOW)
        assert SeenRequest.objects.count() == 1


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db
def test_a_claim_goes_with_the_transaction_around_it() -> None:
    with transaction.atomic():
        assert not is_replay(SKILL, REQUEST, now=NOW)
        transaction.set_rollback(True)
    assert not SeenRequest.objects.exists()
    assert not is_replay(SKILL, REQUEST, now=NOW)


@pytest.mark.django_db
def test_what_can_be_claimed_is_what_create_would_keep() -> None:
    """The statement is written by hand: the model reads what it wrote."""
    at = NOW.astimezone(timezone(timedelta(hours=9))) + timedelta(microseconds=1)
    assert SeenRequest.objects.claim("'; --%s", at)
    assert not SeenRequest.objects.claim("'; --%s", NOW)
    made = SeenRequest.objects.create(digest="by create", seen_at=at)
    assert not SeenRequest.objects.claim("by create", NOW)
    made.refresh_from_db()
    assert {each.seen_at for each in SeenRequest.objects.all()} == {made.seen_at} == {at}
    assert not SeenRequest.objects.expired(at + SeenRequest.KEPT).exists()
    late = at + SeenRequest.KEPT + timedelta(microseconds=1)
    assert SeenRequest.objects.expired(late).count() == 2


def race(claim: Callable[[], bool]) -> list[bool]:
    """What sixteen threads get at the same moment, sorted."""
    start, overlap = threading.Barrier(16), threading.Barrier(16)
    answers: list[bool] = []

    def look(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        """Who looks before writing finds what the others found: nothing."""
        result = execute(sql, *args)
        if sql.startswith("SELECT"):
            overlap.wait(5)
        return result

    def run() -> None:
        try:
            with connection.execute_wrapper(look):
                start.wait(30)
                answers.append(claim())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


ONE_COUNTS = [False] + [True] * 15


def within_a_transaction() -> bool:
    with transaction.atomic():
        return is_replay(SKILL, REQUEST, now=NOW)


@pytest.mark.usefixtures("in_table")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "claim", [lambda: is_replay(SKILL, REQUEST, now=NOW), within_a_transaction]
)
def test_of_sixteen_copies_at_the_same_moment_one_counts(claim: Callable[[], bool]) -> None:
    before = failures()
    assert race(claim) == ONE_COUNTS
    assert SeenRequest.objects.count() == 1
    assert failures() == before


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


def test_with_a_shared_cache_claims_live_there_for_300_seconds_and_need_no_database(
    on_redis: str,
) -> None:
    assert not is_replay(SKILL, REQUEST, now=NOW)
    shared_redis.cache_clear()  # as another process would see it
    assert is_replay(SKILL, REQUEST, now=NOW)
    assert not is_replay(OTHER_SKILL, REQUEST, now=NOW)
    with redis.Redis.from_url(on_redis) as client:
        keys = client.keys()
        assert [290 < client.ttl(key) <= 300 for key in keys] == [True] * 2
    assert not any(REQUEST.encode() in key for key in keys)


def test_a_replay_does_not_make_the_claim_last_longer(on_redis: str) -> None:
    is_replay(SKILL, REQUEST, now=NOW)
    with redis.Redis.from_url(on_redis) as client:
        [key] = client.keys()
        client.expire(key, 100)
        assert is_replay(SKILL, REQUEST, now=NOW)
        assert client.ttl(key) <= 100


@pytest.mark.usefixtures("on_redis")
def test_of_sixteen_copies_at_the_same_moment_one_counts_in_a_shared_cache() -> None:
    for number in range(20):
        assert race(lambda number=number: is_replay(SKILL, f"r{number}", now=NOW)) == ONE_COUNTS  # type: ignore[misc]


@pytest.mark.usefixtures("on_nothing")
def test_a_shared_cache_that_is_down_lets_requests_through_and_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = failures()
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert failures() == before + 2
    assert "alexa_replay_store_failed" in caplog.text
    assert REQUEST not in caplog.text


def test_a_shared_cache_that_is_full_lets_requests_through_and_is_counted(on_redis: str) -> None:
    before = failures()
    with redis.Redis.from_url(on_redis) as client:
        kept = client.config_get("maxmemory")
        client.config_set("maxmemory", 1)
        try:
            assert not is_replay(SKILL, REQUEST, now=NOW)
        finally:
            client.config_set("maxmemory", kept["maxmemory"])
    assert failures() == before + 1
    assert not is_replay(SKILL, REQUEST, now=NOW)
    assert is_replay(SKILL, REQUEST, now=NOW)
