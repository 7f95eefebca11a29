"""Which attempt an exchange belongs to, how much is kept, and how it is found among many."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import DataError, OperationalError, connection, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.oauth_trace import briefly, recording
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Correlation, Event, Outcome, Span, Stage
from accounts.oauth_trace.redaction import digest
from tests.accounts.oauth_trace.conftest import Linker, StubPool, latest, new_code
from tests.cognito import TokenMint

TOKENS: dict[str, Any] = {"access_token": "a" * 30, "refresh_token": "r" * 30, "expires_in": 3600}
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)


def stages(attempt: Attempt) -> list[str]:
    return [event.stage for event in attempt.events.all()]


@pytest.fixture
def no_capture(tracing: Span) -> None:
    Span.objects.update(capture=False)
    recording.forget_span()


def test_the_only_one_that_waits_goes_on(
    stub_linker: Linker, stub_pool: StubPool, no_capture: None
) -> None:
    stub_pool.says(TOKENS)
    stub_linker.authorize()
    stub_linker.redeem(new_code())
    assert stages(latest()) == [Stage.AUTHORIZE, Stage.TOKEN]
    assert Attempt.objects.count() == 1


def test_of_two_that_wait_neither_is_guessed(
    stub_linker: Linker, stub_pool: StubPool, no_capture: None
) -> None:
    stub_pool.says(TOKENS)
    stub_linker.authorize()
    stub_linker.authorize(state="another")
    stub_linker.redeem(new_code())
    assert stages(latest()) == [Stage.TOKEN]
    assert Attempt.objects.count() == 3


@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
def test_one_that_waits_for_something_else_is_not_it(
    stub_linker: Linker, stub_pool: StubPool, no_capture: None, name: str
) -> None:
    stub_pool.says(TOKENS)
    stub_linker.authorize(**{name: "https://other.example/"})
    stub_linker.redeem(new_code())
    assert Attempt.objects.count() == 2


def test_one_that_waited_too_long_is_not_it(
    stub_linker: Linker, stub_pool: StubPool, no_capture: None
) -> None:
    stub_pool.says(TOKENS)
    stub_linker.authorize()
    Attempt.objects.update(started_at=timezone.now() - Attempt.ABANDONED - timedelta(seconds=1))
    stub_linker.redeem(new_code())
    assert Attempt.objects.count() == 2


def test_pkce_passes_through_and_tells_two_apart(
    stub_linker: Linker, stub_pool: StubPool, no_capture: None
) -> None:
    stub_pool.says(TOKENS)
    location = stub_linker.authorize(code_challenge=CHALLENGE, code_challenge_method="S256")
    first = latest()
    assert f"code_challenge={CHALLENGE}&code_challenge_method=S256" in location
    stub_linker.authorize(state="another", code_challenge="x" * 43, code_challenge_method="S256")
    stub_linker.redeem(new_code(), code_verifier=VERIFIER)
    assert stub_pool.asked[0][1]["code_verifier"] == VERIFIER
    assert stages(first) == [Stage.AUTHORIZE, Stage.TOKEN]


def test_a_token_call_alone_is_an_attempt_and_its_refreshes_follow(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    stub_pool.says(TOKENS)
    stub_linker.redeem(new_code())
    stub_pool.says({"access_token": "b" * 30, "expires_in": 3600})
    stub_linker.refresh(TOKENS["refresh_token"])
    stub_linker.refresh(TOKENS["refresh_token"])
    assert stages(latest()) == [Stage.TOKEN, Stage.REFRESH, Stage.REFRESH]
    assert Attempt.objects.count() == 1


def test_refreshes_of_who_linked_before_are_one_attempt(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    stub_pool.says(TOKENS)
    for _ in range(3):
        stub_linker.refresh("from before")
    assert stages(latest()) == [Stage.REFRESH] * 3


def test_a_new_refresh_token_belongs_to_the_same(stub_linker: Linker, stub_pool: StubPool) -> None:
    stub_pool.says(TOKENS)
    stub_linker.refresh("from before")
    stub_linker.refresh(TOKENS["refresh_token"])
    assert Attempt.objects.count() == 1


def test_the_same_code_twice_is_one_attempt(stub_linker: Linker, stub_pool: StubPool) -> None:
    code = new_code()
    stub_pool.says(TOKENS)
    stub_linker.redeem(code)
    stub_pool.says({"error": "invalid_grant"}, 400)
    stub_linker.redeem(code)
    assert stages(latest()) == [Stage.TOKEN, Stage.TOKEN]


def test_a_page_that_is_loaded_again_goes_on_with_its_attempt(stub_linker: Linker) -> None:
    stub_linker.authorize()
    stub_linker.authorize()
    assert stages(latest()) == [Stage.AUTHORIZE] * 2
    stub_linker.authorize(redirect_uri="https://other.example/")  # that is another wish
    assert Attempt.objects.count() == 2


def test_a_state_that_everybody_has_begins_anew_after_an_hour(stub_linker: Linker) -> None:
    stub_linker.authorize(state="STATE")
    Attempt.objects.update(started_at=timezone.now() - timedelta(hours=2))
    stub_linker.authorize(state="STATE")
    assert Attempt.objects.count() == 2


def test_it_keeps_who_the_token_is_for(
    stub_linker: Linker, stub_pool: StubPool, mint: TokenMint
) -> None:
    stub_pool.says({**TOKENS, "access_token": mint.access("sub-linked")})
    stub_linker.redeem(new_code())
    assert latest().sub == "sub-linked"


def test_an_attempt_has_so_many_events(stub_linker: Linker, stub_pool: StubPool) -> None:
    """And those that were one too many are counted."""
    stub_pool.says(TOKENS)
    for _ in range(recording.MOST_EVENTS + 5):
        stub_linker.refresh("r" * 30)
    assert latest().events.count() == recording.MOST_EVENTS
    assert recording.lost() == 5
    assert not latest().is_complete


def test_an_attempt_has_so_many_bytes(stub_linker: Linker, stub_pool: StubPool) -> None:
    for _ in range(20):
        stub_linker.authorize(prompt="some words " * 20, scope="openid email " * 9, odd="x")
    attempt = latest()
    written = [json.dumps((event.request, event.response)) for event in attempt.events.all()]
    assert sum(map(len, written)) <= recording.MOST_BYTES
    assert recording.lost() == 20 - len(written) > 0
    assert not latest().is_complete
    # what the pool grants is recorded all the same
    stub_pool.says(TOKENS)
    stub_linker.redeem(new_code(), code_verifier=None)
    assert Stage.TOKEN in latest().stages


def test_one_network_leaves_room_for_others(
    stub_linker: Linker, stub_pool: StubPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recording.MOST_OF_ONE, Stage.REFRESH, 2)
    monkeypatch.setitem(recording.MOST_PER_MINUTE, Stage.REFRESH, 4)
    stub_pool.says({"error": "invalid_grant"}, 400)

    def ask(address: str, number: int) -> None:
        stub_linker.client.defaults["REMOTE_ADDR"] = address
        stub_linker.refresh(f"from before {address} {number}")

    with override_settings(RATE_LIMITS=True):
        for number in range(9):
            ask(f"192.0.2.{number}", number)  # of one network
        assert Attempt.objects.count() == 2
        ask("198.51.100.7", 1)
    assert Attempt.objects.count() == 3
    assert recording.lost() == 7


def test_all_limits_of_one_are_well_under_those_of_all() -> None:
    for stage, most in recording.MOST_OF_ONE.items():
        assert 10 * most <= recording.MOST_PER_MINUTE[stage]


def test_an_hour_has_its_limit(stub_linker: Linker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_PER_HOUR", 30)
    with override_settings(RATE_LIMITS=True):
        for number in range(5):
            stub_linker.authorize(state=f"s{number}")
    assert Attempt.objects.count() == 3
    assert recording.lost() == 2


def test_an_hour_has_its_limit_for_all_together(
    stub_linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_PER_HOUR", 10)
    with override_settings(RATE_LIMITS=True):
        for number in range(12):  # each of a network of its own
            stub_linker.browser.defaults["REMOTE_ADDR"] = f"198.51.{number}.7"
            stub_linker.authorize(state=f"s{number}")
    assert Attempt.objects.count() == 10
    assert recording.lost() == 2


def test_strangers_make_room_the_oldest_first(
    stub_linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_KEPT", 4)
    monkeypatch.setattr(recording, "LOOK_EACH", 1)
    kept = [
        Attempt.objects.begin(sub="sub-of-somebody", outcome=Outcome.OPEN),
        Attempt.objects.begin(pinned=True),
        Attempt.objects.begin(outcome=Outcome.FAILED),
    ]
    for number in range(4):
        stub_linker.authorize(state=f"s{number}")
    left = set(Attempt.objects.values_list("pk", flat=True))
    assert {each.pk for each in kept} <= left
    assert len(left) <= 5
    assert latest().pk in left
    assert recording.lost() == 0


def test_where_all_that_is_kept_is_somebodys_nothing_new_is_written_down(
    stub_linker: Linker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_KEPT", 2)
    monkeypatch.setattr(recording, "LOOK_EACH", 1)
    for _ in range(3):
        Attempt.objects.begin(pinned=True)
    stub_linker.authorize()
    assert Attempt.objects.count() == 3
    assert recording.lost() == 1


@pytest.mark.parametrize("stage", [Stage.AUTHORIZE, Stage.TOKEN, Stage.REFRESH])
def test_a_flood_is_forwarded_and_not_written_down(
    stub_linker: Linker, stub_pool: StubPool, monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    stub_pool.says(TOKENS)
    monkeypatch.setitem(recording.MOST_PER_MINUTE, stage, 2)
    ask: dict[Stage, Any] = {
        Stage.AUTHORIZE: lambda number: stub_linker.authorize(state=f"s{number}"),
        Stage.TOKEN: lambda number: stub_linker.redeem(new_code()),
        Stage.REFRESH: lambda number: stub_linker.refresh(f"from before {number}"),
    }
    with override_settings(RATE_LIMITS=True):
        for number in range(4):
            ask[stage](number)
        assert Attempt.objects.count() == 2
        # and leaves room for the others
        for other in ask.keys() - {stage}:
            ask[other](9)
    assert Attempt.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_at_once_both_count(tracing: Span) -> None:
    """Each judges what the other one wrote: no stage is lost by the later one's save."""
    attempt = Attempt.objects.begin()
    meet = threading.Barrier(2, timeout=10)

    def write(stage: Stage) -> None:
        meet.wait()
        own = Attempt.objects.get(pk=attempt.pk)
        recording.add(own, stage, Message(method="POST"), Message(status=200))
        connections.close_all()

    threads = [
        threading.Thread(target=write, args=(stage,)) for stage in (Stage.TOKEN, Stage.CALLBACK)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    attempt.refresh_from_db()
    assert attempt.events.count() == 2
    assert {Stage.TOKEN, Stage.CALLBACK} <= attempt.stages.keys()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_held_is_not_waited_for(tracing: Span) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("rows are locked by PostgreSQL only")
    attempt = Attempt.objects.begin()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM oauth_trace_attempt FOR UPDATE")
            held.set()
            done.wait(10)
            cursor.execute("ROLLBACK")
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    recording.add(attempt, Stage.TOKEN, Message(method="POST"), Message(status=200))
    is_done_before = not done.is_set()
    done.set()
    thread.join()
    assert is_done_before
    assert recording.lost() == 1
    with connection.cursor() as cursor:  # pages wait as before
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_cannot_be_had_is_not_waited_for(
    tracing: Span, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no pool of connections")
    import psycopg_pool

    connection.close()
    waits: list[float] = []

    def none_left(self: object, timeout: float = 99) -> None:
        waits.append(timeout)
        raise psycopg_pool.PoolTimeout

    monkeypatch.setattr(psycopg_pool.ConnectionPool, "getconn", none_left)
    with pytest.raises(briefly.Unavailable):
        briefly.reads(Attempt.objects.count)
    with pytest.raises(briefly.Unavailable):
        briefly.reads(Attempt.objects.count)
    assert waits == [briefly.LONGEST_WAIT / 1000]


def test_after_a_failure_nobody_asks_for_a_while(db: None, tracing: Span) -> None:
    asked: list[int] = []

    def fails() -> None:
        asked.append(1)
        raise OperationalError

    for _ in range(3):
        with pytest.raises(briefly.Unavailable):
            briefly.reads(fails)
    assert len(asked) == 1
    briefly.forget()
    assert briefly.reads(lambda: 7) == 7


def test_what_is_wrong_with_one_exchange_does_not_rest_the_others(db: None, tracing: Span) -> None:
    def fails() -> None:
        raise DataError

    with pytest.raises(briefly.Unavailable):
        briefly.reads(fails)
    assert briefly.reads(lambda: 7) == 7


def test_a_page_waits_as_before_after_a_recording(db: None, tracing: Span) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own")
    briefly.writes(Attempt.objects.count)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)


def many_attempts(count: int) -> None:
    """Copies of one row, each with a state and a code; by the database itself, which is quick."""
    template = Attempt.objects.create(reference="0", outcome="linked")
    fields = [field for field in Attempt._meta.concrete_fields if not field.primary_key]
    columns = [str(field.column) for field in fields]
    copied = ["CAST(n AS varchar(8))" if name == "reference" else name for name in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO oauth_trace_attempt ({', '.join(columns)}) "  # noqa: S608 - names of ours
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %s) "
            f"SELECT {', '.join(copied)} FROM oauth_trace_attempt, s WHERE reference = '0'",
            [count],
        )
        for kind in ("state", "code"):
            cursor.execute(
                "INSERT INTO oauth_trace_correlation (attempt_id, kind, digest) "
                "SELECT id, %s, CAST(id AS varchar(32)) FROM oauth_trace_attempt",
                [kind],
            )
        cursor.execute("ANALYZE")
    template.delete()


