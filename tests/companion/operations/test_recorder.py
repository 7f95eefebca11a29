"""What a process counted gets into the table: once, under its hour, whatever the database does."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
import time_machine
from django.db import DatabaseError
from prometheus_client import REGISTRY

from companion.operations import kept, recorder, tasks
from companion.operations.failures import MOST_AN_HOUR, MOST_PLACES
from companion.operations.models import Failure, HourlyCount, Server
from companion.operations.recorder import FAILED, Recorder
from skill_endpoint.metrics import alexa_requests_rejected, alexa_turn_seconds, alexa_turns
from tests.conftest import browser

NOON = datetime(2026, 11, 22, 12, 10, tzinfo=UTC)
log = structlog.get_logger("tests.operations")


@pytest.fixture(autouse=True)
def _in_one_hour() -> Iterator[None]:
    """Rows are by hour: none ends amid a test, unless the test says so."""
    with time_machine.travel(NOON):
        yield


def numbers(name: str) -> dict[str, int]:
    """By labels, over all hours."""
    found: dict[str, int] = {}
    for labels, number in HourlyCount.objects.filter(name=name).values_list("labels", "number"):
        found[labels] = found.get(labels, 0) + number
    return found


@pytest.fixture
def heard(db: None) -> Iterator[Recorder]:
    """A recorder that hears the log, and has no thread."""
    made = Recorder()
    logging.getLogger().addHandler(made.failures)
    yield made
    logging.getLogger().removeHandler(made.failures)


def test_every_counter_that_is_kept_is_there() -> None:
    known = {family.name for family in REGISTRY.collect()}
    for name in kept.KEPT:
        assert name.removesuffix("_total").removesuffix("_bucket").removesuffix("_count") in known
    families = {each._name: each._labelnames for each in (alexa_turns, alexa_turn_seconds)}
    assert set(kept.KEPT[kept.TURNS]) <= set(families["alexa_turns"])
    assert "type" in families["alexa_turn_seconds"]


@pytest.mark.django_db
def test_what_was_counted_is_written_once_under_the_labels_that_are_kept() -> None:
    alexa_requests_rejected.labels("replay").inc(5)  # before: of no recorder
    made = Recorder()
    for intent, number in (("DailyFactIntent", 2), ("QuizIntent", 1)):
        alexa_turns.labels("IntentRequest", intent, "en-US", "answered").inc(number)
    alexa_requests_rejected.labels("replay").inc()

    made.tick()
    made.tick()

    assert numbers(kept.TURNS) == {"outcome=answered,type=IntentRequest": 3}
    assert numbers(kept.REFUSED_REQUESTS) == {"reason=replay": 1}
    alexa_requests_rejected.labels("replay").inc()
    made.tick()
    assert numbers(kept.REFUSED_REQUESTS) == {"reason=replay": 2}
    assert HourlyCount.objects.count() == 2


@pytest.mark.django_db
def test_only_turns_that_somebody_waits_for_are_timed() -> None:
    made = Recorder()
    alexa_turn_seconds.labels("LaunchRequest").observe(0.003)
    alexa_turn_seconds.labels("SessionEndedRequest").observe(7)
    made.tick()
    steps = {float(kept.read(labels)["le"]): n for labels, n in numbers(kept.SECONDS).items()}
    assert set(steps.values()) == {1}
    assert min(steps) == 0.004


@pytest.mark.django_db
def test_two_processes_add_to_one_row() -> None:
    first, second = Recorder(), Recorder()
    with time_machine.travel(NOON, tick=False):
        alexa_requests_rejected.labels("signature").inc(3)
        first.tick()
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        second.tick()
    row = HourlyCount.objects.get()
    assert (row.number, row.hour) == (6, NOON.replace(minute=0))
    assert (row.first_at, row.last_at) == (NOON, NOON + timedelta(minutes=5))
    assert Server.objects.count() == 2


@pytest.mark.django_db
def test_a_database_that_is_away_loses_nothing_and_hours_stay_what_they_were(
    monkeypatch: pytest.MonkeyPatch, request_lines: list[str]
) -> None:
    made = Recorder()

    def away(*args: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(HourlyCount.objects, "add", away)
        for minutes in (0, 30, 60):
            with time_machine.travel(NOON + timedelta(minutes=minutes), tick=False):
                alexa_requests_rejected.labels("timestamp").inc()
                made.tick()
    assert HourlyCount.objects.count() == 0
    assert Server.objects.count() == 0  # all or nothing
    with time_machine.travel(NOON + timedelta(minutes=61), tick=False):
        made.tick()
    found = dict(HourlyCount.objects.values_list("hour__hour", "number"))
    assert found == {12: 2, 13: 1}


@pytest.mark.django_db
def test_a_database_that_is_away_for_days_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Recorder()

    def away(*args: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(HourlyCount.objects, "add", away)
        for hours in range(recorder.MOST_HOURS + 10):
            with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
                alexa_requests_rejected.labels("timestamp").inc()
                made.tick()
    with time_machine.travel(NOON + timedelta(hours=recorder.MOST_HOURS + 9), tick=False):
        made.tick()
    assert HourlyCount.objects.count() == recorder.MOST_HOURS + 1


@pytest.mark.django_db
def test_what_no_list_foresees_cannot_fill_the_table() -> None:
    made = Recorder()
    for number in range(kept.MOST_SERIES + 50):
        alexa_requests_rejected.labels(f"flood-{number}").inc()
    made.tick()
    rows = HourlyCount.objects.filter(name=kept.REFUSED_REQUESTS)
    assert rows.count() <= kept.MOST_SERIES + 1
    assert sum(rows.values_list("number", flat=True)) == kept.MOST_SERIES + 50


@pytest.mark.django_db
def test_too_many_series_count_once_however_long_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Recorder()

    def away(*args: object) -> None:
        raise DatabaseError

    for number in range(kept.MOST_SERIES + 50):
        alexa_requests_rejected.labels(f"reason-of-an-outage-{number}").inc()
    with monkeypatch.context() as patched:
        patched.setattr(HourlyCount.objects, "add", away)
        for _round in range(5):
            made.tick()
    made.tick()
    rows = HourlyCount.objects.filter(name=kept.REFUSED_REQUESTS)
    assert sum(rows.values_list("number", flat=True)) == kept.MOST_SERIES + 50


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({"reason": "a", "kind": "b"}, "kind=b,reason=a"),
        ({"reason": "a,kind=c"}, "reason=a_kind_c"),
        ({"reason": ""}, ""),
        ({"reason": "x" * 999}, "reason=" + "x" * 153),
    ],
)
def test_labels_are_one_text_and_come_back(labels: dict[str, str], text: str) -> None:
    assert kept.written(labels) == text
    assert set(kept.read(text)) == {name for name, value in labels.items() if value}


# --- the process --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_process_is_on_record_from_its_start_to_its_end() -> None:
    with time_machine.travel(NOON, tick=False):
        made = Recorder()
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        made.tick()
    server = Server.objects.get()
    assert (server.started_at, server.stopped_at) == (NOON, None)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        made.tick(is_last=True)
    server.refresh_from_db()
    assert server.seen_at == server.stopped_at == NOON + timedelta(minutes=2)


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_and_the_end_waits_for_its_last_words() -> None:
    handlers = list(logging.getLogger().handlers)
    recorder.start()
    recorder.start()  # once is enough
    assert [thread.name for thread in threading.enumerate()].count("operations") == 1
    alexa_requests_rejected.labels("replay").inc()
    recorder.stop()
    recorder.stop()
    assert numbers(kept.REFUSED_REQUESTS) == {"reason=replay": 1}
    assert Server.objects.get().stopped_at is not None
    assert "operations" not in [thread.name for thread in threading.enumerate()]
    assert logging.getLogger().handlers == handlers


@pytest.mark.django_db(transaction=True)
def test_whatever_fails_in_a_round_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database may go between what was counted and the tasks."""
    rounds = []

    def away() -> None:
        rounds.append(1)
        raise DatabaseError

    monkeypatch.setattr(recorder, "EVERY", 0.05)
    monkeypatch.setattr(recorder, "TASKS_EVERY", 1)
    monkeypatch.setattr(tasks, "tell", away)
    recorder.start()
    end = time.monotonic() + 20
    while not rounds and time.monotonic() < end:
        time.sleep(0.01)
    alexa_requests_rejected.labels("replay").inc()
    recorder.stop()
    assert len(rounds) > 1
    assert numbers(kept.REFUSED_REQUESTS) == {"reason=replay": 1}


