"""The simulator's pages as a browser without JavaScript uses them, before a stub of the skill."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from skill_endpoint.simulator import households
from skill_endpoint.simulator.access import pki_folder
from skill_endpoint.simulator.account import LOCALES
from skill_endpoint.simulator.households import Household
from skill_endpoint.simulator.views import COOKIE
from tests.skill_endpoint.simulator.browser import at_home
from tests.skill_endpoint.simulator.stub import Stub
from tests.skill_endpoint.simulator.test_alexa import says

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models")]
PAGE = "/dev/alexa/"


def text(response: Any) -> str:
    """The page as it is read, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def say(client: Client, **form: str) -> Any:
    """Send the form and follow the redirect, as a browser without JavaScript does."""
    response = client.post(f"{PAGE}say/", form)
    assert (response.status_code, response["Location"]) == (302, f"{PAGE}#say")
    return client.get(PAGE)


def household_of(client: Client) -> Household:
    return households.find(pki_folder(), client.cookies[COOKIE].value, "amzn1.ask.skill.tests")


def test_it_offers_locales_buttons_and_sentences(home: Client) -> None:
    page = home.get(PAGE)
    body = page.content.decode()
    assert all(f'value="{locale}"' in body for locale in LOCALES)
    assert "tell me a Space fact" in body
    assert 'value="AMAZON.RepeatIntent"' in body


def test_it_shows_what_was_said_and_answered(home: Client, simulator: Stub) -> None:
    card = {"type": "Simple", "title": "Honey", "content": "Card text"}
    simulator.answers(says("Honey &amp; salt", card=card))
    shown = text(say(home, utterance="Tell me a fact"))
    assert "Tell me a fact DailyFactIntent" in shown
    assert "Honey & salt" in shown
    assert "Card text" in shown
    assert "HTTP 200" in shown


def test_it_sends_the_resolved_slot(home: Client, simulator: Stub) -> None:
    shown = text(say(home, chip="tell me a space fact"))
    slot = simulator.received[-1].json["request"]["intent"]["slots"]["topic"]
    assert slot["value"] == "space"
    assert "topic = space → Space" in shown


@pytest.mark.parametrize(
    ("press", "sent"), [("LaunchRequest", "LaunchRequest"), ("AMAZON.YesIntent", "IntentRequest")]
)
def test_it_presses_buttons(home: Client, simulator: Stub, press: str, sent: str) -> None:
    say(home, press=press)
    assert simulator.received[-1].json["request"]["type"] == sent


def test_it_stays_silent(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Hello"))
    say(home, press="LaunchRequest")
    say(home, press="SessionEndedRequest")
    assert simulator.received[-1].json["request"]["reason"] == "EXCEEDED_MAX_REPROMPTS"


def test_it_cannot_stay_silent_without_a_session(home: Client, simulator: Stub) -> None:
    home.post(f"{PAGE}say/", {"press": "SessionEndedRequest"})
    assert "Alexa is not listening" in text(home.get(PAGE))
    assert simulator.received == []


@pytest.mark.parametrize("form", [{}, {"utterance": " "}])
def test_it_ignores_an_empty_form(home: Client, simulator: Stub, form: dict[str, str]) -> None:
    say(home, **form)
    assert simulator.received == []


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ({"utterance": "a" * 201}, "at most 200 characters (it has 201)"),
        ({"chip": "a" * 201}, "at most 200 characters (it has 201)"),
        ({"utterance": "tell me\0a fact"}, "Null characters are not allowed."),
        ({"press": "Nonsense" * 99}, "Select a valid choice. That choice is not one of the"),
        ({"touch": "Nonsense" * 99}, "Select a valid choice. That choice is not one of the"),
        ({"turn": "first"}, "Enter a whole number."),
    ],
)
def test_it_says_what_is_wrong_with_a_form(
    home: Client, simulator: Stub, form: dict[str, str], shown: str
) -> None:
    plain = home.post(f"{PAGE}say/", form)
    assert (plain.status_code, plain["Location"]) == (302, PAGE)
    assert shown in text(home.get(PAGE))
    fetched = home.post(f"{PAGE}say/", form, headers={"hx-request": "true"})
    assert fetched["HX-Redirect"] == PAGE
    assert shown in text(home.get(PAGE))
    assert "Nonsense" not in text(home.get(PAGE))
    assert simulator.received == []


