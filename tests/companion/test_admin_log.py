"""What operators did: everybody who is one can read it, nobody can change it."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts.models import Deletion, User
from skill_endpoint.facts.models import Topic
from tests.companion.pages import main, soup, statements

pytestmark = pytest.mark.django_db
LOG = "/admin/admin/logentry/"


@pytest.fixture
def entry(operator: User, linked: User) -> LogEntry:
    operator.email = "olive@example.com"
    operator.save()
    (made,) = LogEntry.objects.log_actions(
        operator.pk, [linked], CHANGE, "Disabled, here and in the user pool."
    )
    return made


def rows(office: Client, **query: str) -> list[str]:
    response = office.get(LOG, query)
    assert response.status_code == 200
    return [row.object_repr for row in response.context["cl"].result_list]


def test_the_list_says_who_did_what_to_whom(office: Client, entry: LogEntry, linked: User) -> None:
    response = office.get(LOG)
    shown = main(response)
    assert "What operators did" in shown
    for part in ("olive@example.com", "person", "sub-linked", "Disabled, here and in the user"):
        assert part in shown
    assert "linked@example.com" not in shown
    links = {str(link["href"]) for link in soup(response).select("#result_list a")}
    assert f"/admin/accounts/user/{linked.pk}/change/" in links


def test_what_is_deleted_is_named_and_not_linked(office: Client, operator: User) -> None:
    deletion = Deletion.objects.create(by=Deletion.By.OPERATOR)
    LogEntry.objects.log_actions(operator.pk, [deletion], DELETION, "gone")
    assert not soup(office.get(LOG)).select("td.field-whom a")


def test_it_is_filtered_by_who_and_what(
    office: Client, entry: LogEntry, operator: User, stranger: User
) -> None:
    topic = Topic.objects.create(slug="sea", name="Sea")
    LogEntry.objects.log_actions(stranger.pk, [topic], ADDITION)

    assert rows(office, who=str(operator.pk)) == ["sub-linked"]
    assert rows(office, who=str(stranger.pk)) == ["Sea"]
    assert rows(office, action_flag__exact=str(ADDITION)) == ["Sea"]
    kind = ContentType.objects.get_for_model(Topic)
    assert rows(office, content_type__id__exact=str(kind.pk)) == ["Sea"]
    assert rows(office, q="sub-linked") == ["sub-linked"]
    assert rows(office, q="olive@") == ["sub-linked"]


@pytest.mark.parametrize("who", ["x", "-1", "9" * 40, "9" * 5000, "\x00", "١"])
def test_a_made_up_operator_did_nothing(office: Client, entry: LogEntry, who: str) -> None:
    response = office.get(LOG, {"who": who}, follow=True)
    assert response.status_code == 200


def test_it_is_only_read(office: Client, operator: User, entry: LogEntry) -> None:
    operator.is_superuser = True
    operator.save()
    address = f"{LOG}{entry.pk}/"
    assert office.get(f"{address}change/").status_code == 200
    assert office.post(f"{address}change/", {"change_message": "x"}).status_code == 403
    assert office.post(f"{address}delete/", {"post": "yes"}).status_code == 403
    assert office.get(f"{LOG}add/").status_code == 403
    form = {"action": "delete_selected", "_selected_action": str(entry.pk), "post": "yes"}
    office.post(LOG, form)
    entry.refresh_from_db()
    assert entry.change_message == "Disabled, here and in the user pool."


def test_its_statements_do_not_grow(office: Client, entry: LogEntry, operator: User) -> None:
    few = statements(office, LOG)
    topics = [Topic.objects.create(slug=f"t{n}", name=f"T{n}", position=n) for n in range(40)]
    LogEntry.objects.log_actions(operator.pk, topics, ADDITION)
    assert statements(office, LOG) <= few + 1
