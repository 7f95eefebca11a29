"""The trace fails, or the pool does: the linking goes on as far as the pool lets it."""

from __future__ import annotations

import gzip
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db import connection
from django.test import override_settings

from accounts.oauth_trace import briefly, forward, recording, redaction, switch
from accounts.oauth_trace.models import Attempt, Event, Span, Stage
from tests.accounts.oauth_trace.conftest import Linker, StubPool, latest, new_code
from tests.accounts.oauth_trace.raw_pool import RawPool
from tests.conftest import browser

TOKENS = {"access_token": "a" * 30, "refresh_token": "r" * 30, "expires_in": 3600}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WITHIN = 4.5  # seconds: what Alexa waits


def linked(linker: Linker, pool: StubPool, at: dict[str, Callable[[], object]]) -> int:
    """All three stages; `at` says what happens before which. The token answer's status."""
    pool.says(TOKENS)
    recording.span()  # what a site that runs knows
    nothing = dict.fromkeys(("authorize", "callback", "token"), lambda: None)
    before = {**nothing, **at}
    code = new_code()
    before["authorize"]()
    location = linker.authorize()
    before["callback"]()
    if "oauth%2Fcallback" in location:
        back = f"{settings.PUBLIC_URL}/oauth/callback?state={linker.state}&code={code}"
        assert linker.come_back(back) == {"state": [linker.state], "code": [code]}
        wanted = f"{settings.PUBLIC_URL}/oauth/callback"
    else:
        wanted = linker.redirect_uri
    before["token"]()
    answer = linker.redeem(code)
    assert pool.asked[-1][1]["redirect_uri"] == wanted  # as the code was issued to
    return answer.status_code


STAGES = ["authorize", "callback", "token"]