def test_it_answers_words_without_letters(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Pardon?"))
    assert "Pardon?" in text(say(home, utterance="?"))
    assert simulator.received[-1].json["request"]["intent"]["name"] == "AMAZON.FallbackIntent"


def test_it_answers_htmx_with_the_new_turns_only(home: Client, simulator: Stub) -> None:
    say(home, utterance="tell me a fact")
    simulator.answers(says("Second"))
    response = home.post(f"{PAGE}say/", {"utterance": "what's new"}, headers={"hx-request": "true"})
    body = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in body
    assert body.count("<article") == 1
    assert "Second" in body
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [(400, "refused the request: HTTP 400"), (500, "The skill failed: HTTP 500")],
)
def test_it_shows_refusals_clearly(home: Client, simulator: Stub, status: int, shown: str) -> None:
    simulator.answers(b"", status)
    assert shown in text(say(home, press="LaunchRequest"))


def test_it_shows_that_the_skill_is_down(home: Client, settings: Settings) -> None:
    home.get(PAGE)
    settings.PUBLIC_URL = "http://localhost:1"
    client = at_home()
    shown = text(say(client, press="LaunchRequest"))
    assert "could not be reached" in shown
    assert "http://localhost:1/alexa/" in shown
    assert "Try again" in shown


def test_it_shows_the_nearest_samples(home: Client, simulator: Stub) -> None:
    shown = text(say(home, utterance="tell me a act"))
    assert "No sample matches" in shown
    assert simulator.received[-1].json["request"]["intent"]["name"] == "AMAZON.FallbackIntent"


def test_it_acts_as_another_locale_and_a_recognised_speaker(home: Client, simulator: Stub) -> None:
    home.post(f"{PAGE}act-as/", {"locale": "fr-CA", "sends": "nothing", "speaker": "on"})
    say(home, press="LaunchRequest")
    sent = simulator.received[-1].json
    assert sent["request"]["locale"] == "fr-CA"
    assert sent["context"]["System"]["person"]["personId"].startswith("amzn1.ask.person.")


def test_it_keeps_the_same_speaker(home: Client, simulator: Stub) -> None:
    people = []
    for speaker in ("on", "", "on"):
        home.post(f"{PAGE}act-as/", {"locale": "en-US", "sends": "nothing", "speaker": speaker})
        say(home, press="LaunchRequest")
        people.append(simulator.received[-1].json["context"]["System"].get("person"))
    assert people[0] == people[2] != people[1] is None


@pytest.mark.parametrize("sends", ["token", "expired", "revoked"])
def test_it_wants_a_link_before_it_pretends_one(home: Client, sends: str) -> None:
    home.post(f"{PAGE}act-as/", {"locale": "en-US", "sends": sends})
    assert "Link the account first." in text(home.get(PAGE))
    assert household_of(home).sends == "nothing"


def test_it_starts_a_new_conversation(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Remember me"))
    say(home, press="LaunchRequest")
    home.post(f"{PAGE}new/")
    assert simulator.received[-1].json["request"]["type"] == "SessionEndedRequest"
    assert "Remember me" not in text(home.get(PAGE))


def test_it_disables_the_skill(home: Client, simulator: Stub) -> None:
    say(home, press="LaunchRequest")
    first = household_of(home).account.user_id
    home.post(f"{PAGE}unlink/")
    assert simulator.received[-1].json["request"]["type"] == "AlexaSkillEvent.SkillDisabled"
    say(home, press="LaunchRequest")
    assert household_of(home).account.user_id != first


def test_it_has_no_skill_to_disable_at_first(home: Client, simulator: Stub) -> None:
    home.post(f"{PAGE}unlink/")
    assert "not enabled yet" in text(home.get(PAGE))


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("Tell me a fact", "Alexa, ask small wonders to tell me a fact"),
        ("a space fact", "Alexa, ask small wonders for a space fact"),
        ("what's new", "Alexa, ask small wonders what's new"),
        ("something about space", "Alexa, ask small wonders for something about space"),
    ],
)
def test_it_says_how_a_bare_sentence_would_reach_the_skill(
    home: Client, simulator: Stub, words: str, whole: str
) -> None:
    assert f"Outside a session say: “{whole}”" in text(say(home, utterance=words))


