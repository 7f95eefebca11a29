"""What operators do with a person: asked first, on record, honest about the half that failed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from accounts import last_few
from accounts.erasure import delete_person
from accounts.models import Deletion, User
from accounts.oauth_trace.models import Attempt
from skill_endpoint.facts.models import Fact
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.companion.conftest import SignIn
from tests.companion.pages import main, soup, statements
from tests.companion.test_admin import PEOPLE
from tests.conftest import browser
from tests.local_aws import LivePool
from tests.sign_in import person_of, sign_in
from tests.skill_endpoint.voice import one_shot, send

pytestmark = pytest.mark.django_db
DEEDS = ["sign-out", "disable", "enable", "erase"]


def page(person: User, deed: str = "change") -> str:
    return f"{PEOPLE}{person.pk}/{deed}/"


@pytest.fixture
def in_the_pool(pool: LivePool) -> User:
    known = person_of(pool, "here@example.com")
    sign_in(browser(), known.name)
    return User.objects.get(sub=known.sub)


@pytest.fixture
def _pool_away(settings: Settings) -> None:
    settings.AWS_ENDPOINT_URL = "http://localhost:1"


def records() -> list[tuple[str, str, str]]:
    return [
        (entry.user.sub, entry.object_repr, entry.change_message)
        for entry in LogEntry.objects.order_by("pk")
    ]


# --- asking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", DEEDS)
def test_it_asks_first_and_does_nothing_by_a_visit(office: Client, linked: User, deed: str) -> None:
    response = office.get(page(linked, deed))

    assert response.status_code == 200
    assert "linked@example.com (sub-linked)" in main(response)
    assert len(soup(response).select(".explained li")) > 1
    linked.refresh_from_db()
    assert linked.is_active
    assert records() == []


def test_a_form_of_another_site_does_nothing(operator: User, linked: User) -> None:
    strict = browser(enforce_csrf_checks=True)
    strict.force_login(operator)
    assert strict.post(page(linked, "disable")).status_code == 403
    linked.refresh_from_db()
    assert linked.is_active


@pytest.mark.parametrize("deed", DEEDS)
def test_the_page_offers_what_applies(office: Client, linked: User, deed: str) -> None:
    def links() -> set[str]:
        tools = soup(office.get(page(linked))).select(".object-tools a")
        return {str(link["href"]) for link in tools}

    assert (page(linked, deed) in links()) is (deed != "enable")
    linked.is_active = False
    linked.save()
    # disabling again: the pool may not have answered the first time
    assert (page(linked, deed) in links()) is (deed != "sign-out")


# --- doing -------------------------------------------------------------------------------------


@pytest.mark.local_aws
def test_signing_out_everywhere(office: Client, operator: User, in_the_pool: User) -> None:
    home = browser()
    home.force_login(in_the_pool)

    response = office.post(page(in_the_pool, "sign-out"), follow=True)

    assert "Signed out everywhere." in main(response)
    assert home.get("/me/").status_code == 302
    assert records() == [(operator.sub, in_the_pool.sub, "Signed out everywhere.")]


@pytest.mark.local_aws
def test_disabling_and_enabling(
    office: Client, operator: User, in_the_pool: User, pool: LivePool
) -> None:
    def is_enabled() -> bool:
        rows = pool.idp.list_users(UserPoolId=pool.id, Filter=f'sub = "{in_the_pool.sub}"')
        return bool(rows["Users"][0]["Enabled"])

    response = office.post(page(in_the_pool, "disable"), follow=True)
    in_the_pool.refresh_from_db()
    assert (in_the_pool.is_active, is_enabled()) == (False, False)
    assert "This person is disabled" in main(response)

    office.post(page(in_the_pool, "enable"))
    in_the_pool.refresh_from_db()
    assert (in_the_pool.is_active, is_enabled()) == (True, True)
    assert records() == [
        (operator.sub, in_the_pool.sub, "Disabled, here and in the user pool."),
        (operator.sub, in_the_pool.sub, "Enabled, here and in the user pool."),
    ]


@pytest.mark.parametrize(
    ("deed", "said", "stays_in"),
    [
        ("sign-out", "Signed out of the website, but not in the user pool", True),
        ("disable", "Disabled here, but not in the user pool", False),
        ("enable", "Not enabled: the user pool could not be asked.", True),
    ],
)
@pytest.mark.usefixtures("_pool_away")
def test_with_the_pool_away_it_says_what_was_not_done_and_offers_it_again(
    office: Client, linked: User, deed: str, said: str, stays_in: bool
) -> None:
    response = office.post(page(linked, deed))

    assert response.status_code == 503
    assert said in main(response)
    assert soup(response).select_one("input[type=submit][value='Try again']")
    linked.refresh_from_db()
    assert linked.is_active is stays_in
    assert records()[0][2].startswith(said)


@pytest.mark.local_aws
def test_deleting_leaves_no_trace_but_that_it_was_done(
    office: Client, operator: User, in_the_pool: User, pool: LivePool
) -> None:
    sub = in_the_pool.sub

    response = office.post(page(in_the_pool, "erase"), {"sure": "on"}, follow=True)

    assert "The person was deleted." in main(response)
    assert not User.objects.filter(sub=sub).exists()
    assert not pool.idp.list_users(UserPoolId=pool.id, Filter=f'sub = "{sub}"')["Users"]
    assert Deletion.objects.get().by == Deletion.By.OPERATOR
    (record,) = records()
    assert (record[0], record[2]) == (operator.sub, "Deleted the person, at their request.")
    assert sub not in str(list(LogEntry.objects.values()))
    # a second press, or the back button
    again = office.post(page(in_the_pool, "erase"), {"sure": "on"}, follow=True)
    assert "There is nobody at this address" in main(again)


def test_deleting_wants_the_box_ticked(office: Client, linked: User) -> None:
    response = office.post(page(linked, "erase"))
    assert "Please tick the box first." in main(response)
    assert User.objects.filter(pk=linked.pk).exists()


@pytest.mark.usefixtures("_pool_away")
def test_with_the_pool_away_nobody_is_deleted(office: Client, linked: User) -> None:
    response = office.post(page(linked, "erase"), {"sure": "on"})
    assert response.status_code == 503
    assert "Not deleted: the user pool could not be asked." in main(response)
    assert User.objects.filter(pk=linked.pk).exists()
    assert not Deletion.objects.exists()


# --- who may -----------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", DEEDS)
def test_operators_act_neither_on_each_other_nor_on_themselves(
    office: Client, operator: User, stranger: User, deed: str
) -> None:
    stranger.is_staff = True
    stranger.save()
    for colleague in (stranger, operator):
        assert office.get(page(colleague, deed)).status_code == 403
        assert office.post(page(colleague, deed), {"sure": "on"}).status_code == 403
        assert "operators do not act on each other" in main(office.get(page(colleague)))
    assert User.objects.filter(is_active=True).count() == 2


@pytest.mark.parametrize("deed", DEEDS)
def test_an_administrator_acts_on_operators_but_not_on_themselves(
    office: Client, operator: User, stranger: User, deed: str
) -> None:
    operator.is_superuser = stranger.is_staff = True
    operator.save()
    stranger.save()
    assert office.get(page(stranger, deed)).status_code == 200
    assert office.post(page(operator, deed), {"sure": "on"}).status_code == 403


@pytest.mark.parametrize("deed", DEEDS)
def test_it_takes_the_right_to_change_people(
    office: Client, operator: User, linked: User, deed: str
) -> None:
    operator.groups.clear()
    assert office.post(page(linked, deed), {"sure": "on"}).status_code == 403


def test_who_may_not_delete_is_offered_the_rest(
    office: Client, operator: User, linked: User
) -> None:
    group = operator.groups.get()
    group.permissions.remove(group.permissions.get(codename="delete_user"))
    offered = [link.text for link in soup(office.get(page(linked))).select(".object-tools a")]
    assert "Disable" in offered
    assert "Delete" not in offered
    assert office.post(page(linked, "erase"), {"sure": "on"}).status_code == 403
    assert office.get(page(linked, "disable")).status_code == 200


@pytest.mark.parametrize("deed", DEEDS)
def test_ordinary_people_are_sent_to_the_admins_sign_in(
    sign_in: SignIn, stranger: User, linked: User, deed: str
) -> None:
    response = sign_in(stranger).post(page(linked, deed), {"sure": "on"})
    assert response.status_code == 302
    assert "/admin/login/" in response["Location"]
    linked.refresh_from_db()
    assert linked.is_active


@pytest.mark.parametrize("key", ["0", "987654321", "9" * 40, "x", "%00", "-1", "1%20or%201"])
@pytest.mark.parametrize("deed", DEEDS)
def test_nonsense_for_a_person_leads_somewhere_kind(office: Client, key: str, deed: str) -> None:
    for response in (
        office.get(f"{PEOPLE}{key}/{deed}/", follow=True),
        office.post(f"{PEOPLE}{key}/{deed}/", {"sure": "on"}, follow=True),
    ):
        assert response.status_code in {200, 404}


# --- what the page shows -----------------------------------------------------------------------


def test_sessions_are_shown_by_device_and_without_keys(office: Client, linked: User) -> None:
    home = browser()
    home.force_login(linked)
    UserSession.objects.create(
        user=linked,
        session_key=home.session.session_key,
        ip="192.0.2.1",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    )

    response = office.get(page(linked))

    assert "Sessions on the website" in main(response)
    assert "Firefox" in main(response)
    assert str(home.session.session_key) not in response.content.decode()


def test_sessions_that_ended_are_not_shown(office: Client, linked: User) -> None:
    home = browser()
    home.force_login(linked)
    UserSession.objects.create(
        user=linked, session_key=home.session.session_key, ip="192.0.2.1", user_agent="x"
    )
    home.session.flush()
    assert "Signed in nowhere." in main(office.get(page(linked)))


def test_turns_are_shown_without_content(
    office: Client, linked: User, linked_device: Device, fact: Fact
) -> None:
    assert "None in the last 24 hours." in main(office.get(page(linked)))
    one_shot(replace(linked_device, locale="en-GB"), "DailyFactIntent")

    shown = main(office.get(page(linked)))

    assert "DailyFactIntent en-GB answered one-shot" in shown
    assert "glows" not in shown


@pytest.mark.usefixtures("on_local_memory")
def test_where_each_process_keeps_turns_for_itself_the_page_says_so(
    office: Client, linked: User, linked_device: Device, fact: Fact
) -> None:
    one_shot(linked_device, "DailyFactIntent")
    assert "memory of each server process" in main(office.get(page(linked)))


@pytest.mark.usefixtures("on_redis")
def test_where_all_processes_share_turns_the_page_warns_of_nothing(
    office: Client, linked: User, linked_device: Device, fact: Fact
) -> None:
    one_shot(linked_device, "DailyFactIntent")
    shown = main(office.get(page(linked)))
    assert "DailyFactIntent" in shown
    assert "memory of each server process" not in shown


def test_a_persons_turns_go_with_them(linked: User, linked_device: Device, pool: LivePool) -> None:
    one_shot(linked_device, "AMAZON.HelpIntent")
    key = f"recent-turns:{linked.pk}"
    assert last_few.of(key)
    delete_person(linked)
    assert last_few.of(key) == []


def test_the_profile_is_shown_whole(office: Client, linked: User) -> None:
    linked.profile.units = "imperial"
    linked.profile.save()
    shown = main(office.get(page(linked)))
    assert "Units: Miles" in shown or "mile" in shown.lower()
    assert "UTC" in shown
    assert "all topics" in shown


def test_the_page_costs_the_same_however_much_there_is(
    office: Client, linked: User, linked_device: Device
) -> None:
    office.get(page(linked))  # the first of a process looks up kinds of content, too
    few = statements(office, page(linked))
    for number in range(30):
        home = browser()
        home.force_login(linked)
        UserSession.objects.create(
            user=linked, session_key=home.session.session_key, ip="192.0.2.1", user_agent="x"
        )
        send(envelopes.launch(linked_device, request_id=f"r{number}"))
    assert statements(office, page(linked)) == few <= 12


# --- finding -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        " sub-linked ",
        "sub-\nlinked",
        "sub -linked",
        "SUB-LINKED",
        "linked@ example.com",
        "\tLinked@Example.com\r\n",
        "amzn1.ask. account.LINKED",
        "amzn1.ask.account.\r\n  LINKED",
    ],
)
def test_a_person_is_found_by_what_was_pasted(
    office: Client, linked: User, linked_device: Device, stranger: User, words: str
) -> None:
    response = office.get(PEOPLE, {"q": words})
    assert [str(row) for row in response.context["cl"].result_list] == ["sub-linked"]


@pytest.mark.parametrize("words", ["\x00", "% _", "' or 1=1 --", "x" * 5000, "(" * 300, "٠١٢ ٣٤"])
def test_nonsense_finds_nobody_and_breaks_nothing(office: Client, linked: User, words: str) -> None:
    assert office.get(PEOPLE, {"q": words}, follow=True).status_code == 200


# --- their tries to link Alexa -----------------------------------------------------------------


def test_it_lists_their_last_tries_to_link_with_the_verdict(office: Client, linked: User) -> None:
    assert "Tries to link Alexa" not in main(office.get(page(linked)))
    told = Attempt.objects.begin(
        sub=linked.sub, outcome="failed", finding="scope-without-openid", stages={}
    )
    of_browser = Attempt.objects.begin(site_sub=linked.sub, outcome="linked")
    Attempt.objects.begin(sub="sub-other")

    shown = office.get(page(linked))

    rows = soup(shown).select('[aria-labelledby="attempts-heading"] tbody tr')
    assert [row.a and row.a["href"] for row in rows] == [
        f"/traces/{of_browser.reference}/",
        f"/traces/{told.reference}/",
    ]
    said = main(shown)
    assert "Failed. email, phone and profile may only be asked for together with openid." in said
    assert "Linked" in said


def test_who_may_not_see_attempts_sees_none_at_a_person_either(
    stranger: User, linked: User, sign_in: SignIn
) -> None:
    Attempt.objects.begin(sub=linked.sub, outcome="linked")
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert "Tries to link Alexa" not in main(sign_in(stranger).get(page(linked)))
    stranger.user_permissions.add(Permission.objects.get(codename="view_attempt"))
    assert "Tries to link Alexa" in main(sign_in(stranger).get(page(linked)))
