"""The page of the last day: who sees it, what it says of each kind of day, what it costs."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
import time_machine
from bs4 import Tag
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts import forgiving_cache
from accounts.models import User
from accounts.oauth_trace.models import Attempt
from companion import readiness
from companion.doctor.views import KEPT as DOCTORS_REPORT
from companion.operations import database, kept, recorder, tasks
from companion.operations.day import Step
from companion.operations.figures import between
from companion.operations.looking import look
from companion.operations.models import Failure, HourlyCount, Server
from companion.operations.recorder import FAILED
from skill_endpoint.facts.models import FactReport
from skill_endpoint.metrics import alexa_turns
from skill_endpoint.models import AccountLink
from tests.cognito import TokenMint
from tests.companion.conftest import NewFact, SignIn
from tests.companion.operations import days
from tests.companion.pages import main, soup, statements_of, text

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 12
HALF_PAST = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
SCENES = [days.nothing, days.an_hour, days.a_day, days.a_bad_day]


@pytest.fixture(autouse=True)
def _half_past(mint: TokenMint, settings: Settings) -> Iterator[None]:
    """The keys are there, the trace is on, and it is half past five, in UTC."""
    settings.OAUTH_TRACE = True
    readiness.forget()
    with time_machine.travel(HALF_PAST, tick=False):
        yield
    readiness.forget()


def figure(office: Client, name: str) -> str:
    return text(soup(office.get("/operations/")).find(id=f"figure-{name}"))


def part(office: Client, name: str) -> Tag:
    found = soup(office.get("/operations/")).find(id=name)
    assert isinstance(found, Tag)
    return found


def row_of(office: Client, section: str, hour: str) -> list[str]:
    for row in part(office, section).select("tbody tr"):
        cells = [text(cell) for cell in row.find_all(["th", "td"])]
        if hour in cells[0]:
            return cells[1:]
    raise AssertionError(hour)


# --- who ----------------------------------------------------------------------------------------


def test_it_is_for_operators(client: Client, stranger: User, sign_in: SignIn) -> None:
    assert client.get("/operations/")["Location"].startswith("/accounts/login/")
    assert sign_in(stranger).get("/operations/").status_code == 404
    stranger.is_staff = True  # staff of something else
    stranger.save()
    assert sign_in(stranger).get("/operations/").status_code == 404
    stranger.is_staff = False  # who was an operator once
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_hourlycount"))
    assert sign_in(stranger).get("/operations/").status_code == 404


def test_other_operators_pages_lead_there(office: Client) -> None:
    for path in ("/admin/", "/doctor/", "/traces/"):
        assert soup(office.get(path)).select_one('a[href="/operations/"]'), path


def test_who_may_see_nothing_else_gets_no_dead_links(stranger: User, sign_in: SignIn) -> None:
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_hourlycount"))
    days.a_bad_day()
    browser = sign_in(stranger)
    page = soup(browser.get("/operations/"))
    assert page.main is not None
    addresses = {str(link["href"]) for link in page.main.select("a[href^='/']")}
    assert addresses == {"/admin/"}


def test_the_admins_front_page_says_when_it_needs_a_look(office: Client) -> None:
    def said() -> str:
        return text(soup(office.get("/admin/")).find(id="last-day"))

    assert said() == "The last day: nothing was counted yet"
    days.server(timedelta(hours=3))
    assert said() == "The last day: all is well"
    days.turns(200, apologies=9)
    assert said() == "The last day: 1 thing to look at"
    days.count(kept.CACHE_FAILURES, 5, at=HALF_PAST)
    assert said() == "The last day: 2 things to look at"


def test_who_may_not_see_the_last_day_reads_nothing_of_it(office: Client, operator: User) -> None:
    operator.groups.clear()
    assert soup(office.get("/admin/")).find(id="last-day") is None


# --- what it says -------------------------------------------------------------------------------


def test_before_anybody_spoke(office: Client) -> None:
    said = main(office.get("/operations/"))
    assert "Nothing was counted yet" in said
    assert "deploy/gunicorn.conf.py" in said
    assert "Nobody has spoken with Alexa" in said
    assert "0 turns" not in said
    assert figure(office, "late") == "95th percentile – of a turn"


def test_the_first_hour_is_no_day_without_turns(office: Client) -> None:
    days.server(timedelta(minutes=20))
    days.turns(7)
    said = main(office.get("/operations/"))
    assert "All is well" in said
    assert "nothing to compare with yet" in said
    assert row_of(office, "turns", "17:00") == ["7", "–", "0", "0", ""]
    assert row_of(office, "turns", "15:00") == ["–", "–", "–", "–", ""]
    assert "No server from" not in said


def test_turns_stand_beside_those_of_the_day_before(office: Client) -> None:
    days.server(timedelta(days=5))
    for ago, number in ((0, 30), (1, 50), (24, 80), (25, 100), (47, 4), (23, 1)):
        days.turns(number, ago=ago)
    # of the hour under way half is over, so half of the same hour yesterday
    assert figure(office, "turns") == "Turns 81 144 the day before"
    assert row_of(office, "turns", "17:00")[:2] == ["30", "80"]
    assert row_of(office, "turns", "16:00")[:2] == ["50", "100"]
    assert "The most were 50, from 16:00 on." in text(part(office, "turns"))


def test_an_hour_without_turns_is_a_zero_and_one_without_a_server_a_gap(office: Client) -> None:
    days.server(timedelta(days=3), ended=timedelta(hours=4, minutes=40))  # at 12:50
    days.server(timedelta(hours=1, minutes=50))  # since 15:40
    days.turns(5)
    assert row_of(office, "turns", "11:00") == ["0", "0", "0", "0", ""]
    assert row_of(office, "turns", "12:00")[4] == "10 min"
    assert row_of(office, "turns", "14:00") == ["–", "0", "–", "–", "60 min"]
    assert row_of(office, "turns", "15:00")[4] == "40 min"
    gaps = part(office, "turns").select("svg rect.gap")
    assert [rect["x"] for rect in gaps] == ["190", "200"]  # of 13 and 14 o'clock
    assert "No server from Sun 12:50 to Sun 15:40" in text(part(office, "servers"))


def test_a_gap_of_the_day_before_breaks_the_line(office: Client) -> None:
    days.server(timedelta(days=3), ended=timedelta(hours=40))
    days.server(timedelta(hours=36))
    days.turns(9, ago=30)
    assert len(part(office, "turns").select("svg polyline")) == 2
    assert row_of(office, "turns", "02:00")[1] == "–"  # 39 hours ago


def test_a_restart_is_no_gap(office: Client) -> None:
    days.server(timedelta(days=3), ended=timedelta(hours=2))
    days.server(timedelta(hours=1, minutes=59))
    assert "No server from" not in main(office.get("/operations/"))


def test_a_process_that_was_killed_is_gone_after_a_minute(office: Client) -> None:
    days.server(timedelta(hours=3))
    Server.objects.update(seen_at=HALF_PAST - timedelta(minutes=9))
    said = main(office.get("/operations/"))
    assert "No server writes down what it counts: the figures end here. since Sun 17:21" in said
    assert "silent since Sun 17:21" in said


def test_only_what_people_say_is_a_turn(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.turns(10)
    days.count(kept.TURNS, 99, type="SessionEndedRequest", outcome="silent")
    days.count(kept.TURNS, 99, type="AlexaSkillEvent.SkillEnabled", outcome="failed")
    assert figure(office, "turns").startswith("Turns 10 ")
    assert figure(office, "apologies") == "Ended in an apology 0 % 0 of 10"


def test_apologies_are_a_share_and_a_reason_to_look(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.turns(200, apologies=9)
    days.count(kept.TURNS, 1, type="LaunchRequest", outcome="failed")  # Alexa heard nothing
    assert figure(office, "apologies") == "Ended in an apology 5.0 % 10 of 201"
    assert "10 of the last 201 turns ended in an apology." in main(office.get("/operations/"))


def test_times_are_read_from_the_histogram(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.turns(100, late=0.016)
    assert figure(office, "median") == "Median time 2 to 4 ms of a turn"
    assert figure(office, "late") == "95th percentile 8 to 16 ms of a turn"
    days.count(kept.SECONDS, 900, le="inf")  # 900 more, longer than the last step
    assert "over 8 s" in figure(office, "median")


def test_the_slowest_of_few_turns_is_not_said_to_be_slower_than_it_was(office: Client) -> None:
    """Of seven that took 4.03 seconds at most none is told to have taken six."""
    days.server(timedelta(hours=3))
    days.turns(7, late=4)
    assert figure(office, "late") == "95th percentile 4 to 8 s the slowest of 7 turns"
    assert "The top of the chart is 8 s" in text(part(office, "times"))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (None, "–"),
        (Step(0.0, 0.001), "under 1 ms"),
        (Step(0.064, 0.128), "64 to 128 ms"),
        (Step(0.5, 1.0), "0.5 to 1 s"),
        (Step(4.0, 8.0), "4 to 8 s"),
        (Step(8.0, math.inf), "over 8 s"),
    ],
)
def test_a_step_is_said_with_both_ends(step: Step | None, words: str) -> None:
    assert between(step) == words


def test_of_few_turns_each_apology_is_said(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.turns(7, apologies=1)
    said = main(office.get("/operations/"))
    assert "1 of the last 7 turns ended in an apology." in said
    assert "All is well" not in said


def test_a_process_that_ended_without_a_word_is_said_for_an_hour(office: Client) -> None:
    days.server(timedelta(hours=3))
    killed = days.server(timedelta(hours=3), host="b2")
    Server.objects.filter(pk=killed.pk).update(seen_at=HALF_PAST - timedelta(minutes=9))
    said = "A process on b2 ended without a word: killed, or out of memory? since Sun 17:21"
    assert said in main(office.get("/operations/"))
    Server.objects.filter(pk=killed.pk).update(seen_at=HALF_PAST - timedelta(minutes=61))
    assert "All is well" in main(office.get("/operations/"))


def test_a_task_that_is_late_is_said(office: Client) -> None:
    days.server(timedelta(hours=9))
    days.by_the_clock()
    said = main(office.get("/operations/"))
    assert "prune ended well at 2026-11-22 17:30" in said
    assert "All is well" in said
    with time_machine.travel(HALF_PAST + timedelta(hours=4), tick=False):
        days.server(timedelta(hours=2))
        assert "manage.py prune has not ended well for 4 hours." in main(office.get("/operations/"))


@pytest.mark.parametrize(
    ("later", "words", "shown"),
    [
        (timedelta(hours=30), "30 hours", True),
        (timedelta(hours=50), "50 hours", True),
        (timedelta(days=4), "4 days", True),
        (timedelta(days=40), "40 days", False),
    ],
)
@pytest.mark.parametrize("prune_runs", [True, False])
def test_a_backup_that_is_dead_is_said_until_one_ends_well(
    later: timedelta, words: str, *, shown: bool, prune_runs: bool
) -> None:
    """Without BACKUP_DAYS, too, and for longer than counts of hours are kept."""
    days.by_the_clock()
    for day in range(1, later.days + 1) if prune_runs else ():
        with time_machine.travel(HALF_PAST + timedelta(days=day), tick=False):
            call_command("prune", stdout=StringIO())
    with time_machine.travel(HALF_PAST + later, tick=False):
        days.server(timedelta(hours=2))
        seen = look()
        (said,) = [each for each in seen.troubles if "backup" in each.text]
        assert said.text == f"manage.py backup has not ended well for {words}."
        assert said.since == (HALF_PAST if shown else None)
        assert seen.day.tasks["backup"] == HALF_PAST
        tasks.done("backup")
        assert not [each for each in look().troubles if "backup" in each.text]


def test_a_task_that_never_ran_is_said_once_the_site_is_old_enough(
    office: Client, settings: Settings
) -> None:
    settings.DEV_TOOLS = False
    settings.BACKUP_DAYS = 14
    days.server(timedelta(hours=3))
    assert "All is well" in main(office.get("/operations/"))
    days.server(timedelta(hours=4))
    said = main(office.get("/operations/"))
    assert "manage.py prune has never ended well, by what is known here. since Sun 13:30" in said
    assert "manage.py backup" not in said
    days.server(timedelta(hours=27))
    said = main(office.get("/operations/"))
    assert "manage.py backup has never ended well, by what is known here. since Sat 14:30" in said


def test_backups_that_nobody_promised_are_no_trouble_and_their_absence_is_told(
    office: Client,
) -> None:
    days.server(timedelta(days=9))
    tasks.done("prune")
    said = main(office.get("/operations/"))
    assert "All is well" in said
    assert "backup never, by what is known here (asked for where BACKUP_DAYS is set" in said


def test_amazon_makes_the_backups_of_its_own_databases(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEV_TOOLS = False
    settings.BACKUP_DAYS = 14
    nothing: dict[str, datetime | None] = dict.fromkeys(tasks.TASKS)
    assert set(tasks.waiting(nothing, HALF_PAST)) == {"backup", "prune"}
    host = "two-doors.c0ffee.eu-west-1.rds.amazonaws.com"
    monkeypatch.setitem(connection.settings_dict, "HOST", host)
    assert set(tasks.waiting(nothing, HALF_PAST)) == {"prune"}
    known = {**nothing, "backup": HALF_PAST}  # but who makes them here goes on to do so
    assert set(tasks.waiting(known, HALF_PAST)) == {"backup", "prune"}


def test_prometheus_hears_since_when_a_task_is_awaited(settings: Settings) -> None:
    settings.DEV_TOOLS = False

    def told(task: str) -> float | None:
        tasks.tell()
        name = "task_awaited_since_timestamp_seconds"
        return REGISTRY.get_sample_value(name, {"task": task})

    settings.BACKUP_DAYS = 14
    began = days.server(timedelta(days=9)).started_at
    assert told("backup") == told("prune") == began.timestamp()
    tasks.done("prune")
    assert (told("backup"), told("prune")) == (began.timestamp(), HALF_PAST.timestamp())
    with time_machine.travel(HALF_PAST + timedelta(days=20), tick=False):
        assert told("prune") == HALF_PAST.timestamp()


def test_what_this_process_could_not_write_yet_is_said(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures come from the database, and a turn that failed just now is in none of them."""
    days.server(timedelta(minutes=20))
    made = recorder.Recorder()
    monkeypatch.setattr(recorder, "_recorder", made)
    alexa_turns.labels("IntentRequest", "DailyFactIntent", "en-US", "apology").inc(2)
    said = main(office.get("/operations/"))
    made.tick()
    assert "just ended" not in main(office.get("/operations/"))
    assert "2 turns just ended in an apology; the figures below do not have them yet." in said


