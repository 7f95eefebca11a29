"""“That’s wrong”, on the website."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactReport
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements

HTMX = {"HX-Request": "true"}
PAGE = "/facts/space/blue-sunsets/"
REPORT = f"{PAGE}report/"
UNDO = f"{REPORT}undo/"


@pytest.fixture(autouse=True)
def shown(new_fact: NewFact) -> Fact:
    return new_fact("blue-sunsets")


def test_a_visitor_reports_and_comes_back(client: Client, shown: Fact) -> None:
    form = form_to(client.get(PAGE), REPORT)
    answer = client.post(REPORT, form)
    assert answer["Location"] == PAGE
    assert "Thank you" in main(client.get(PAGE))
    report = FactReport.objects.get()
    assert (report.fact, report.user, report.language) == (shown, None, "en")
    assert "sessionid" not in client.cookies
    assert not client.session.keys()


def test_a_person_says_it_once(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    for _press in range(3):
        assert client.post(REPORT, {"next": "/today/"})["Location"] == "/today/"
    assert FactReport.objects.get().user == linked
    for page in (PAGE, "/today/"):
        assert "Reported as wrong" in main(client.get(page))
        assert not soup(client.get(page)).find("form", action=REPORT)


def test_a_person_takes_it_back(sign_in: SignIn, linked: User, stranger: User) -> None:
    FactReport.objects.create(fact=Fact.objects.get(), user=stranger, language="en")
    client = sign_in(linked)
    client.post(REPORT)
    form = form_to(client.get(PAGE), UNDO)
    for _press in range(2):
        assert client.post(UNDO, form)["Location"] == PAGE
    assert FactReport.objects.get().user == stranger
    assert soup(client.get(PAGE)).find("form", action=REPORT)


def test_what_an_operator_answered_stays(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    client.post(REPORT)
    FactReport.objects.update(closed_at="2026-11-20T12:00Z")
    client.post(UNDO)
    assert FactReport.objects.count() == 1


def test_htmx_swaps_what_was_asked(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    thanks = client.post(REPORT, headers=HTMX)
    assert b"<html" not in thanks.content
    assert soup(thanks).find("form", action=UNDO)
    assert soup(client.post(UNDO, headers=HTMX)).find("form", action=REPORT)


def test_it_asks_first(client: Client) -> None:
    page = client.get(REPORT)
    assert "Is this wrong?" in main(page)
    assert form_to(page, REPORT)
    assert not FactReport.objects.exists()


@time_machine.travel("2026-11-22T10:00Z", tick=False)  # in one window
def test_nobody_fills_the_queue(client: Client, settings: Settings) -> None:
    for _press in range(10):
        client.post(REPORT)
    assert FactReport.objects.count() == FactReport.FROM_NOBODY
    settings.RATE_LIMITS = True
    answers = [client.post(REPORT).status_code for _press in range(21)]
    assert answers == [302] * 20 + [429]


def test_it_wants_a_token_and_a_fact(client: Client, linked: User) -> None:
    strict = Client(SERVER_NAME="localhost", SERVER_PORT="8000", enforce_csrf_checks=True)
    assert strict.post(REPORT).status_code == 403
    client.force_login(linked)
    Fact.objects.update(is_published=False)
    for path in (REPORT, UNDO, "/facts/space/nothing/report/", "/facts/space/nothing/report/undo/"):
        assert client.post(path).status_code == 404
        assert client.get(path).status_code == 404
    assert not FactReport.objects.exists()


def test_taking_back_needs_a_person(client: Client, linked: User) -> None:
    assert client.post(UNDO)["Location"].startswith("/accounts/login/")
    client.force_login(linked)
    assert client.get(UNDO)["Location"] == PAGE


def test_it_goes_to_no_other_site(client: Client) -> None:
    assert client.post(REPORT, {"next": "//evil.example/"})["Location"] == PAGE


def test_it_takes_few_statements(sign_in: SignIn, linked: User) -> None:
    assert statements(sign_in(linked), REPORT) <= 6
