"""The page /doctor/."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client, override_settings

from accounts.models import User
from companion.doctor import views
from companion.doctor.checks import ALL
from tests.companion.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(operator: User) -> User:
    operator.is_superuser = True
    operator.save()
    return operator


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the checks only those that ask nobody."""
    monkeypatch.setattr(views, "ALL", tuple(each for each in ALL if not each.online))


def test_a_visitor_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/doctor/")["Location"].startswith("/accounts/login/")
    assert client.post("/doctor/").status_code == 302


def test_people_may_not_see_it(stranger: User, sign_in: SignIn) -> None:
    browser = sign_in(stranger)
    assert browser.get("/doctor/").status_code == 404
    assert browser.post("/doctor/").status_code == 404


def test_the_permission_alone_is_not_enough(stranger: User, sign_in: SignIn) -> None:
    """Who lost the place in the pool's groups keeps no door open."""
    stranger.user_permissions.add(Permission.objects.get(codename="view_attempt"))
    assert sign_in(stranger).get("/doctor/").status_code == 404


def test_being_staff_alone_is_not_enough(operator: User, sign_in: SignIn) -> None:
    operator.groups.clear()
    assert sign_in(operator).get("/doctor/").status_code == 404


def test_operators_may(operator: User, sign_in: SignIn) -> None:
    assert sign_in(operator).get("/doctor/").status_code == 200


def test_before_anybody_looked_it_offers_to(administrator: User, sign_in: SignIn) -> None:
    page = BeautifulSoup(sign_in(administrator).get("/doctor/").content, "html.parser")
    assert "Look now" in page.main.get_text()  # type: ignore[union-attr]
    assert page.select("#results li") == []


def test_it_looks_and_keeps_what_it_saw(administrator: User, sign_in: SignIn) -> None:
    browser = sign_in(administrator)
    with override_settings(ALEXA_VENDOR_ID="amzn1.ask.skill.1"):
        first = browser.post("/doctor/").content.decode()
    again = browser.get("/doctor/").content.decode()
    for text in (first, again):
        page = BeautifulSoup(text, "html.parser")
        cards = [card.get_text(" ", strip=True) for card in page.select("#results .card")]
        assert any("amzn1.ask.skill.1 is a skill id" in card for card in cards)
        assert any("Error" in card and "Mend it" in card for card in cards)
        assert "errors" in page.select_one("#summary").get_text()  # type: ignore[union-attr]


def test_a_note_is_no_tick(administrator: User, sign_in: SignIn) -> None:
    page = BeautifulSoup(sign_in(administrator).post("/doctor/").content, "html.parser")
    lines = [line.get_text(" ", strip=True) for line in page.select("#results .ticks li")]
    told = next(line for line in lines if "for this machine only" in line)
    assert told.startswith("Note: PUBLIC_URL")
    assert "1 note," in page.select_one("#summary").get_text()  # type: ignore[union-attr]


def test_htmx_gets_the_results_and_the_summary(administrator: User, sign_in: SignIn) -> None:
    browser = sign_in(administrator)
    text = browser.post("/doctor/", headers={"hx-request": "true"}).content.decode()
    page = BeautifulSoup(text, "html.parser")
    assert page.html is None
    assert page.select_one("#results")
    assert page.select_one("#summary")["hx-swap-oob"] == "innerHTML"  # type: ignore[index]


@override_settings(RATE_LIMITS=True)
def test_looking_is_limited_and_reading_is_not(administrator: User, sign_in: SignIn) -> None:
    browser = sign_in(administrator)
    answers = [browser.post("/doctor/").status_code for _ in range(views.RATE + 1)]
    assert answers[: views.RATE] == [200] * views.RATE
    assert answers[-1] == 429
    assert browser.get("/doctor/").status_code == 200


def test_it_ends_in_time_for_a_page() -> None:
    assert views.DEADLINE < 10


def test_nothing_secret_is_on_the_page(administrator: User, sign_in: SignIn) -> None:
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET='"planted-secret"'):
        assert "planted-secret" not in sign_in(administrator).post("/doctor/").content.decode()


def test_errors_come_before_warnings(administrator: User, sign_in: SignIn) -> None:
    """A secret that is not set is a warning; skill ids, an error, are looked at after it."""
    with override_settings(COGNITO_ALEXA_CLIENT_SECRET="", ALEXA_SKILL_IDS=[]):
        page = BeautifulSoup(sign_in(administrator).post("/doctor/").content, "html.parser")
    states = [each.get_text(strip=True) for each in page.select("#results .card .status")]
    assert set(states) == {"Error", "Warning"}
    assert states == sorted(states)
