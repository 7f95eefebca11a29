"""Addresses that nobody's click makes: the list again or a 400, and nothing learnt."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.conftest import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(operator: User) -> Client:
    client = browser(raise_request_exception=False)
    client.force_login(operator)
    return client


@pytest.mark.parametrize(
    "address",
    [
        "accounts/user/?password__startswith=!",
        "accounts/user/?email__regex=%5E(.%7C.)*!%24",
        "accounts/user/?email__regex=(",
        "accounts/user/?groups=99999999999999999999",
        "accounts/user/?id__range=1",
        "accounts/user/?profile__display_name=x",
        "accounts/profile/?topics__contains=x",
        "accounts/profile/?user__password__startswith=!",
        "skill_endpoint/accountlink/?user__password__startswith=!",
        "facts/fact/?topic__slug__regex=x",
    ],
)
def test_a_lookup_that_no_filter_makes_is_refused(office: Client, address: str) -> None:
    assert office.get(f"/admin/{address}").status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "accounts/user/?date_joined__year=9999",
        "accounts/user/?date_joined__gte=0001-01-01+00:00:00%2B23:59",
        "facts/factreport/?reported_at__gte=x",
        "skill_endpoint/skillevent/?event_time__year=9999",
    ],
)
def test_a_value_that_no_date_has_leads_back_to_the_list(office: Client, address: str) -> None:
    before = (
        transaction.savepoint_create()
    )  # what PostgreSQL refuses ends the transaction of the test
    response = office.get(f"/admin/{address}")
    transaction.savepoint_rollback(before)
    if connection.vendor == "postgresql" and "0001-01-01" in address:
        # bound by the server, this is a moment of the year before, and the list an honest one
        assert response.status_code == 200
        return
    assert (response.status_code, response["Location"].partition("?")[2]) == (302, "e=1")
    assert office.get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "accounts/user/?is_active__exact=1&is_staff__exact=0&first_seen_by__exact=web",
        "accounts/user/?date_joined__year=2026&date_joined__month=11",
        "accounts/profile/?remember_history__exact=1",
        "skill_endpoint/accountlink/?state=working",
        "skill_endpoint/skillevent/?type=x&applied__exact=1",
        "facts/fact/?topic__id__exact=1&texts__language=en&child_safe__exact=1",
    ],
)
def test_what_the_filters_make_is_answered(office: Client, address: str) -> None:
    assert office.get(f"/admin/{address}").status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"action": "delete_selected", "_selected_action": "x"},
        {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": "9" * 20, "_save": 1},
    ],
)
def test_a_made_up_form_is_a_bad_request(office: Client, form: dict[str, object]) -> None:
    # PostgreSQL is not even asked for a number that it cannot have: the list says what is wrong
    assert office.post("/admin/facts/topic/", form).status_code in {200, 302, 400}


@pytest.mark.parametrize("model", ["usersessions/usersession", "socialaccount/socialaccount"])
def test_session_keys_are_shown_to_nobody(office: Client, operator: User, model: str) -> None:
    operator.is_superuser = True
    operator.save()
    assert office.get(f"/admin/{model}/").status_code == 404
    assert office.get("/admin/auth/group/?id__range=1").status_code == 400


def test_there_is_no_password_to_change(office: Client) -> None:
    assert office.get("/admin/password_change/").status_code == 404


@pytest.mark.parametrize("model", ["accounts/user", "facts/fact", "facts/factreport"])
def test_a_search_is_bounded_and_says_so(office: Client, model: str) -> None:
    answer = office.get(f"/admin/{model}/", {"q": "a " * 900})
    assert answer.status_code == 200
    assert "at most 400 characters" in answer.content.decode()
    with CaptureQueriesContext(connection) as asked:
        answer = office.get(f"/admin/{model}/", {"q": "a " * 190})
    assert "at most" not in answer.content.decode()
    assert max(query["sql"].count("LIKE") for query in asked) <= 12 * 6


@pytest.mark.parametrize("model", ["accounts/user", "skill_endpoint/accountlink"])
def test_a_search_that_the_database_gave_up_says_what_to_search_for(
    office: Client, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """PostgreSQL ends it after three seconds: a part of a word is looked for in each row."""
    found = admin.ModelAdmin.get_search_results

    def given_up(*args: Any) -> Any:
        if args[-1]:
            raise OperationalError("canceling statement due to statement timeout")
        return found(*args)

    monkeypatch.setattr(admin.ModelAdmin, "get_search_results", given_up)
    answer = office.get(f"/admin/{model}/", {"q": "example.com"}, follow=True)
    assert answer.redirect_chain == [(f"/admin/{model}/", 302)]
    assert answer.status_code == 200
    assert "Whole ids, e-mail addresses and phone numbers are found" in answer.content.decode()
