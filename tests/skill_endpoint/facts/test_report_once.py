"""One open report of a fact by a person, however many are sent at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactReport, Topic


@pytest.fixture
def fact(db: None) -> Fact:
    topic = Topic.objects.create(slug="space", name="Space")
    return Fact.objects.create(topic=topic, slug="a-fact")


def closed(fact: Fact, user: User | None) -> FactReport:
    return FactReport.objects.create(fact=fact, user=user, language="en", closed_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_some_at_once_one_stays(linked: User, fact: Fact) -> None:
    start = threading.Barrier(8)
    errors: list[str] = []

    def report() -> None:
        try:
            for _ in range(30):
                start.wait()
                FactReport.objects.file(fact.pk, linked, language="en", request_id="")
                start.wait()
                # the next round begins without one; whoever comes first has taken it away
                FactReport.objects.filter(pk__in=counted()).update(closed_at=timezone.now())
        except Exception as error:  # noqa: BLE001 - any exception is a finding
            errors.append(repr(error))
            start.abort()
        finally:
            connections.close_all()

    def counted() -> list[int]:
        found = list(FactReport.objects.open().values_list("pk", flat=True))
        if len(found) > 1:
            raise AssertionError(f"{len(found)} open reports")
        return found

    threads = [threading.Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_after_an_answer_it_can_be_said_again(linked: User, fact: Fact) -> None:
    closed(fact, linked)
    assert FactReport.objects.file(fact.pk, linked, language="en", request_id="")
    assert FactReport.objects.open().count() == 1


def test_what_was_said_again_is_not_opened_twice(linked: User, stranger: User, fact: Fact) -> None:
    """Of two closed ones the last; of nobody in particular all."""
    for user in (linked, linked, None, None, stranger):
        closed(fact, user)
    FactReport.objects.file(fact.pk, stranger, language="en", request_id="")
    again = [report.pk for report in FactReport.objects.all().reopenable()]
    FactReport.objects.filter(pk__in=again).update(closed_at=None)
    reporters = [report.user for report in FactReport.objects.open().order_by("pk")]
    assert reporters == [linked, None, None, stranger]


@pytest.mark.django_db(transaction=True)
def test_two_that_were_left_become_one(linked: User, fact: Fact) -> None:
    there, back = [("facts", "0006_reported_once")], [("facts", "0005_heard_in_order_by_door")]
    MigrationExecutor(connection).migrate(back)
    try:
        first = FactReport.objects.create(fact=fact, user=linked, language="en")
        for user in (linked, None, None):
            FactReport.objects.create(fact=fact, user=user, language="en")
        closed(fact, linked)
    finally:
        MigrationExecutor(connection).migrate(there)
    mine = FactReport.objects.open().filter(user=linked)
    assert [report.pk for report in mine] == [first.pk]
    assert FactReport.objects.count() == 4
