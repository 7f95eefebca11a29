from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.utils import translation
from pytest_django import Settings

from skill_endpoint import skill
from skill_endpoint.facts.models import Fact, FactText
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import Conversation, one_shot, send, stock_library

EMPTY = {"version": "1.0", "response": {}}


def answered(envelope: Any) -> Any:
    return json.loads(skill.answer(envelope))


# --- requests that are not for us --------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Alexa.Something.OfTomorrow"},
        {"type": "AudioPlayer.PlaybackStarted"},  # known to the SDK, not to us
        {"type": "CanFulfillIntentRequest", "intent": {"name": "DailyFactIntent"}},
        {"type": None},
    ],
)
def test_it_answers_nothing_to_what_alexa_adds_one_day(
    device: Device, change: dict[str, Any]
) -> None:
    envelope = envelopes.launch(device)
    envelope["request"].update(change)

    assert answered(envelope)["response"] == {}


def test_a_turn_with_something_that_alexa_adds_one_day_is_answered(device: Device) -> None:
    envelope = envelopes.intent(device, "AMAZON.HelpIntent")
    envelope["request"]["dialogState"] = "A_STATE_OF_TOMORROW"

    assert "today's fact" in answered(envelope)["response"]["outputSpeech"]["ssml"]


@pytest.mark.parametrize(
    "envelope", [{}, {"request": []}, {"request": {}}, {"session": {}}, {"session": 7}]
)
def test_it_never_raises(envelope: dict[str, Any]) -> None:
    assert answered(envelope)["version"] == "1.0"


# --- languages ---------------------------------------------------------------------------------


@pytest.fixture
def french(tmp_path: Path, settings: Settings) -> Iterator[None]:
    catalog = Catalog(locale="fr")
    catalog.add("Bye for now.", "À bientôt.")
    catalog.add("Until next time.", "À bientôt.")
    catalog.add("See you tomorrow.", "À bientôt.")
    catalog.add("Have a wonderful day.", "À bientôt.")
    catalog.add("Here's another one.", "En voici un autre.")
    catalog.add(
        "Sorry, something went wrong on my side. Please try again in a minute.",
        "Désolé, j’ai eu un problème. Réessaie dans une minute.",
    )
    catalog.add("{words} and {last_word}", "{words} et {last_word}", context="the end of a list")
    catalog.add("space", "l’espace", context="topic")
    compiled = tmp_path / "fr" / "LC_MESSAGES" / "django.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, catalog)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    yield
    translation.deactivate()


@pytest.mark.usefixtures("french")
@pytest.mark.parametrize(
    ("locale", "is_french"),
    [
        ("fr-CA", True),
        ("fr-FR", True),
        ("fr", True),
        ("pt-BR", False),
        ("en-GB", False),
        ("", False),
    ],
)
def test_it_speaks_the_language_of_the_request(
    device: Device, locale: str, is_french: bool
) -> None:
    answer = one_shot(replace(device, locale=locale), "AMAZON.StopIntent")

    assert (answer.text == "À bientôt.") is is_french


@pytest.mark.usefixtures("french", "db")
def test_the_fact_is_told_in_the_language_too(device: Device) -> None:
    stock_library()
    Fact.objects.exclude(slug="venus").update(is_published=False)
    FactText.objects.create(
        fact=Fact.objects.get(slug="venus"),
        language="fr",
        headline="Vénus",
        speech="Vénus est étrange.",
    )

    assert "Vénus est étrange." in one_shot(replace(device, locale="fr-CA"), "DailyFactIntent").text
    assert "venus is odd." in one_shot(replace(device, locale="pt-BR"), "DailyFactIntent").text


@pytest.mark.usefixtures("french")
def test_one_request_leaves_its_language_to_no_other(device: Device) -> None:
    with translation.override("de"):
        one_shot(replace(device, locale="fr-CA"), "AMAZON.StopIntent")

        assert translation.get_language() == "de"
    assert one_shot(device, "AMAZON.StopIntent").text != "À bientôt."


def test_a_request_without_locale_is_answered_in_english(device: Device) -> None:
    envelope = envelopes.intent(device, "AMAZON.StopIntent")
    del envelope["request"]["locale"]

    assert send(envelope).ends


# --- what a session brings back ----------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        {"heard": "1", "topic": 3, "misses": "x", "pending": [], "speech": {}, "reprompt": 1},
        {"heard": [None, "2", -1, 2**70, True, {}]},
        {"misses": -5},
        {"anything": {"else": [1]}},
    ],
)
@pytest.mark.parametrize("intent", sorted(skill.INTENTS))
def test_odd_session_attributes_cause_no_failure(
    device: Device, attributes: dict[str, Any], intent: str, db: None
) -> None:
    stock_library()

    answer = Conversation(device, attributes=attributes).ask(intent)

    assert "went wrong" not in answer.text


def test_a_session_stays_small_however_long_it_lasts(device: Device, db: None) -> None:
    stock_library()
    conversation = Conversation(device, attributes={"heard": list(range(100, 5000))})

    answer = conversation.ask("DailyFactIntent")

    assert len(json.dumps(answer.envelope)) < 4096
