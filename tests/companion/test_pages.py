"""Help, privacy, accessibility: what they say is true."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from accounts.models import User
from accounts.personal_data import elsewhere, shown_holdings
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.utterances import FALLBACK_INTENT, resolve
from tests.companion.conftest import SignIn
from tests.companion.pages import main, soup, statements, text

PAGES = ["/help/", "/help/linking/", "/privacy/", "/accessibility/"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", PAGES)
def test_they_are_open_to_everybody_and_cost_nothing(client: Client, path: str) -> None:
    page = soup(client.get(path))
    assert len(page.select("h1")) == 1
    assert statements(client, path) == 0
    for link in page.select('main a[href^="#"]'):
        assert page.select_one(f"main {link['href']}"), link


def test_alexa_understands_what_help_tells_to_say(client: Client) -> None:
    sayings = [text(each).strip("“”") for each in soup(client.get("/help/")).select(".say")]
    assert len(sayings) > 15
    missed = [
        each
        for each in sayings
        if resolve(each.replace("’", "'"), "en-US").intent == FALLBACK_INTENT
    ]
    assert missed == []


def test_the_states_are_explained_as_the_link_page_shows_them(client: Client) -> None:
    page = soup(client.get("/help/linking/"))
    explained = {text(status) for status in page.select("main .status")}
    assert len(explained) == len(AccountLink.State)  # “enabled” is shown as “not linked”
    icons = [use["href"] for use in page.select("main .status use")]
    assert len(set(icons)) == len(icons)


def test_privacy_lists_what_the_registry_holds(client: Client) -> None:
    page = main(client.get("/privacy/"))
    for holding in shown_holdings():
        assert (str(holding.why) in page) is not holding.for_operators
    for place in elsewhere():
        assert str(place.label) in page
    assert "That an account was deleted" in page  # of nobody any more, so not in the registry


def test_the_icon_is_where_browsers_guess_it(client: Client) -> None:
    assert client.get("/favicon.ico")["Location"].endswith("companion/icon.svg")


def test_privacy_says_how_long_backups_are_kept(client: Client, settings: Settings) -> None:
    assert "Copies of all this" not in main(client.get("/privacy/"))
    settings.BACKUP_DAYS = 14
    assert "until they are deleted too. 14 days." in main(client.get("/privacy/"))


def test_privacy_says_how_long_the_log_is_kept(client: Client, settings: Settings) -> None:
    unknown = "As long as whoever runs this site keeps logs."
    assert unknown in main(client.get("/privacy/"))
    settings.LOG_DAYS = 30
    page = main(client.get("/privacy/"))
    assert "nothing that you said or wrote. 30 days." in page
    assert unknown not in page


def test_privacy_names_every_cookie(client: Client) -> None:
    named = {text(code) for code in soup(client.get("/privacy/")).select("th code")}
    assert named == {
        django_settings.SESSION_COOKIE_NAME,
        django_settings.CSRF_COOKIE_NAME,
        django_settings.LANGUAGE_COOKIE_NAME,
        "doors_theme",
        "messages",
    }


def test_the_site_sets_no_cookie_that_privacy_does_not_name(sign_in: SignIn, linked: User) -> None:
    page = soup(sign_in(linked).get("/privacy/"))
    named = {text(code) for code in page.select("th code")}
    browser = sign_in(linked)
    for path in ("/", "/facts/", "/me/", "/saved/", "/help/"):
        browser.get(path)
    browser.post("/theme/", {"theme": "dark"})
    browser.post("/i18n/set/", {"language": "fr"})
    browser.post("/alexa-link/start/")
    assert set(browser.cookies) <= named


@pytest.mark.parametrize("path", PAGES)
def test_they_name_who_can_be_asked_only_if_there_is_somebody(
    client: Client, settings: Any, path: str
) -> None:
    address = "https://example.com/help"
    assert "people behind" not in main(client.get(path))
    settings.SUPPORT_URL = address
    assert soup(client.get(path)).select_one(f'main a[href="{address}"]')


@pytest.mark.parametrize("language", [code for code, _ in django_settings.LANGUAGES])
def test_they_are_there_in_every_language(client: Client, language: str) -> None:
    client.cookies["doors_language"] = language
    for path in PAGES:
        html = soup(client.get(path)).html
        assert html
        assert html["lang"] == language
    translation.activate("en")
