"""Recording is switched on and off by administrators, and that is on record."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from accounts.oauth_trace import recording
from accounts.oauth_trace.models import Span
from companion.traces.recorder import recorder
from tests.companion.pages import main, soup

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client, operator: User) -> Client:
    operator.is_superuser = True
    operator.save()
    client.force_login(operator)
    return client


@pytest.fixture(autouse=True)
def _set() -> object:
    recording.forget_span()
    with override_settings(OAUTH_TRACE=True):
        yield
    recording.forget_span()


def records() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def test_on_and_off(boss: Client) -> None:
    answer = boss.post("/traces/on/", {"hours": "2", "capture": "1"}, follow=True)
    span = Span.objects.current()
    assert span
    assert span.capture
    assert span.ends_at - span.started_at == timedelta(hours=2)
    assert "Recording until" in main(answer)

    said = main(boss.post("/traces/off/", follow=True))
    assert "Not recording" in said
    assert Span.objects.current() is None
    assert records() == [
        "Switched the trace on for 2 hours, with capture.",
        "Switched the trace off.",
    ]


def test_off_twice_is_recorded_once(boss: Client) -> None:
    boss.post("/traces/on/", {"hours": "24"})
    for _ in range(2):
        assert boss.post("/traces/off/").status_code == 302
    assert len(records()) == 2


@pytest.mark.parametrize("hours", ["", "0", "-1", "3", "nan", "9" * 400, "2.0"])
def test_only_for_a_time_that_is_offered(boss: Client, hours: str) -> None:
    said = main(boss.post("/traces/on/", {"hours": hours}, follow=True))
    assert "Choose for how long." in said
    assert Span.objects.count() == 0


@override_settings(OAUTH_TRACE=False)
def test_not_where_the_trace_is_not_set_up(boss: Client) -> None:
    said = main(boss.post("/traces/on/", {"hours": "2"}, follow=True))
    assert "Not switched on: OAUTH_TRACE is off" in said
    assert "Set OAUTH_TRACE=1" in said
    assert Span.objects.count() == 0


def test_operators_see_it_and_do_not_switch(office: Client) -> None:
    now = timezone.now()
    Span.objects.create(started_at=now, ends_at=now + timedelta(hours=1), capture=False)
    page = office.get("/traces/")
    assert "The way back from sign-in is not recorded" in main(page)
    assert not soup(page).find("form", action="/traces/off/")
    for path in ("/traces/on/", "/traces/off/"):
        assert office.post(path, {"hours": "2"}).status_code == 404
    assert Span.objects.current()


def test_the_addresses_to_type_are_there(office: Client) -> None:
    said = main(office.get("/traces/"))
    for address in (
        "http://localhost:8000/oauth/authorize",
        "http://localhost:8000/oauth/token",
        "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR",
        "https://layla.amazon.com/api/skill/link/MTESTVENDOR",
        "https://alexa.amazon.co.jp/api/skill/link/MTESTVENDOR",
    ):
        assert address in said


def test_what_to_type_at_amazon_is_for_amazon(office: Client) -> None:
    with override_settings(COGNITO_DOMAIN_URL="https://pool.example.com"):
        said = main(office.get("/traces/"))
        assert "Amazon takes no address of this machine" in said
        assert "Domain List, beside what is there localhost pool.example.com" in said
        with override_settings(PUBLIC_URL="https://facts.example.com"):
            public = recorder(None, is_all=False)
    assert not public.is_local
    assert public.domains == ("facts.example.com", "pool.example.com")


def test_while_it_is_off_it_says_the_ways_on_and_out(office: Client) -> None:
    said = main(office.get("/traces/"))
    assert "manage.py oauth_trace on --hours 2" in said
    assert "manage.py pool show" in said


def test_the_end_is_told_with_its_zone(boss: Client, operator: User) -> None:
    operator.profile.time_zone = "Asia/Tokyo"
    operator.profile.save()
    said = main(boss.post("/traces/on/", {"hours": "2"}, follow=True))
    assert re.search(r"Recording until \d{4}-\d\d-\d\d \d\d:\d\d Asia/Tokyo", said)


def test_what_could_not_be_recorded_is_told_while_it_is_kept(office: Client) -> None:
    now = timezone.now()
    Span.objects.create(started_at=now - timedelta(days=3), ends_at=now - timedelta(days=2), lost=2)
    with override_settings(OAUTH_TRACE_DAYS=7):
        said = main(office.get("/traces/"))
    assert "2 exchanges could not be recorded in the last 7 days." in said
    with override_settings(OAUTH_TRACE_DAYS=1):
        assert "could not be recorded" not in main(office.get("/traces/"))