class Writer:
    """Somebody else who begins to write, and does not end."""

    def __init__(self, database: str) -> None:
        self.connection = sqlite3.connect(database, isolation_level=None)

    def begins(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def ends(self) -> None:
        self.connection.execute("ROLLBACK")


@pytest.fixture
def writer() -> Iterator[Writer]:
    if connection.vendor != "sqlite":
        pytest.skip("one writer at a time is SQLite's")
    writer = Writer(str(connection.settings_dict["NAME"]))
    yield writer
    writer.connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", STAGES)
def test_the_database_is_locked(
    stub_linker: Linker, stub_pool: StubPool, writer: Writer, stage: str
) -> None:
    assert linked(stub_linker, stub_pool, {stage: writer.begins}) == 200
    assert recording.lost() >= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", ["callback", "token"])
def test_an_attempt_knows_that_it_is_not_complete(
    stub_linker: Linker, stub_pool: StubPool, writer: Writer, stage: str, tracing: Span
) -> None:
    linked(stub_linker, stub_pool, {stage: writer.begins})
    missed = recording.lost()
    assert missed
    writer.ends()
    recording.forget_span()  # the rest is over
    recording.span()
    assert latest().is_complete is False
    tracing.refresh_from_db()
    assert tracing.lost == missed == recording.lost()


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_waited_for_once_and_then_not(
    stub_linker: Linker, stub_pool: StubPool, writer: Writer
) -> None:
    writer.begins()
    begun = time.monotonic()
    linked(stub_linker, stub_pool, {})
    # half a second, not one for each of six writes, nor the twenty of a page
    assert time.monotonic() - begun < 4 * briefly.LONGEST_WAIT / 1000


def without_tables() -> None:
    with connection.cursor() as cursor:
        for model in ("event", "correlation", "viewing", "attempt", "span"):
            cursor.execute(f"ALTER TABLE oauth_trace_{model} RENAME TO gone_{model}")


@pytest.fixture
def tables_return(transactional_db: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("gone_"):
                cursor.execute(f"ALTER TABLE {table} RENAME TO oauth_trace_{table[5:]}")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.usefixtures("tables_return")
def test_the_tables_are_not_there(stub_linker: Linker, stub_pool: StubPool, stage: str) -> None:
    assert linked(stub_linker, stub_pool, {stage: without_tables}) == 200


class NoCache:
    """As a Redis that is gone."""

    def __getattr__(self, name: str) -> Any:
        def fails(*args: object, **kwargs: object) -> None:
            raise ConnectionError("no cache")

        return fails


@pytest.mark.parametrize("stage", STAGES)
def test_the_cache_is_down(
    stub_linker: Linker, stub_pool: StubPool, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def down() -> None:
        for name in ("get", "set", "add", "incr"):
            monkeypatch.setattr(caches["default"], name, getattr(NoCache(), name))

    with override_settings(RATE_LIMITS=True):
        assert linked(stub_linker, stub_pool, {stage: down}) == 200
        monkeypatch.undo()
    assert [event.stage for event in latest().events.all()] == STAGES


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("part", ["request", "answer", "form", "headers", "scrub"])
def test_redaction_fails(
    stub_linker: Linker,
    stub_pool: StubPool,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    part: str,
) -> None:
    """Nothing of the exchange is kept then, and the attempt says so."""

    def fails(*args: object, **kwargs: object) -> None:
        raise RuntimeError("s-e-c-r-e-t")

    def broken() -> None:
        monkeypatch.setattr(redaction, part, fails)

    assert linked(stub_linker, stub_pool, {stage: broken}) == 200
    monkeypatch.undo()
    withheld = Event.objects.filter(is_withheld=True)
    assert withheld or recording.lost()
    for event in withheld:
        assert (event.request, event.response) == ({}, {})
        assert not event.attempt.is_complete
    assert "s-e-c-r-e-t" not in str(list(Event.objects.values()))


def test_a_rule_that_breaks_costs_the_verdict_only(
    stub_linker: Linker, stub_pool: StubPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(recording, "diagnose", fails)
    assert linked(stub_linker, stub_pool, {}) == 200
    monkeypatch.undo()
    assert [event.stage for event in latest().events.all()] == STAGES


def test_an_attempt_that_is_deleted_meanwhile_is_no_failure(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    assert linked(stub_linker, stub_pool, {"token": Attempt.objects.all().delete}) == 200
    assert recording.lost() == 0
    assert time.monotonic() > briefly._memo.rest_until


@pytest.mark.parametrize("stage", ["callback", "token"])
@pytest.mark.parametrize("has_cache", [True, False])
def test_what_was_captured_ends_well_when_recording_is_switched_off(
    stub_linker: Linker, stub_pool: StubPool, stage: str, has_cache: bool
) -> None:
    def off() -> None:
        switch.off()
        if not has_cache:  # another process answers, or this one was started again
            cache.clear()

    assert linked(stub_linker, stub_pool, {stage: off}) == 200
    assert [event.stage for event in latest().events.all()] == STAGES
    # and then it is off
    stub_linker.refresh("r" * 30)
    assert latest().events.count() == 3


# --- the pool ------------------------------------------------------------------------------------


def timed(linker: Linker) -> tuple[Any, float]:
    begun = time.monotonic()
    answer = linker.redeem(new_code())
    return answer, time.monotonic() - begun


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ((OK + b"Content-Length: 20\r\n\r\n{",), "broken"),  # hangs up halfway
        ((b"",), "broken"),  # hangs up at once
        ((b"\x00\xff\xfe nonsense\r\n\r\n",), "broken"),
        ((b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",), "broken"),
        ((b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}",), "broken"),
        ((OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",), "broken"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), "broken"),
        ((OK + b"\r\n" + b"x" * (forward.MAX_ANSWER + 1),), "too_long"),
        ((OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n",), "broken"),
        ((OK + b"X: y\r\n" * 200 + b"\r\n",), "broken"),
    ],
)
def test_an_answer_that_is_none(
    stub_linker: Linker, raw_pool: RawPool, parts: tuple[bytes, ...], problem: str
) -> None:
    raw_pool.says(*parts)
    answer, _ = timed(stub_linker)
    assert answer.status_code == 502
    assert answer.json()["error"] == "temporarily_unavailable"
    [event] = latest().events.all()
    assert event.response == {"problem": problem}


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        OK + b"Date: a\r\n b\r\nExpires: \xe9\r\nContent-Length: 2\r\n\r\n{}",  # folded, not ASCII
        OK + b"Content-Length: 2\r\n\r\n{}and more",
    ],
)
def test_an_odd_answer_is_one(stub_linker: Linker, raw_pool: RawPool, text: bytes) -> None:
    raw_pool.says(text)
    answer, _ = timed(stub_linker)
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("body", [b"x" * forward.MAX_ANSWER, b"<html>" + b"x" * 60_000])
def test_a_long_answer_comes_back_whole(
    stub_linker: Linker, stub_pool: StubPool, body: bytes
) -> None:
    stub_pool.says(body, 403, Content_Type="text/html")
    answer, _ = timed(stub_linker)
    assert (answer.status_code, answer.content) == (403, body)


def test_a_compressed_answer_comes_back_plain(stub_linker: Linker, raw_pool: RawPool) -> None:
    body = gzip.compress(b'{"a": "b"}')
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    raw_pool.says(head + body)
    answer, _ = timed(stub_linker)
    assert answer.content == b'{"a": "b"}'
    assert "Content-Encoding" not in answer


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused(
    stub_linker: Linker, raw_pool: RawPool
) -> None:
    body = gzip.compress(b"0" * 10**8)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    raw_pool.says(head + body)
    assert timed(stub_linker)[0].status_code == 502


def test_nobody_is_there(stub_linker: Linker) -> None:
    with override_settings(COGNITO_DOMAIN_URL="http://127.0.0.1:1"):
        answer, _ = timed(stub_linker)
    assert answer.status_code == 502
    assert latest().events.get().response == {"problem": "unreachable"}


def test_the_pool_does_not_speak_tls(stub_linker: Linker, raw_pool: RawPool) -> None:
    raw_pool.reads = False
    raw_pool.says(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with override_settings(COGNITO_DOMAIN_URL=raw_pool.url.replace("http:", "https:")):
        answer, _ = timed(stub_linker)
    assert answer.status_code == 502
    assert latest().events.get().response == {"problem": "tls"}


def slowly(*parts: bytes) -> Callable[[RawPool], None]:
    return lambda raw: raw.says(*parts, pause=0.2)


@pytest.mark.parametrize(
    "script",
    [
        slowly(*[b""] * 40),  # silent
        slowly(OK, *[b"X-%d: y\r\n" % number for number in range(40)]),  # a header at a time
        slowly(OK + b"Content-Length: 40\r\n\r\n", *[b"x"] * 40),  # a byte at a time
    ],
    ids=["silent", "headers", "body"],
)
def test_it_answers_in_time_although_the_pool_does_not(
    stub_linker: Linker, raw_pool: RawPool, script: Callable[[RawPool], None]
) -> None:
    script(raw_pool)
    answer, seconds = timed(stub_linker)
    assert answer.status_code == 504
    assert answer.json()["error"] == "temporarily_unavailable"
    assert seconds < WITHIN
    event = latest().events.get()
    assert event.response == {"problem": "timeout"}
    assert forward.DEADLINE * 1000 <= event.milliseconds < WITHIN * 1000


def test_calls_that_hang_leave_an_end(
    monkeypatch: pytest.MonkeyPatch, raw_pool: RawPool, db: None
) -> None:
    monkeypatch.setattr(forward, "_room", threading.BoundedSemaphore(1))
    raw_pool.says(OK, *[b"X-%d: y\r\n" % number for number in range(80)], pause=0.05)
    first = forward.post(raw_pool.url, [], b"", seconds=0.1)
    second = forward.post(raw_pool.url, [], b"", seconds=0.1)
    assert (first.problem, second.problem) == ("timeout", "timeout")
    assert len(raw_pool.bodies) == 1


def test_a_connection_that_was_silent_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch, stub_pool: StubPool
) -> None:
    stub_pool.says(TOKENS)
    url = f"{stub_pool.url}/oauth2/token"
    assert forward.post(url, [], b"").status == 200
    adapter = forward._connections.get()
    closed: list[bool] = []
    monkeypatch.setattr(adapter, "close", lambda: closed.append(True))
    assert forward.post(url, [], b"").status == 200
    assert not closed
    monkeypatch.setattr(forward._connections, "_used_at", time.monotonic() - forward.IDLE - 1)
    assert forward.post(url, [], b"").status == 200
    assert closed


def test_a_stranger_sees_no_reason(stub_linker: Linker) -> None:
    with override_settings(COGNITO_DOMAIN_URL="http://127.0.0.1:1"):
        answer, _ = timed(stub_linker)
    assert b"127.0.0.1" not in answer.content
    assert browser().get("/oauth/callback?state=unknown").status_code == 400
    assert Stage.TOKEN in latest().stages
