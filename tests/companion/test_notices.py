"""What a page says once, and to nobody else."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import main

PAGE = "/facts/space/blue-sunsets/"
REPORT = f"{PAGE}report/"
THANKS = "Thank you. Somebody will compare"


@pytest.fixture(autouse=True)
def _fact(new_fact: NewFact) -> None:
    new_fact("blue-sunsets")


def test_it_is_said_once(sign_in: SignIn, linked: User) -> None:
    client = sign_in(linked)
    client.post(REPORT)
    assert "messages" not in client.cookies
    assert THANKS in main(client.get(PAGE))
    assert THANKS not in main(client.get(PAGE))


@pytest.mark.parametrize("how", ["signed out", "ended elsewhere"])
def test_the_next_person_in_this_browser_reads_nothing_of_it(
    sign_in: SignIn, linked: User, stranger: User, how: str
) -> None:
    client = sign_in(linked)
    client.post(REPORT)
    if how == "signed out":
        client.post("/accounts/logout/")
    else:
        Session.objects.all().delete()
    assert THANKS not in client.get(PAGE).content.decode()
    client.force_login(stranger)
    assert THANKS not in client.get(PAGE).content.decode()


def test_a_visitors_notice_begins_no_session_and_goes_when_somebody_signs_in(
    client: Client, linked: User
) -> None:
    client.post(REPORT)
    assert client.cookies["messages"].value
    assert not Session.objects.exists()
    client.force_login(linked)
    assert THANKS not in client.get(PAGE).content.decode()
    assert not client.cookies["messages"].value
    client.post("/accounts/logout/")
    assert THANKS not in client.get(PAGE).content.decode()


def test_looking_for_one_costs_nothing(client: Client) -> None:
    client.cookies["messages"] = "nonsense"
    assert client.get(PAGE).status_code == 200
    assert not Session.objects.exists()
