"""The admin's front page: what needs an operator, and that all is well where it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import Tag
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.data_export.models import DataExport
from accounts.models import Deletion, Door, User
from accounts.oauth_trace.models import Attempt
from companion.operations import tasks
from skill_endpoint.facts.models import Fact, FactReport, FactText
from skill_endpoint.locales import LANGUAGES
from skill_endpoint.models import AccountLink
from tests.companion.conftest import NewFact
from tests.companion.pages import soup, statements, text

pytestmark = pytest.mark.django_db
LINKS = "/admin/skill_endpoint/accountlink/"


def card(office: Client, name: str) -> Tag:
    response = office.get("/admin/")
    assert response.status_code == 200
    found = soup(response).find(id=name)
    assert isinstance(found, Tag)
    return found


def hrefs(part: Tag) -> list[str]:
    return [str(link["href"]) for link in part.find_all("a")]


def refuse(user: User, number: int, **fields: Any) -> None:
    defaults = {
        "linked_at": timezone.now(),
        "refused_at": timezone.now(),
        "refused_reason": "expired",
    }
    AccountLink.objects.bulk_create(
        AccountLink(
            application_id="s", alexa_user_id=f"{fields}{each}", user=user, **{**defaults, **fields}
        )
        for each in range(number)
    )


def test_a_fresh_installation_says_how_to_begin(office: Client) -> None:
    assert "Load the sample facts: manage.py facts load" in text(card(office, "missing"))
    for name in ("links", "reports", "exports"):
        assert "All is well" in text(card(office, name))


def test_links_that_fail_are_counted_by_reason(office: Client, linked: User) -> None:
    refuse(linked, 2)
    refuse(linked, 3, refused_reason="client", refused_at=timezone.now() - timedelta(days=2))
    # the state of these is another
    refuse(linked, 5, disabled_at=timezone.now())
    refuse(linked, 5, refused_at=None, refused_reason="")

    links = card(office, "links")

    assert "5 links need to be made again. 2 of them failed in the last 24 hours." in text(links)
    assert "client: 3 expired: 2" in text(links)
    for address, number in zip(hrefs(links), (3, 2, 5), strict=True):
        assert len(office.get(address).context["cl"].result_list) == number


def test_tries_to_link_that_failed_are_counted_by_cause(office: Client, settings: Settings) -> None:
    settings.OAUTH_TRACE = True
    assert "No try to link Alexa failed in the last 24 hours." in text(card(office, "attempts"))
    for number, finding in ((2, "scope-without-openid"), (1, "token-secret-wrong")):
        for _ in range(number):
            Attempt.objects.begin(outcome="failed", finding=finding)
    Attempt.objects.begin(outcome="gave_up", finding="page-closed")
    Attempt.objects.begin(
        outcome="failed",
        finding="token-secret-wrong",
        started_at=timezone.now() - timedelta(days=2),
    )

    attempts = card(office, "attempts")

    assert "3 tries to link Alexa failed in the last 24 hours." in text(attempts)
    assert "scope-without-openid: 2 token-secret-wrong: 1" in text(attempts)
    for address, number in zip(hrefs(attempts), (2, 1, 5), strict=True):
        assert office.get(address).context["number"] == number


def test_without_a_trace_there_is_no_card_of_it(office: Client) -> None:
    assert soup(office.get("/admin/")).find(id="attempts") is None


def test_open_reports_are_counted(office: Client, linked: User, fact: Fact) -> None:
    when = timezone.now() - timedelta(days=3)
    for user in (linked, None):
        FactReport.objects.create(fact=fact, user=user, language="en", reported_at=when)
    FactReport.objects.create(fact=fact, language="en", closed_at=timezone.now())

    reports = card(office, "reports")

    assert "1 fact was reported as wrong." in text(reports)
    assert "2 open reports" in text(reports)
    assert len(office.get(hrefs(reports)[0]).context["cl"].result_list) == 2


def test_facts_without_a_text_are_counted_for_each_language(
    office: Client, new_fact: NewFact
) -> None:
    for number in range(3):
        new_fact(f"fact-{number}")
    new_fact("withdrawn", is_published=False)
    FactText.objects.create(fact=Fact.objects.get(slug="fact-1"), language="fr", headline="h")
    FactText.objects.create(fact=Fact.objects.get(slug="withdrawn"), language="fr", headline="h")

    missing = text(card(office, "missing"))

    assert "French: 2" in missing
    assert "Arabic: 3" in missing
    assert "English" not in missing.replace("told in English", "")
    assert "Needs a look" not in missing, "it is told, and will be so for long"


def test_with_every_text_there_all_is_well(office: Client, new_fact: NewFact) -> None:
    fact = new_fact("whole")
    for language in set(LANGUAGES) - {"en"}:
        FactText.objects.create(fact=fact, language=language, headline="h")
    assert "All is well" in text(card(office, "missing"))


def test_exports_and_deletions_of_the_last_day(
    office: Client, linked: User, stranger: User, phone_only: User
) -> None:
    before = timezone.now() - timedelta(days=2)
    for user, state in ((linked, "ready"), (stranger, "failed")):
        DataExport.objects.create(user=user, state=state, language="en")
    DataExport.objects.create(user=phone_only, state="failed", language="en", requested_at=before)
    Deletion.objects.create(by=Deletion.By.SELF)
    Deletion.objects.create(by=Deletion.By.OPERATOR)
    Deletion.objects.create(by=Deletion.By.SELF, deleted_at=before)

    exports = card(office, "exports")

    assert "Needs a look" in text(exports)
    said = "2 people asked for their data. 1 download failed. 2 accounts were deleted."
    assert said in text(exports)
    assert hrefs(exports)
    for address in hrefs(exports):
        assert office.get(address).status_code == 200


def test_it_takes_twelve_statements_however_much_there_is(
    office: Client, linked: User, new_fact: NewFact, settings: Settings
) -> None:
    settings.OAUTH_TRACE = True
    for number in range(20):
        Attempt.objects.begin(outcome="failed", finding=f"finding-{number}")
    for number in range(20):
        fact = new_fact(f"fact-{number}")
        FactReport.objects.create(fact=fact, language="en")
    refuse(linked, 50)
    for number in range(20):
        user = User.objects.for_sub(f"s{number}", door=Door.WEB)
        DataExport.objects.create(user=user, language="en")
    for task in tasks.TASKS:  # as on a site that is looked after; else it asks for older ones
        tasks.done(task)
    assert statements(office, "/admin/") <= 12  # 11 on SQLite


def test_a_colleague_without_rights_sees_no_numbers(office: Client, operator: User) -> None:
    operator.groups.clear()
    page = soup(office.get("/admin/"))
    assert not page.select(".attention-card")
    assert not page.find(string="What operators did")
