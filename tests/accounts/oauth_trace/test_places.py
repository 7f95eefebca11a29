"""A pool that hangs holds some threads of the server, and never all: the site goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.oauth_trace import forward, recording
from accounts.oauth_trace.models import Attempt, Span
from tests.accounts.oauth_trace.conftest import FORM, Linker
from tests.accounts.oauth_trace.raw_pool import RawPool


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> forward._Places:
    fresh = forward._Places()
    monkeypatch.setattr(forward, "_places", fresh)
    return fresh


@pytest.fixture
def hanging(raw_pool: RawPool) -> Iterator[RawPool]:
    """A pool that takes requests and says nothing until the end of the test."""
    raw_pool.speak = lambda peer: raw_pool.done.wait(30)
    yield raw_pool
    raw_pool.done.set()


def at_once(count: int, work: Callable[[], Any]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def strict() -> Client:
    return Client(enforce_csrf_checks=True)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_so_many_wait_and_the_next_is_told_so(
    places: forward._Places, hanging: RawPool, db: None
) -> None:
    assert forward.MOST_WAITING <= 4  # of the eight threads of deploy/gunicorn.conf.py
    seen: list[str] = []
    waiting = at_once(
        forward.MOST_WAITING,
        lambda: seen.append(forward.post(hanging.url, [], b"", seconds=20).problem),
    )
    until(lambda: len(hanging.bodies) == forward.MOST_WAITING)
    assert forward.post(hanging.url, [], b"", seconds=20).problem == "busy"
    assert len(hanging.bodies) == forward.MOST_WAITING
    assert seen == []  # it was told so while they wait
    hanging.done.set()
    for thread in waiting:
        thread.join()
    assert len(seen) == forward.MOST_WAITING
    assert places._begun == []


def test_a_place_that_is_left_is_taken(places: forward._Places) -> None:
    held = [places.take() for _ in range(forward.MOST_WAITING)]
    assert None not in held
    taken: list[float | None] = []
    [waiting] = at_once(1, lambda: taken.append(places.take()))
    places.give_back(held[0] or 0)
    waiting.join()
    assert taken[0] is not None


def test_for_a_slow_pool_nobody_waits(
    places: forward._Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "PATIENCE", 60.0)
    monkeypatch.setattr(forward, "SLOW", -1.0)  # each call is slow from its first moment
    held = [places.take() for _ in range(forward.MOST_WAITING)]
    taken: list[float | None] = []
    [asking] = at_once(1, lambda: taken.append(places.take()))
    asking.join(10)
    for each in held:
        places.give_back(each or 0)  # who waits after all gets one now
    asking.join()
    assert taken == [None]


def test_alexa_is_told_to_come_again(
    stub_linker: Linker, tracing: Span, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "MOST_WAITING", 0)
    monkeypatch.setattr(forward, "PATIENCE", 0.0)
    monkeypatch.setattr(forward._Places, "take", lambda places: None)
    answer = stub_linker.redeem("a-code-of-alexas")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Content-Type"] == "application/json"
    assert b'"temporarily_unavailable"' in answer.content
    assert not Attempt.objects.exists()
    assert recording.lost() == 1


class Broken:
    """What a server's own reader does at a chunk that is none."""

    def read(self, size: int = -1) -> bytes:
        raise RuntimeError("invalid chunk")

    readline = read


def test_a_chunk_that_is_none_is_refused(stub_linker: Linker) -> None:
    more: Any = {"wsgi.input": Broken(), "wsgi.input_terminated": True}
    answer = stub_linker.client.post("/oauth/token", content_type=FORM, CONTENT_LENGTH="", **more)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


class Gone:
    def read(self, size: int = -1) -> bytes:
        raise BlockingIOError

    readline = read


@pytest.mark.parametrize(
    "path", ["/oauth/token", "/alexa/", "/oauth/authorize", "/accounts/login/", "/admin/login/"]
)
def test_who_goes_away_in_the_middle_is_no_error_of_ours(path: str, tracing: Span) -> None:
    more: Any = {"wsgi.input": Gone()}
    answer = strict().post(path, b"x" * 10, FORM, **more)
    assert 300 <= answer.status_code < 500


@pytest.mark.parametrize("path", ["authorize", "callback"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "FOO"])
def test_another_method_is_told_which_one_it_is(path: str, method: str, tracing: Span) -> None:
    answer = strict().generic(method, f"/oauth/{path}?state=s1")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET"
    with override_settings(OAUTH_TRACE=False):
        assert strict().generic(method, f"/oauth/{path}?state=s1").status_code == 404