def test_nothing_starts_by_an_import() -> None:
    assert recorder._recorder is None
    assert "operations" not in [thread.name for thread in threading.enumerate()]


# --- what failed --------------------------------------------------------------------------------


def test_a_page_that_fails_is_noted_once_by_its_route(
    heard: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise KeyError("linked@example.com")

    monkeypatch.setattr("companion.views.facts.render", broken)
    client = browser(raise_request_exception=False)
    page = client.get("/facts/?q=my+secret")
    heard.tick()
    assert page.status_code == 500
    failure = Failure.objects.get()
    assert (failure.place, failure.kind) == ("GET /facts/", "KeyError")
    assert failure.reference in page.content.decode()
    assert len(failure.reference) == 8
    assert numbers(FAILED) == {"place=GET /facts/": 1}


def test_an_error_in_the_log_is_noted_without_its_words(heard: Recorder) -> None:
    try:
        raise ValueError("+12065550101")
    except ValueError:
        log.exception("skill_failed", who="linked@example.com")
    log.error("nothing_was_raised")
    heard.tick()
    failure = Failure.objects.get()
    assert (failure.place, failure.kind, failure.reference) == ("skill_failed", "ValueError", "")


def test_what_says_that_it_is_not_ready_has_not_failed(heard: Recorder) -> None:
    requests = structlog.get_logger("companion.requests")
    requests.error("request_finished", code=503, request="GET /readyz")
    requests.error("request_finished", code=502, request="POST /oauth/token")
    heard.tick()
    assert [failure.place for failure in Failure.objects.all()] == ["answered 502"]


def test_a_flood_of_failures_is_counted_and_not_kept(heard: Recorder) -> None:
    for number in range(MOST_AN_HOUR + MOST_PLACES):
        try:
            raise ValueError
        except ValueError:
            log.exception("place-%d", number)
    heard.tick()
    assert Failure.objects.count() == MOST_AN_HOUR
    found = numbers(FAILED)
    assert sum(found.values()) == MOST_AN_HOUR + MOST_PLACES
    assert len(found) == MOST_PLACES + 1
    assert sys.exception() is None


# --- what it costs ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_row_is_written_for_what_did_not_grow() -> None:
    made = Recorder()
    made.tick()
    assert HourlyCount.objects.count() == 0
