from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import forgiving_cache
from accounts.oauth_trace import recording, wanted
from accounts.oauth_trace.models import Attempt, Span

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _trace_is_there(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OAUTH_TRACE = True
    recording.forget_span()
    # the pool was just asked, and did not answer
    forgiving_cache.keep(f"{wanted._key()}:fresh", value=True, seconds=60)
    monkeypatch.setattr(wanted, "forget", lambda: None)


@pytest.fixture
def pool_knows() -> None:
    """The pool did answer, and has no callback of ours."""
    facts = {"callbacks": ("https://pitangui.amazon.com/api/skill/link/MTESTVENDOR",)}
    forgiving_cache.keep(wanted._key(), facts, seconds=60)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("oauth_trace", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_on_records_for_two_hours_with_capture() -> None:
    told = run("on")
    span = Span.objects.get()
    assert span.capture
    assert abs(span.ends_at - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)
    assert f"Recording until {span.ends_at:%Y-%m-%d %H:%M} UTC" in told
    assert recording.span() == span


@pytest.mark.parametrize("hours", ["0.5", "168"])
def test_on_takes_other_hours(hours: str) -> None:
    run("on", "--hours", hours)
    span = Span.objects.get()
    assert span.ends_at - span.started_at == timedelta(hours=float(hours))


@pytest.mark.parametrize("hours", ["0", "-1", "169", "inf", "nan"])
def test_on_refuses_nonsense(hours: str) -> None:
    with pytest.raises(CommandError, match="choose more than 0, and up to 168"):
        run("on", "--hours", hours)
    assert not Span.objects.exists()


def test_without_capture_it_says_so() -> None:
    assert "without capture" in run("on", "--no-capture")
    assert not Span.objects.get().capture


def test_on_again_takes_the_place_of_the_one_before() -> None:
    run("on")
    run("on", "--hours", "1")
    first, second = Span.objects.order_by("pk")
    assert first.stopped_at is not None
    assert Span.objects.current() == second


def test_off_ends_it_at_once() -> None:
    run("on")
    assert "Not recording." in run("off")
    assert recording.span() is None
    assert run("off").strip() == "It was off."


def test_on_wants_the_addresses_to_be_there(settings: LazySettings) -> None:
    settings.OAUTH_TRACE = False
    with pytest.raises(CommandError, match="OAUTH_TRACE=1"):
        run("on")


@pytest.mark.usefixtures("pool_knows")
def test_on_wants_our_callback_to_be_registered() -> None:
    with pytest.raises(CommandError, match=r"pool deploy --public-url http://localhost:8000"):
        run("on")
    assert not Span.objects.exists()
    assert "without capture" in run("on", "--no-capture")


def test_status_says_what_a_person_needs() -> None:
    run("on")
    for age in (1, 23, 25):
        Attempt.objects.begin(started_at=timezone.now() - timedelta(hours=age))
    Span.objects.update(lost=3)
    told = run("status")
    for line in (
        "Recording until",
        "Attempts in the last 24 hours: 2",
        "3 exchange(s) could not be recorded.",
        "http://localhost:8000/oauth/authorize",
        "http://localhost:8000/oauth/token",
        "http://localhost:8000/traces/",
    ):
        assert line in told


def test_status_is_short_where_nothing_is_on(settings: LazySettings) -> None:
    settings.OAUTH_TRACE = False
    told = run("status")
    assert "Not recording. OAUTH_TRACE is off here" in told
    assert "/oauth/" not in told
    assert "could not be recorded" not in told


def test_a_span_without_the_addresses_records_nothing_and_says_so(settings: LazySettings) -> None:
    run("on")
    settings.OAUTH_TRACE = False
    told = run("status")
    assert "Recording until" not in told
    assert "Set OAUTH_TRACE=1" in told


def test_while_it_records_it_says_what_to_type(settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://facts.example.com"
    run("on", "--no-capture")
    told = [" ".join(line.split()) for line in run("status").splitlines()]
    for line in (
        "Your Web Authorization URI https://facts.example.com/oauth/authorize",
        "Access Token URI https://facts.example.com/oauth/token",
        "Scope openid, email, phone, as before",
        "Domain List facts.example.com, beside what is there",
    ):
        assert line in told
    assert any(line.endswith(": https://facts.example.com/oauth/callback") for line in told)
    assert "Amazon cannot reach" not in " ".join(told)
    settings.PUBLIC_URL = "http://localhost:8000"
    assert "Amazon cannot reach this machine" in run("status")


def test_when_it_is_off_it_leads_back_to_the_direct_addresses() -> None:
    run("on")
    assert "pool show" not in run("status")
    told = run("off")
    assert "Put the direct\naddresses back" in told
    assert "`manage.py pool show`" in told
    assert "Domain List" not in told


def test_the_help_of_the_gateway_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("gateway", "--help")
    told = capsys.readouterr().out
    for words in ("It needs an AWS account", "Cost:", "Secrets:", "in\nclear"):
        assert words in told


def test_a_span_that_has_passed_is_over() -> None:
    now = timezone.now()
    Span.objects.create(started_at=now - timedelta(hours=3), ends_at=now - timedelta(hours=1))
    assert "Not recording." in run("status")
    assert recording.span() is None