def test_it_says_nothing_of_that_in_a_session_or_where_the_name_was_said(
    home: Client, simulator: Stub
) -> None:
    say(home, utterance="Alexa, ask Small Wonders to tell me a fact")
    say(home, utterance="open small wonders")
    simulator.answers(says("Hello"))
    say(home, press="LaunchRequest")
    assert "Outside a session" not in text(say(home, utterance="tell me a fact"))


@pytest.mark.parametrize("locale", ["fr-FR", "de-DE"])
def test_the_answer_is_marked_with_the_devices_language(
    home: Client, simulator: Stub, locale: str
) -> None:
    simulator.answers(says("Hello"))
    home.post(f"{PAGE}act-as/", {"locale": locale, "sends": "nothing"})
    page = say(home, press="LaunchRequest")
    assert f'<p class="bubble" dir="auto" lang="{locale[:2]}">Hello</p>' in page.content.decode()
    assert "There are no texts" not in text(page)


def test_an_answer_without_translation_is_marked_as_english(
    home: Client, simulator: Stub, settings: Settings
) -> None:
    settings.LOCALE_PATHS = []  # no sentence of the skill is translated
    simulator.answers(says("Hello", card={"type": "Simple", "title": "A", "content": "Card"}))
    home.post(f"{PAGE}act-as/", {"locale": "fr-FR", "sends": "nothing"})
    page = say(home, utterance="tell me a fact")
    body = " ".join(page.content.decode().split())
    assert '<p class="bubble" dir="auto" lang="en">Hello</p>' in body
    assert '<div class="card-text" dir="auto" lang="en">' in body
    assert "There are no texts in this language yet: the skill answers in English" in text(page)


def test_it_says_nothing_of_texts_where_there_are_some(home: Client) -> None:
    home.post(f"{PAGE}act-as/", {"locale": "en-GB", "sends": "nothing"})
    assert "There are no texts" not in text(home.get(PAGE))


def test_the_account_comes_before_the_conversation(home: Client) -> None:
    body = home.get(PAGE).content.decode()
    assert body.index('id="account"') < body.index('id="talk"') < body.index('name="locale"')


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, "NOT_PERSISTED"),
        ({"information": "NOT_PERSISTED"}, "NOT_PERSISTED"),
        ({"information": "PERSISTED"}, "PERSISTED"),
        ({"information": "<nonsense>"}, "NOT_PERSISTED"),
    ],
)
def test_it_disables_with_either_word_about_the_information(
    home: Client, simulator: Stub, form: dict[str, str], status: str
) -> None:
    assert 'value="PERSISTED"' in say(home, press="LaunchRequest").content.decode()
    home.post(f"{PAGE}unlink/", form)
    body = simulator.received[-1].json["request"]["body"]
    assert body == {"userInformationPersistenceStatus": status}


def test_it_keeps_households_apart(home: Client, simulator: Stub) -> None:
    simulator.answers(says("For the first one only"))
    say(home, press="LaunchRequest")
    assert "For the first one only" not in text(at_home().get(PAGE))


