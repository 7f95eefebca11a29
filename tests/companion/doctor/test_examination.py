"""Checks side by side, with an end in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from companion.doctor.context import Context, Options, Unavailable, once
from companion.doctor.examination import examine
from companion.doctor.registry import CHECKS, Check, register
from companion.doctor.results import Seen, State, ok


def made(code: str, look: object, *, online: bool = False) -> Check:
    return Check(code, f"about {code}", look, online=online)  # type: ignore[arg-type]


def well(context: Context) -> Iterator[Seen]:
    yield ok("well")


def test_a_check_that_hangs_is_reported_while_it_hangs() -> None:
    released, hanging = threading.Event(), threading.Event()
    finished = threading.Event()

    def hang(context: Context) -> Iterator[Seen]:
        hanging.set()
        released.wait(30)
        finished.set()
        yield ok("at last")

    report = examine(Context(Options()), [made("here.a", hang), made("here.b", well)], deadline=0.2)
    assert hanging.is_set()
    assert not finished.is_set()
    assert [(each.code, each.state, each.seen) for each in report.results] == [
        ("here.a", State.ERROR, "no answer within 0.2 s"),
        ("here.b", State.OK, "well"),
    ]
    released.set()
    assert finished.wait(10)


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    released, threads = threading.Event(), []

    def hang(context: Context) -> Iterator[Seen]:
        threads.append(threading.current_thread())
        released.wait(30)
        yield ok("at last")

    examine(Context(Options()), [made("here.a", hang)], deadline=0.2)
    assert threads[0].daemon
    released.set()
    threads[0].join(10)


def test_results_stand_in_the_order_of_the_checks() -> None:
    first = threading.Event()

    def slow(context: Context) -> Iterator[Seen]:
        first.wait(10)
        yield ok("slow")

    def quick(context: Context) -> Iterator[Seen]:
        first.set()
        yield ok("quick")

    report = examine(Context(Options()), [made("here.a", slow), made("here.b", quick)])
    assert [each.seen for each in report.results] == ["slow", "quick"]


def test_a_fault_of_a_check_is_reported_without_what_it_says() -> None:
    def broken(context: Context) -> Iterator[Seen]:
        raise RuntimeError("password=hunter2")
        yield

    result = examine(Context(Options()), [made("here.a", broken)]).results[0]
    assert result.state is State.ERROR
    assert "RuntimeError" in result.seen
    assert "hunter2" not in str(result)


def test_what_cannot_be_had_is_asked_for_once_and_said_to_all() -> None:
    asked = []

    class Poor(Context):
        @once
        def thing(self: Context) -> str:
            asked.append(1)
            raise Unavailable("no thing")

    def needs(context: Context) -> Iterator[Seen]:
        yield ok(context.thing())  # type: ignore[attr-defined]

    checks = [made(f"here.{name}", needs) for name in "abcd"]
    report = examine(Poor(Options()), checks)
    assert {(each.state, each.seen) for each in report.results} == {
        (State.SKIPPED, "not looked at: no thing")
    }
    assert len(asked) == 1


def test_without_the_network_nothing_is_asked_there() -> None:
    asked = []

    def online(context: Context) -> Iterator[Seen]:
        asked.append(1)
        yield ok("answered")

    checks = [made("here.a", online, online=True), made("here.b", well)]
    report = examine(Context(Options(online=False)), checks)
    assert [each.state for each in report.results] == [State.SKIPPED, State.OK]
    assert asked == []


@pytest.mark.django_db(transaction=True)
def test_connections_of_its_threads_are_closed() -> None:
    used = []

    def database(context: Context) -> Iterator[Seen]:
        connection = connections["default"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        used.append(connection)
        yield ok("one")

    examine(Context(Options()), [made("here.a", database)])
    assert used[0] is not connections["default"]
    assert used[0].connection is None


def test_two_checks_of_one_code_are_refused() -> None:
    code = next(iter(CHECKS))
    with pytest.raises(ValueError, match=code):
        register(code, "again", well)
