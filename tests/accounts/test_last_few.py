"""The last few of something, in a cache of this process and in a real Redis."""

from __future__ import annotations

import threading

import pytest
import redis
import structlog
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import last_few

KEY = "last-few:tests"
ITEMS = st.lists(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    max_size=4,
)


@pytest.fixture(params=["of this process", "shared"])
def anywhere(request: pytest.FixtureRequest) -> None:
    if request.param == "shared":
        request.getfixturevalue("on_redis")


def push(*numbers: int, length: int = 3) -> None:
    for number in numbers:
        last_few.push(KEY, [number, "x"], length=length, seconds=60)


@pytest.mark.usefixtures("anywhere")
def test_the_newest_comes_first_and_only_so_many_stay() -> None:
    assert last_few.of(KEY) == []
    push(1, 2)
    assert last_few.of(KEY) == [[2, "x"], [1, "x"]]
    push(3, 4)
    assert last_few.of(KEY) == [[4, "x"], [3, "x"], [2, "x"]]
    push(5, length=1)
    assert last_few.of(KEY) == [[5, "x"]]


@pytest.mark.usefixtures("anywhere")
def test_keys_have_nothing_to_do_with_each_other() -> None:
    push(1)
    last_few.push(KEY + "2", [2], length=3, seconds=60)
    assert last_few.of(KEY) == [[1, "x"]]
    last_few.forget(KEY)
    last_few.forget(KEY)
    assert last_few.of(KEY) == []
    assert last_few.of(KEY + "2") == [[2]]


@pytest.mark.usefixtures("anywhere")
def test_what_is_kept_comes_back_as_it_was() -> None:
    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(ITEMS)
    def same(item: list[object]) -> None:
        last_few.push(KEY, item, length=2, seconds=60)
        [found] = last_few.of(KEY)[:1]
        assert found == item
        assert list(map(type, found)) == list(map(type, item))

    same()


def test_it_ends_by_itself(on_redis: str) -> None:
    push(1)
    with redis.Redis.from_url(on_redis) as client:
        assert client.keys() == [KEY.encode()]
        assert 50 < client.ttl(KEY) <= 60
        client.expire(KEY, 5)
        push(2)  # and each one makes it last again
        assert 50 < client.ttl(KEY) <= 60


@pytest.mark.usefixtures("on_redis")
def test_none_is_lost_between_two_at_the_same_moment() -> None:
    start = threading.Barrier(8)

    def run(number: int) -> None:
        start.wait(30)
        push(*range(number * 10, number * 10 + 10), length=100)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number, _ in last_few.of(KEY)) == list(range(80))


@pytest.mark.parametrize("garbage", [b"{", b"\xff", b"", b"nothing"])
def test_garbage_under_the_key_breaks_nothing(on_redis: str, garbage: bytes) -> None:
    with redis.Redis.from_url(on_redis) as client:
        client.lpush(KEY, garbage)
    with structlog.testing.capture_logs() as events:
        assert last_few.of(KEY) == []
    assert [event["event"] for event in events] == ["cache_failed"]
    push(1, 2, 3)  # and it is gone with those that follow
    assert last_few.of(KEY) == [[3, "x"], [2, "x"], [1, "x"]]


@pytest.mark.parametrize("other", [b"7", b"null", b'"text"', b'{"a": 1}'])
def test_what_is_no_item_is_left_out(on_redis: str, other: bytes) -> None:
    push(1)
    with redis.Redis.from_url(on_redis) as client:
        client.lpush(KEY, other)
    assert last_few.of(KEY) == [[1, "x"]]


def test_a_key_of_another_type_breaks_nothing_and_can_be_forgotten(on_redis: str) -> None:
    with redis.Redis.from_url(on_redis) as client:
        client.set(KEY, "a text")
    with structlog.testing.capture_logs() as events:
        push(1)
        assert last_few.of(KEY) == []
    assert [event["event"] for event in events] == ["cache_failed"] * 2
    last_few.forget(KEY)
    push(2)
    assert last_few.of(KEY) == [[2, "x"]]


@pytest.mark.usefixtures("on_nothing")
def test_a_cache_that_is_down_keeps_nothing_and_says_so() -> None:
    with structlog.testing.capture_logs() as events:
        push(1)
        assert last_few.of(KEY) == []
    assert [event["event"] for event in events] == ["cache_failed"] * 2
    assert {event["error"] for event in events} == {"ConnectionError"}
    with pytest.raises(redis.ConnectionError):
        last_few.forget(KEY)


def test_it_stays_apart_from_djangos_cache(on_redis: str) -> None:
    """Django adds a prefix to its keys: neither reads what the other wrote."""
    cache.set(KEY, ["of Django"])
    push(1)
    assert last_few.of(KEY) == [[1, "x"]]
    assert cache.get(KEY) == ["of Django"]