def test_it_shows_no_token_and_keeps_none_in_the_database(home: Client, simulator: Stub) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2VjcmV0"
    simulator.answers(says(f"I heard {token}", card={"type": "Simple", "content": token}))
    say(home, press="LaunchRequest")
    with households.opened(
        pki_folder(), home.cookies[COOKIE].value, "amzn1.ask.skill.tests"
    ) as household:
        household.account.access_token = token
        household.account.refresh_token = "the-refresh-token"
        household.sends = "token"
    page = say(home, press="LaunchRequest").content.decode()
    assert simulator.received[-1].json["context"]["System"]["user"]["accessToken"] == token
    assert "masked" in page
    assert "c2VjcmV0" not in page
    assert "the-refresh-token" not in page
    assert not Session.objects.exists()


def test_it_sets_a_cookie_that_no_script_and_no_other_page_gets(home: Client) -> None:
    home.post(f"{PAGE}new/")
    cookie = home.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/dev/")


def test_it_refuses_a_form_of_another_site(simulator: Stub) -> None:
    client = at_home(enforce_csrf_checks=True)
    assert client.post(f"{PAGE}say/", {"press": "LaunchRequest"}).status_code == 403
    assert simulator.received == []


@pytest.mark.parametrize(
    "path", ["/dev/alexa/", "/dev/sign-up/", "/dev/alexa/callback/?state=x&code=y"]
)
def test_it_is_for_this_machine_only(home: Client, path: str) -> None:
    assert home.get(path).status_code in {200, 302}
    assert home.get(path, REMOTE_ADDR="192.0.2.7").status_code == 403
    assert home.get(path, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("site", "mode", "dest", "status"),
    [
        ("same-origin", "cors", "empty", 302),
        ("none", "navigate", "document", 302),
        ("cross-site", "navigate", "document", 302),  # the pool's page sends the browser back
        ("same-site", "navigate", "document", 302),  # so does the local one, of another port
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "no-cors", "image", 403),
        ("cross-site", "cors", "empty", 403),
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "", "", 403),
    ],
)
def test_another_site_may_only_lead_the_browser_here(
    home: Client, site: str, mode: str, dest: str, status: int
) -> None:
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    for path in (f"{PAGE}callback/?state=x&code=y", f"{PAGE}test/"):
        assert home.get(path, headers=headers).status_code == status
    for path in (PAGE, "/dev/sign-up/"):
        assert home.get(path, headers=headers).status_code == (200 if status == 302 else status)


def kept() -> list[Path]:
    return sorted((pki_folder() / "simulator").glob("*.json"))


def test_it_wants_the_state_of_its_own_linking(home: Client) -> None:
    home.post(f"{PAGE}new/")
    home.get(f"{PAGE}callback/?state=x&code=y")
    assert "Linking failed: wrong_state" in text(home.get(PAGE))
    assert len(kept()) == 1


@pytest.mark.parametrize("key", ["", "of-nobody"])
def test_nothing_is_kept_of_a_browser_that_began_no_linking(
    home: Client, simulator: Stub, key: str
) -> None:
    if key:
        home.cookies[COOKIE] = key
    response = home.get(f"{PAGE}callback/?state=x&code=y")
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert COOKIE not in response.cookies
    assert kept() == []
    assert "Linking failed: wrong_state" in text(home.get(PAGE))
    assert simulator.received == []


def test_it_says_that_there_are_no_keys(home: Client, settings: Settings, tmp_path: Path) -> None:
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path / "nothing-here")
    home.post(f"{PAGE}say/", {"press": "LaunchRequest"})
    assert "no development keys" in text(home.get(PAGE))


def test_it_is_not_there_without_a_folder_for_keys(home: Client, settings: Settings) -> None:
    settings.ALEXA_DEV_PKI_DIR = ""
    assert home.get(PAGE).status_code == 404
    assert home.post(f"{PAGE}say/").status_code == 404


def test_it_says_that_there_is_no_interaction_model(home: Client, models: Path) -> None:
    for path in models.iterdir():
        path.unlink()
    home.post(f"{PAGE}say/", {"utterance": "hello"})
    assert "cannot be read" in text(home.get(PAGE))