def test_one_among_a_hundred_thousand_is_found_by_its_digest(db: None) -> None:
    """By the plan, and not by the clock: the index leads there, no table is walked."""
    many_attempts(100_000)
    wanted = Attempt.objects.get(reference="12345")
    key = str(wanted.pk)
    with CaptureQueriesContext(connection) as asked:
        assert Attempt.objects.correlated(Correlation.Kind.CODE, key) == wanted
    assert len(asked) == 1
    assert "correlations_by_digest" in plan(asked[0]["sql"])

    with CaptureQueriesContext(connection) as asked:
        recording.only_candidate("alexa-client", "https://x.example/")
    for query in asked:
        if query["sql"].startswith("SELECT"):
            assert "SCAN oauth_trace_attempt" not in plan(query["sql"])


def plan(sql: str) -> str:
    word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {sql}")
        return "\n".join(str(row) for row in cursor.fetchall())


def test_what_is_not_there_costs_one_statement(
    stub_linker: Linker, django_assert_max_num_queries: Any
) -> None:
    # PostgreSQL is told how long to wait, in a transaction
    with django_assert_max_num_queries(1 if connection.vendor == "sqlite" else 3):
        assert recording.find(Correlation.Kind.CODE, digest("unknown")) is None
    with django_assert_max_num_queries(0):
        assert recording.find(Correlation.Kind.CODE, "") is None


def test_a_linking_takes_a_bounded_number_of_statements(
    stub_linker: Linker, stub_pool: StubPool, django_assert_max_num_queries: Any
) -> None:
    stub_pool.says(TOKENS)
    recording.span()
    with django_assert_max_num_queries(24):
        stub_linker.authorize()
    code = new_code()
    query = urlencode({"state": stub_linker.state, "code": code})
    with django_assert_max_num_queries(14):
        stub_linker.come_back(f"{settings.PUBLIC_URL}/oauth/callback?{query}")
    with django_assert_max_num_queries(14):
        stub_linker.redeem(code)
    assert Event.objects.count() == 3
