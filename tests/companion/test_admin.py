"""What operators do in the admin: find a person, see why the skill does not know them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Hearing
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest

pytestmark = pytest.mark.django_db
SKILL = "amzn1.ask.skill.tests"
PEOPLE = "/admin/accounts/user/"
LINKS = "/admin/skill_endpoint/accountlink/"


@pytest.fixture
def link(linked: User) -> AccountLink:
    return AccountLink.objects.create(
        application_id=SKILL,
        alexa_user_id="amzn1.ask.account.ROBIN",
        user=linked,
        linked_at=timezone.now(),
    )


def text(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def found(office: Client, path: str, words: str) -> list[str]:
    """The rows that a search brings, by what they are."""
    response = office.get(path, {"q": words})
    assert response.status_code == 200
    return [str(row) for row in response.context["cl"].result_list]


@pytest.mark.parametrize("path", ["", "accounts/user/", "skill_endpoint/accountlink/"])
def test_an_ordinary_person_is_refused(client: Client, stranger: User, path: str) -> None:
    client.force_login(stranger)
    response = client.get(f"/admin/{path}")
    assert response.status_code == 302
    assert "/login/" in response["Location"]


@pytest.mark.parametrize(
    "words", ["linked@example.com", "LINKED@", "sub-linked", "…ROBIN", "Robin"]
)
def test_a_person_is_found_by_what_is_known_of_them(
    office: Client, link: AccountLink, linked: User, stranger: User, words: str
) -> None:
    linked.profile.display_name = "Robin"
    linked.profile.save()
    assert found(office, PEOPLE, words.replace("…", "amzn1.ask.account.")) == ["sub-linked"]


@pytest.mark.parametrize(
    "words", ["+12065550101", "(206) 555-0101", "+1 206-555-0101", "001 206.555.0101", "555 0101"]
)
@pytest.mark.parametrize("path", [PEOPLE, "/admin/accounts/profile/", LINKS])
def test_a_phone_number_is_found_in_any_spelling(
    office: Client, phone_only: User, stranger: User, linked: User, path: str, words: str
) -> None:
    for user in (phone_only, linked):
        AccountLink.objects.create(application_id=SKILL, alexa_user_id=user.sub, user=user)
    assert len(found(office, path, words)) == 1


def test_a_whole_address_is_found_by_an_index_and_is_one_person(
    office: Client, link: AccountLink, linked: User, stranger: User
) -> None:
    """Among millions, a search in each row would take longer than a page may."""
    stranger.email = f"un{linked.email}"
    stranger.save()
    for path in (PEOPLE, LINKS, "/admin/accounts/profile/"):
        with CaptureQueriesContext(connection) as asked:
            assert len(found(office, path, linked.email.upper())) == 1
        assert not [query for query in asked if "LIKE" in query["sql"]]
    assert len(found(office, PEOPLE, linked.email[:-1])) == 2


def test_an_id_is_found_by_its_end_as_pages_show_it(
    office: Client, link: AccountLink, linked: User, stranger: User
) -> None:
    for path in (PEOPLE, LINKS):
        assert len(found(office, path, f" …{link.alexa_user_id[-5:]}")) == 1
    assert found(office, PEOPLE, "…zzzzz") == []
    assert "Nobody is like that." in text(office.get(PEOPLE, {"q": "+1 999"}))


@pytest.mark.parametrize("words", ["()", "- -", "+", "1"])
def test_a_few_signs_are_no_phone_number(office: Client, phone_only: User, words: str) -> None:
    assert office.get(PEOPLE, {"q": words}).status_code == 200


def test_a_persons_page_says_who_it_is_and_what_the_skill_has_of_them(
    office: Client, linked: User, link: AccountLink, fact: Fact
) -> None:
    linked.profile.topics = ["deep-sea", "space"]
    linked.profile.save()
    Favourite.objects.create(user=linked, fact=fact, door=Door.WEB)
    for _time in range(2):
        Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE)

    response = office.get(f"{PEOPLE}{linked.pk}/change/")
    page = text(response)

    assert page.count("Times are in UTC.") == 1
    assert response.context["subtitle"] == "linked@example.com (sub-linked)"
    assert "linked@example.com (sub-linked)" in page
    assert "deep sea, space" in page
    assert "Saved facts: 1" in page
    assert "Heard facts: 2" in page
    assert "linked and working" in page
    assert f'href="{LINKS}{link.pk}/change/' in response.content.decode()
    assert str(linked) == "sub-linked"  # what logs and the history show


def test_a_person_of_the_voice_door_has_a_page_too(office: Client, stranger: User) -> None:
    response = office.get(f"{PEOPLE}{stranger.pk}/change/")
    assert response.context["subtitle"] == "not yet on the website (sub-stranger)"
    assert "all topics" in text(response)


def test_the_profiles_list_says_whose_they_are(
    office: Client, linked: User, phone_only: User
) -> None:
    page = text(office.get("/admin/accounts/profile/"))
    assert "linked@example.com" in page
    assert "+12065550101" in page


@pytest.mark.parametrize(
    "query",
    [
        "account_links__alexa_user_id__startswith=a",
        "profile__time_zone=UTC",
        "favourites__fact__slug=squid",
        "groups__name=operators",
    ],
)
def test_people_are_not_filtered_by_what_no_filter_offers(office: Client, query: str) -> None:
    assert office.get(f"{PEOPLE}?{query}").status_code == 400


@pytest.mark.parametrize("path", [LINKS, "/admin/skill_endpoint/skillevent/"])
def test_records_are_only_read(office: Client, link: AccountLink, path: str) -> None:
    SkillEvent.objects.create(request_id="r", type="T", event_time=timezone.now())
    model = AccountLink if path == LINKS else SkillEvent
    row = model._default_manager.get()
    page = office.get(f"{path}{row.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert office.post(f"{path}{row.pk}/change/", {}).status_code == 403
    assert office.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert office.get(f"{path}add/").status_code == 403


def test_a_persons_copies_of_the_pool_are_only_read(office: Client, linked: User) -> None:
    form = {"email": "x@example.com", "is_staff": "on", "account_links-TOTAL_FORMS": "0"}
    assert office.post(f"{PEOPLE}{linked.pk}/change/", form).status_code == 403
    linked.refresh_from_db()
    assert (linked.email, linked.is_staff) == ("linked@example.com", False)


def test_events_are_found_by_the_alexa_user_id(office: Client, link: AccountLink) -> None:
    for request_id, user_id in (("hers", link.alexa_user_id), ("his", "amzn1.ask.account.OTHER")):
        SkillEvent.objects.create(
            request_id=request_id,
            type=f"AlexaSkillEvent.{request_id}",
            application_id=SKILL,
            alexa_user_digest=alexa_digest(SKILL, user_id),
            event_time=timezone.now(),
        )
    assert found(office, "/admin/skill_endpoint/skillevent/", link.alexa_user_id) == [
        "AlexaSkillEvent.hers"
    ]


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (PEOPLE, ["person", "sub", "first_seen_by", "last_login", "is_active"]),
        ("/admin/accounts/profile/", ["person", "user", "topic_words", "time_zone"]),
        (LINKS, ["__str__", "person", "state_word", "refused_reason", "last_used_at"]),
    ],
)
def test_lists_of_people_fit_beside_their_filters(
    office: Client, link: AccountLink, path: str, columns: list[str]
) -> None:
    response = office.get(path)
    assert "linked@example.com" in text(response)
    assert list(response.context["cl"].list_display) == columns


def test_the_list_of_facts_has_few_columns(office: Client, fact: Fact) -> None:
    response = office.get("/admin/facts/fact/")
    assert "On squid" in text(response)
    shown = response.context["cl"].list_display
    assert shown == ["action_checkbox", "headline", "topic", "checked_on", "is_published"]
