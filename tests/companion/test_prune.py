from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts.data_export.models import DataExport, DataExportPart
from accounts.models import Tombstone, User
from accounts.oauth_trace.models import Attempt, Correlation, Event, Outcome, Span, Stage
from companion.management.commands.prune import Command
from companion.operations import tasks
from companion.operations.models import Failure, HourlyCount, Server
from skill_endpoint.facts.models import Fact, FactImport, FactReport
from skill_endpoint.models import SeenRequest, SkillEvent
from tests.skill_endpoint.voice import stock_library

pytestmark = pytest.mark.django_db


def test_it_deletes_what_has_served_its_time_and_says_how_much(linked: User) -> None:
    now = timezone.now()
    for name, old in (("old", True), ("new", False)):

        def ago(kept: timedelta, *, old: bool = old) -> timedelta:
            return kept + timedelta(minutes=1) if old else kept - timedelta(minutes=1)

        SeenRequest.objects.create(digest=name, seen_at=now - ago(timedelta(seconds=300)))
        SkillEvent.objects.create(
            request_id=name,
            type="AlexaSkillEvent.SkillEnabled",
            event_time=now,
            received_at=now - ago(timedelta(days=90)),
        )
        Tombstone.objects.create(digest=name, erased_at=now - ago(timedelta(days=1)))
        Session.objects.create(
            session_key=name, expire_date=now + timedelta(hours=-1 if old else 1)
        )
    assert call_command("prune") == (
        "Deleted 1 seen requests, 1 skill events, 1 tombstones, 0 closed reports, 0 records of "
        "deletions, 0 downloads, 0 imports, 0 linking attempts, 0 times of recording, 0 browsers, "
        "1 sessions, 0 hourly counts, 0 server processes, 0 failures"
    )
    assert [seen.digest for seen in SeenRequest.objects.all()] == ["new"]
    assert [event.request_id for event in SkillEvent.objects.all()] == ["new"]
    assert [stone.digest for stone in Tombstone.objects.all()] == ["new"]
    assert [session.session_key for session in Session.objects.all()] == ["new"]


def test_a_browser_goes_with_its_session_and_not_before(linked: User) -> None:
    now = timezone.now()
    long_ago = now - timedelta(days=15)
    for name, created, expires in (
        ("ended", long_ago, now - timedelta(hours=1)),
        ("prolonged", long_ago, now + timedelta(hours=1)),
        ("signed out", long_ago, None),
        ("just signing in", now, None),  # its session may not be committed yet
    ):
        UserSession.objects.create(
            user=linked, ip="127.0.0.1", session_key=name, created_at=created
        )
        if expires:
            Session.objects.create(session_key=name, expire_date=expires)
    assert "2 browsers, 1 sessions" in call_command("prune")
    kept = {session.session_key for session in UserSession.objects.all()}
    assert kept == {"prolonged", "just signing in"}


def test_a_second_run_finds_nothing() -> None:
    call_command("prune")
    assert call_command("prune") == (
        "Deleted 0 seen requests, 0 skill events, 0 tombstones, 0 closed reports, 0 records of "
        "deletions, 0 downloads, 0 imports, 0 linking attempts, 0 times of recording, 0 browsers, "
        "0 sessions, 0 hourly counts, 0 server processes, 0 failures"
    )


def test_its_help_names_what_it_deletes() -> None:
    for what in ("skill events", "sessions", "browsers", "linking attempts", "servers counted"):
        assert what in " ".join(Command.help.split())


def test_reports_go_ninety_days_after_they_were_closed(db: None) -> None:
    stock_library()
    fact = Fact.objects.first()
    assert fact is not None
    now = timezone.now()
    for closed in (None, now - timedelta(days=89), now - timedelta(days=91)):
        FactReport.objects.create(fact=fact, language="en", closed_at=closed)

    call_command("prune", stdout=StringIO())

    assert FactReport.objects.count() == 2


def test_a_download_goes_after_a_day_with_its_pieces(linked: User, stranger: User) -> None:
    now = timezone.now()
    for who, hours in ((linked, 23), (stranger, 25)):
        export = DataExport.objects.create(
            user=who, state="ready", language="en", requested_at=now - timedelta(hours=hours)
        )
        for number in range(2):
            DataExportPart.objects.create(export=export, file=0, number=number, content=b"x")

    assert "1 downloads" in call_command("prune", stdout=StringIO())

    assert [part.export.user for part in DataExportPart.objects.all()] == [linked, linked]


def test_a_file_of_an_import_goes_after_a_day(linked: User) -> None:
    now = timezone.now()
    for hours in (23, 25):
        FactImport.objects.create(
            by=linked, file_name=f"{hours}.csv", text="slug", made_at=now - timedelta(hours=hours)
        )

    call_command("prune", stdout=StringIO())

    assert FactImport.objects.get().file_name == "23.csv"


def test_an_attempt_goes_with_all_of_it_and_a_pinned_one_later(linked: User) -> None:
    now = timezone.now()
    for name, days, pinned in (
        ("NEW", 13, False),
        ("OLD", 15, False),
        ("PIN", 15, True),
        ("PAST", 57, True),
    ):
        started = now - timedelta(days=days)
        attempt = Attempt.objects.create(reference=name, started_at=started, pinned=pinned)
        Event.objects.create(attempt=attempt, stage=Stage.AUTHORIZE, at=started)
        Correlation.objects.create(attempt=attempt, kind=Correlation.Kind.STATE, digest=name)
        Span.objects.create(started_at=started, ends_at=started + timedelta(hours=2))

    assert "2 linking attempts, 3 times of recording" in call_command("prune")

    assert {attempt.reference for attempt in Attempt.objects.all()} == {"NEW", "PIN"}
    assert {event.attempt.reference for event in Event.objects.all()} == {"NEW", "PIN"}
    assert {each.digest for each in Correlation.objects.all()} == {"NEW", "PIN"}


def test_a_quiet_attempt_gets_its_verdict(db: None) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    attempt = Attempt.objects.create(reference="QUIET", started_at=long_ago, updated_at=long_ago)
    busy = Attempt.objects.create(reference="BUSY")

    call_command("prune")

    attempt.refresh_from_db()
    busy.refresh_from_db()
    assert attempt.outcome != Outcome.OPEN
    assert busy.outcome == Outcome.OPEN


def test_what_the_servers_counted_goes_after_fifteen_days(db: None) -> None:
    now = timezone.now()
    for days in (14, 16):
        then = now - timedelta(days=days)
        HourlyCount.objects.add({(then, "alexa_turns_total", ""): days}, then)
        Server.objects.create(key=str(days), version="1", started_at=then, seen_at=then)
        Failure.objects.create(at=then, place=str(days))

    said = call_command("prune", stdout=StringIO())

    assert said.endswith("1 hourly counts, 1 server processes, 1 failures")
    assert HourlyCount.objects.exclude(name=tasks.NAME).get().number == 14
    assert Server.objects.get().key == Failure.objects.get().place == "14"


def test_that_it_ended_well_is_known_and_told_to_prometheus(db: None) -> None:
    before = timezone.now()
    call_command("prune", stdout=StringIO())
    tasks.tell()
    (at,) = HourlyCount.objects.filter(name=tasks.NAME).values_list("last_at", flat=True)
    assert before <= at <= timezone.now()
    told = REGISTRY.get_sample_value("task_last_success_timestamp_seconds", {"task": "prune"})
    assert told == at.timestamp()
