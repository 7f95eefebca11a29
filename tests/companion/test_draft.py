"""A sign-in that ended in the middle of a form: what was typed is there when its writer is back."""

from __future__ import annotations

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Profile, User
from companion import draft
from tests.companion.pages import form_to, main, soup, text
from tests.conftest import browser

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost:8000/me/"}


def typed_without_a_session(
    client: Client, user: User, **fields: object
) -> tuple[Client, dict[str, object]]:
    """The person opened the page, their session ended, and they pressed Save."""
    client.force_login(user)
    whose = form_to(client.get("/me/"), "/me/preferences/")["whose"]
    client.logout()
    data = {"section": "name", "display_name": "Grace", "whose": whose, **fields}
    answer = client.post("/me/preferences/", data)
    assert answer["Location"] == "/accounts/login/?next=%2Fme%2F"
    return client, data


def name(client: Client) -> str:
    return form_to(client.get("/me/"), "/me/preferences/")["display_name"]


def test_it_is_in_its_place_and_not_saved(client: Client, linked: User) -> None:
    typed_without_a_session(client, linked)
    client.force_login(linked)
    for _ in range(2):  # also after a reload
        page = client.get("/me/")
        assert "not saved yet" in main(page)
        assert "not saved yet" in text(soup(page).title)
        assert form_to(page, "/me/preferences/")["display_name"] == "Grace"
    assert Profile.objects.get(user=linked).display_name == ""


def test_saving_it_ends_it(client: Client, linked: User) -> None:
    typed_without_a_session(client, linked)
    client.force_login(linked)
    client.post("/me/preferences/", form_to(client.get("/me/"), "/me/preferences/"))
    assert Profile.objects.get(user=linked).display_name == "Grace"
    assert "not saved yet" not in main(client.get("/me/"))


def test_it_can_be_dropped(client: Client, linked: User) -> None:
    typed_without_a_session(client, linked)
    client.force_login(linked)
    assert soup(client.get("/me/")).select('[formaction="/me/preferences/discard/"]')
    client.get("/me/preferences/discard/")
    assert name(client) == "Grace"
    client.post("/me/preferences/discard/")
    assert name(client) == ""


def test_nobody_else_sees_it(client: Client, linked: User, stranger: User) -> None:
    typed_without_a_session(client, linked)
    client.force_login(stranger)
    assert name(client) == ""
    client.force_login(linked)
    assert name(client) == ""


def test_a_forged_form_is_shown_to_nobody(client: Client, linked: User) -> None:
    typed_without_a_session(client, linked, whose="x")
    client.force_login(linked)
    assert name(client) == ""


def test_it_is_kept_for_half_an_hour(client: Client, linked: User) -> None:
    typed_without_a_session(client, linked)
    with time_machine.travel(timezone.now() + draft.KEPT):
        client.force_login(linked)
        assert name(client) == ""


def test_it_keeps_only_fields_of_the_form_and_not_much(client: Client, linked: User) -> None:
    many = [f"topic-{number}" for number in range(190)]
    typed_without_a_session(client, linked, display_name="x" * 9000, evil="x", topics=many)
    kept = client.session["draft"]["typed"]
    assert set(kept) == {"section", "display_name", "topics"}
    assert len(kept["display_name"][0]) == draft.LONGEST
    assert len(kept["topics"]) == draft.MOST


def test_it_bears_nonsense(client: Client, linked: User) -> None:
    typed_without_a_session(client, linked, section=["name", "\0", "nowhere"], display_name="<b>")
    client.force_login(linked)
    assert name(client) == "<b>"
    typed_without_a_session(client, linked, section="nowhere")
    client.force_login(linked)
    assert client.get("/me/").status_code == 200


def test_what_is_as_before_needs_no_look(client: Client, linked: User) -> None:
    """The preview sends all sections; only what was changed is said to be unsaved."""
    client.force_login(linked)
    whose = form_to(client.get("/me/"), "/me/preferences/")["whose"]
    client.logout()
    data = {
        "section": ["name", "topics", "place", "history"],
        "display_name": "Grace",
        "time_zone": "UTC",
        "units": "imperial",
        "remember_history": "on",
        "whose": whose,
    }
    answer = client.post("/me/preferences/preview/", data, headers=HTMX)
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fme%2F"
    client.force_login(linked)
    forms = soup(client.get("/me/")).select('form:has([formaction="/me/preferences/discard/"])')
    assert [form["id"] for form in forms] == ["name", "place"]
    client.post("/me/preferences/", {"section": "name", "display_name": "Grace"})
    forms = soup(client.get("/me/")).select('form:has([formaction="/me/preferences/discard/"])')
    assert [form["id"] for form in forms] == ["place"]


def test_a_get_keeps_nothing(client: Client, db: None) -> None:
    client.get("/me/preferences/?section=name&display_name=Grace")
    client.get("/me/preferences/preview/?section=name&display_name=Grace")
    assert not Session.objects.exists()


@time_machine.travel("2026-11-22T10:00Z", tick=False)  # in one window
def test_it_is_limited(client: Client, db: None, settings: Settings) -> None:
    settings.RATE_LIMITS = True
    data = {"section": "name"}
    answers = [client.post("/me/preferences/", data).status_code for _ in range(31)]
    assert answers[-2:] == [302, 429]


def test_htmx_is_told_to_go_and_sign_in(client: Client, db: None) -> None:
    """On every private address: no sign-in page in the middle of another one."""
    for path in ("/history/", "/saved/undo/", "/me/languages/", "/me/data/"):
        answer = client.post(path, headers=HTMX)
        assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fme%2F", path
    bare = client.get("/history/", headers={"HX-Request": "true"})
    assert bare["HX-Redirect"] == "/accounts/login/?next=%2Fhistory%2F"
    evil = {**HTMX, "HX-Current-URL": "https://evil.example/"}
    assert "evil" not in client.get("/history/", headers=evil)["HX-Redirect"]


def test_a_page_that_was_open_too_long_loses_nothing(linked: User) -> None:
    client = browser(enforce_csrf_checks=True)
    client.force_login(linked)
    form = form_to(client.get("/me/"), "/me/preferences/")
    data = {**form, "display_name": "Grace", "csrfmiddlewaretoken": "x" * 64}
    same = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post("/me/preferences/", data, headers=same)
    assert answer.status_code == 403
    assert "kept for half an hour" in main(answer)
    assert soup(answer).select('main a[href="/me/"]')
    assert name(client) == "Grace"
    assert Profile.objects.get(user=linked).display_name == ""


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_another_site_leaves_nothing_in_a_form(linked: User, site: str) -> None:
    client = browser(enforce_csrf_checks=True)
    client.force_login(linked)
    form = form_to(client.get("/me/"), "/me/preferences/")
    data = {**form, "display_name": "Mallory", "csrfmiddlewaretoken": "x" * 64}
    answer = client.post("/me/preferences/", data, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "Go back with your browser" in main(answer)
    assert name(client) == ""