@pytest.mark.django_db(transaction=True)
def test_a_database_that_nobody_can_write_to_is_not_well(office: Client) -> None:
    days.server(timedelta(minutes=20))
    assert database.trouble() == ""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # SQLite is locked by that alone
            if connection.vendor == "postgresql":
                cursor.execute("LOCK TABLE companion_server IN ACCESS EXCLUSIVE MODE")
            held.set()
            over.wait(30)
        connections.close_all()

    def wait() -> None:
        Server.objects.update(host="a1")
        connections.close_all()

    threads = [threading.Thread(target=hold)]
    threads[0].start()
    assert held.wait(30)
    try:
        if connection.vendor == "postgresql":
            threads.append(threading.Thread(target=wait))
            threads[1].start()
            until = time.monotonic() + 30
            while not (said := database.trouble()) and time.monotonic() < until:
                time.sleep(0.1)
            assert said == "Sessions that wait for a lock of the database: 1."
        else:
            said = database.trouble()
            assert said.startswith("The database takes no writes (OperationalError)")
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    assert database.trouble() == ""


def test_turns_that_are_slow_are_said(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.turns(100, late=2)
    assert "Turns are slow" in main(office.get("/operations/"))


def test_that_nobody_is_heard_any_more_is_said(office: Client) -> None:
    days.server(timedelta(days=3))
    days.turns(12, ago=25)
    days.turns(9, ago=26)
    said = "Nobody is heard. A day earlier there were 21 turns in two hours. since Sun 15:00"
    assert said in main(office.get("/operations/"))
    days.turns(1, ago=1)
    assert "Nobody is heard" not in main(office.get("/operations/"))


def test_what_is_grave_comes_first(office: Client) -> None:
    days.a_bad_day()
    page = soup(office.get("/operations/"))
    kinds = [each["class"][0] for each in page.select(".wellness .troubles li")]
    assert set(kinds) == {"bad", "warned"}
    assert kinds == sorted(kinds)


def test_refusals_are_by_reason(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.count(kept.REFUSED_REQUESTS, 12, reason="signature")
    days.count(kept.REFUSED_REQUESTS, 30, ago=3, reason="timestamp")
    days.count(kept.REFUSED_REQUESTS, 99, ago=30, reason="replay")  # yesterday
    days.count(kept.REFUSED_BY_VOICE, 2, reason="unlinked")
    days.count(kept.REFUSED_TOKENS, 2, kind="access", reason="expired")  # in turns, counted there
    days.count(kept.REFUSED_TOKENS, 4, kind="id", reason="nonce")
    days.count(kept.NOT_SERVED, 754, reason="late", kind="page")
    said = text(part(office, "refused"))
    assert "Turned away by the server before the site saw them late 754" in said
    assert "Requests at the voice door timestamp 30 signature 12" in said
    assert "Access tokens in turns unlinked 2" in said
    assert "Tokens at sign-in on the site nonce 4" in said
    assert "replay" not in said
    assert figure(office, "requests").startswith("Requests refused 42 ")
    assert figure(office, "tokens").startswith("Tokens refused 6 ")


def test_people_and_links_are_those_of_the_day(
    office: Client, linked: User, new_fact: NewFact
) -> None:
    now = timezone.now()
    lately, before = now - timedelta(hours=2), now - timedelta(days=3)
    kinds: dict[str, dict[str, Any]] = {
        "speaks": {"linked_at": before, "last_used_at": lately},
        "speaks too": {"linked_at": lately, "last_used_at": lately},
        "unlinked": {"linked_at": before, "unlinked_at": lately, "last_used_at": before},
        "disabled": {"linked_at": before, "disabled_at": lately},
        "fails": {"linked_at": before, "refused_at": lately, "refused_reason": "expired"},
        "old": {"linked_at": before, "last_used_at": before},
    }
    for name, changes in kinds.items():
        AccountLink.objects.create(application_id="s", alexa_user_id=name, user=linked, **changes)
    FactReport.objects.create(fact=new_fact(), language="en", reported_at=now - timedelta(days=4))
    assert figure(office, "spoke") == "People who spoke 1 with a linked account"
    assert figure(office, "links") == "New links 1 1 began to fail"
    assert figure(office, "unlinks") == "Unlinked 1 and 1 switched the skill off"
    assert figure(office, "reports") == "Reports waiting 1 the oldest for 4 days"
    assert (
        figure(office, "sign-ins") == "People who signed in 1 2 new, here or by voice"
    )  # the operator


def test_tries_to_link_are_by_cause_and_lead_to_the_traces(office: Client) -> None:
    for finding in ("token-secret-wrong", "token-secret-wrong", "redirect-uri-region"):
        Attempt.objects.begin(outcome="failed", finding=finding)
    Attempt.objects.begin(outcome="linked")
    assert figure(office, "tries") == "Failed tries to link 3 of 4 that were recorded"
    links = part(office, "tries").select("dt a")
    assert [str(link["href"]) for link in links] == [
        "/traces/?time=24h&outcome=failed&cause=token-secret-wrong",
        "/traces/?time=24h&outcome=failed&cause=redirect-uri-region",
    ]
    for link, number in zip(links, (2, 1), strict=True):
        assert f"{number} attempt" in main(office.get(str(link["href"])))


def test_without_a_trace_it_says_so(office: Client, settings: Settings) -> None:
    settings.OAUTH_TRACE = False
    assert "OAUTH_TRACE is off" in figure(office, "tries")


def test_failures_have_references(office: Client) -> None:
    days.server(timedelta(hours=3))
    days.count(FAILED, 240, place="GET /facts/")
    Failure.objects.create(at=HALF_PAST, reference="7f3kq2ab", place="GET /facts/", kind="KeyError")
    said = text(part(office, "failures"))
    assert "240 × GET /facts/" in said
    assert "Sun 17:30:00 7f3kq2ab GET /facts/ KeyError" in said
    assert figure(office, "failures").startswith("Failures 240 ")
    assert "240 failures in this hour and the one before." in main(office.get("/operations/"))


def test_what_a_failure_says_is_text(office: Client) -> None:
    days.server(timedelta(hours=3))
    Failure.objects.create(at=HALF_PAST, place="<script>alert(1)</script>", kind="<b>")
    assert b"<script>alert" not in office.get("/operations/").content


# --- what is degraded, and since when -----------------------------------------------------------


def test_a_cache_that_fails_is_degraded_since_its_first_failure(office: Client) -> None:
    days.server(timedelta(hours=9))
    for hours, minutes in ((6, 10), (2, 50), (1, 20), (0, 29)):  # the first is another time
        at = days.this_hour() - timedelta(hours=hours) + timedelta(minutes=minutes)
        days.count(kept.CACHE_FAILURES, 5, ago=hours, at=at)
    said = text(part(office, "degraded"))
    assert "The cache: 15 failures since Sun 15:50 , last at Sun 17:29" in said
    assert "The cache failed 15 times. since Sun 15:50" in main(office.get("/operations/"))


def test_a_cache_that_is_silent_again_is_well(office: Client) -> None:
    days.server(timedelta(hours=9))
    days.by_the_clock()
    days.count(kept.CACHE_FAILURES, 5, at=days.this_hour() + timedelta(minutes=10))
    assert "and it is over" in text(part(office, "degraded"))
    assert "All is well" in main(office.get("/operations/"))


@pytest.mark.parametrize(("worked", "is_over"), [(None, False), (10, False), (29, True)])
def test_a_service_is_as_its_last_call_was(
    office: Client, worked: int | None, is_over: bool
) -> None:
    days.server(timedelta(hours=9))
    days.by_the_clock()
    at = days.this_hour()
    calls = partial(days.count, kept.CALLS, service="certificate_chain")
    calls(3, at=at + timedelta(minutes=20), result="timeout")
    if worked is not None:
        calls(1, at=at + timedelta(minutes=worked), result="ok")
    assert "Alexa’s certificate chains (Amazon S3): 3 failures" in text(part(office, "degraded"))
    assert ("and it is over" in text(part(office, "degraded"))) is is_over
    assert ("All is well" in main(office.get("/operations/"))) is is_over


def test_a_part_that_is_not_ready_is_said(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    days.server(timedelta(hours=9))
    gone = readiness.Part(readiness.State.DEGRADED, "ConnectionError")
    fine = readiness.Part()
    found = readiness.Readiness({"database": fine, "cache": gone})
    monkeypatch.setattr(readiness, "now", lambda: found)
    said = main(office.get("/operations/"))
    assert "Degraded: cache, ConnectionError." in said
    assert "All is well" not in said


def test_what_the_doctor_found_last_is_there(office: Client) -> None:
    days.server(timedelta(hours=9))
    report = {"at": HALF_PAST.isoformat(), "counts": {"error": 2, "warning": 1}}
    forgiving_cache.keep(DOCTORS_REPORT, report, seconds=60)
    said = main(office.get("/operations/"))
    assert "The doctor found 2 errors." in said
    assert "2 errors, 1 warning at Sun 17:30" in said


def test_the_last_deploy_and_two_versions_at_once(office: Client) -> None:
    days.server(timedelta(days=9), version="1.3.0", ended=timedelta(hours=5))
    days.server(timedelta(hours=5), version="1.4.0")
    days.server(timedelta(hours=1), version="1.4.0", host="b2")
    days.by_the_clock()
    said = main(office.get("/operations/"))
    assert "1.4.0, since 2026-11-22 12:30 ; 2 processes on 2 hosts" in said
    assert "All is well" in said
    days.server(timedelta(hours=7), version="1.3.0", host="c3")
    assert "Two versions run side by side: 1.3.0, 1.4.0." in main(office.get("/operations/"))


def test_a_version_that_came_back_is_as_old_as_its_return(office: Client) -> None:
    days.server(timedelta(days=9), version="1.3.0", ended=timedelta(hours=5))
    days.server(timedelta(hours=5), version="1.4.0", ended=timedelta(hours=2))
    days.server(timedelta(hours=2), version="1.3.0")
    assert "1.3.0, since 2026-11-22 15:30" in main(office.get("/operations/"))


# --- the page itself ----------------------------------------------------------------------------


def test_its_hours_are_those_of_the_operator(office: Client, operator: User) -> None:
    operator.profile.time_zone = "Asia/Kolkata"
    operator.profile.save()
    days.server(timedelta(days=2))
    days.turns(5)
    assert row_of(office, "turns", "Sun 22:30")[0] == "5"
    assert "as of 23:00:00" in main(office.get("/operations/"))
    assert "Times are of Asia/Kolkata." in main(office.get("/operations/"))


def test_htmx_gets_the_part_that_changes(office: Client) -> None:
    days.a_day()
    part_of = office.get("/operations/", headers={"HX-Request": "true"}).content.decode()
    assert part_of.lstrip().startswith('<section id="glance"')
    assert "<html" not in part_of


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_every_figure_leads_on(office: Client, scene: Callable[[], None]) -> None:
    scene()
    page = soup(office.get("/operations/"))
    figures = page.select(".figures li")
    assert len(figures) == 13
    for each in figures:
        assert each.a, text(each)
        address = str(each.a["href"])
        if address.startswith("#"):
            assert page.find(id=address[1:]), address
        else:
            assert office.get(address).status_code == 200, address
    for link in page.select("#glance a[href^='#']"):
        assert page.find(id=str(link["href"])[1:]), link


@pytest.mark.parametrize("scene", SCENES[1:], ids=lambda scene: scene.__name__)
def test_each_chart_stands_in_a_table_too(office: Client, scene: Callable[[], None]) -> None:
    scene()
    for name in ("turns", "times"):
        section = part(office, name)
        assert section.svg is not None
        assert section.svg["aria-hidden"] == "true"
        assert len(section.select("tbody tr")) == 24
        assert not re.search(r"nan|inf\b|-\d", str(section.svg.select("rect")))


def test_a_fortnight_costs_no_more(office: Client) -> None:
    days.a_bad_day()
    began = days.this_hour()
    HourlyCount.objects.bulk_create(
        HourlyCount(
            hour=began - timedelta(hours=ago),
            name=kept.REFUSED_REQUESTS,
            labels=f"reason=r{number}",
            number=1,
            first_at=began,
            last_at=began,
        )
        for ago in range(15 * 24)
        for number in range(40)
    )
    Server.objects.bulk_create(
        Server(key=f"k{n}", host="h", version="1", started_at=began, seen_at=began)
        for n in range(3000)
    )
    Failure.objects.bulk_create(
        Failure(at=began - timedelta(minutes=n), place="p") for n in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as queries:
        assert office.get("/operations/").status_code == 200
    asked = statements_of(queries)
    assert len(asked) <= MOST_STATEMENTS, asked
    if connection.vendor == "sqlite":
        for statement in asked:
            if "companion_" in statement:
                with connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
                    plan = " ".join(str(row[3]) for row in cursor.fetchall())
                assert "USING INDEX" in plan, (plan, statement)
