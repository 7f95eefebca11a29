from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from skill_endpoint import interaction_models, skill
from skill_endpoint.facts import loading
from skill_endpoint.simulator import utterances

FILES = sorted(Path(interaction_models.__path__[0]).glob("*.json"))
SLOT = re.compile(r"\{([^}]*)\}")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def model(request: pytest.FixtureRequest) -> dict[str, Any]:
    document = json.loads(request.param.read_text(encoding="utf-8"))
    language_model: dict[str, Any] = document["interactionModel"]["languageModel"]
    return language_model


def test_there_is_a_model_for_english() -> None:
    assert "en-US" in {path.stem for path in FILES}


def test_model_and_skill_have_the_same_intents(model: dict[str, Any]) -> None:
    assert {intent["name"] for intent in model["intents"]} == set(skill.INTENTS)


def test_it_is_called_by_its_name(model: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z]+( [a-z]+)+", model["invocationName"])


def test_every_slot_of_a_sample_is_declared_and_has_a_type(model: dict[str, Any]) -> None:
    types = {kind["name"] for kind in model["types"]}
    for intent in model["intents"]:
        slots = {slot["name"]: slot["type"] for slot in intent.get("slots", [])}
        used = {name for sample in intent["samples"] for name in SLOT.findall(sample)}
        assert used == set(slots)
        assert set(slots.values()) <= types  # Amazon's too: extended by an example


def test_no_sample_belongs_to_two_intents(model: dict[str, Any]) -> None:
    samples = [SLOT.sub("{}", text) for intent in model["intents"] for text in intent["samples"]]

    assert sorted(samples) == sorted(set(samples))


def test_samples_are_written_as_alexa_hears_them(model: dict[str, Any]) -> None:
    for intent in model["intents"]:
        assert intent["samples"] or intent["name"].startswith("AMAZON.")
        for sample in intent["samples"]:
            assert re.fullmatch(r"[a-z'. {}]+", sample), sample


def test_the_topics_are_those_of_the_content(model: dict[str, Any]) -> None:
    (topics,) = (kind for kind in model["types"] if kind["name"] == "Topic")

    assert [value["id"] for value in topics["values"]] == [t["slug"] for t in loading.read()]


def test_no_word_means_two_topics(model: dict[str, Any]) -> None:
    words = [
        word
        for kind in model["types"]
        for value in kind["values"]
        for word in {value["name"]["value"], *value["name"].get("synonyms", [])}
    ]

    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("what is today's fact", "DailyFactIntent"),
        ("tell me something interesting", "DailyFactIntent"),
        ("anything about the oceans", "TopicFactIntent"),
        ("something about pyramids", "TopicFactIntent"),
        ("skip", "AnotherFactIntent"),
        ("next", "AnotherFactIntent"),
        ("why", "TellMeMoreIntent"),
        ("really", "FactSourceIntent"),
        ("add to favorites", "SaveFactIntent"),
        ("add to favourites", "SaveFactIntent"),
        ("remember this", "SaveFactIntent"),
        ("I like that", "SaveFactIntent"),
        ("remove it from my list", "RemoveFactIntent"),
        ("show my favorites", "ListSavedIntent"),
        ("how many facts did I save", "ListSavedIntent"),
        ("Alexa, ask Small Wonders what I saved.", "ListSavedIntent"),
        ("what topics do you know", "ListTopicsIntent"),
        ("which topics are there", "ListTopicsIntent"),
        ("what do you know about", "ListTopicsIntent"),
        ("what can I ask about", "ListTopicsIntent"),
        ("what do you know about me", "WhoAmIIntent"),
        ("what can I ask", "AMAZON.HelpIntent"),
        ("call me Bob", "SettingsIntent"),
        ("call me Grace", "SettingsIntent"),
        ("change my topics", "SettingsIntent"),
        ("delete my account", "SettingsIntent"),
        ("unlink", "SettingsIntent"),
        ("wow", "ReactionIntent"),
        *(
            (word, "AMAZON.StopIntent")
            for word in [
                "thanks",
                "thank you",
                "good night",
                "not now",
                "that's all",
                "shut up",
                "be quiet",
            ]
        ),
    ],
)
def test_people_are_understood(said: str, intent: str) -> None:
    assert utterances.resolve(said, "en-US").intent == intent


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("whales", "oceans"),
        ("fish", "oceans"),
        ("sharks", "oceans"),
        ("planets", "space"),
        ("the stars", "space"),
        ("dinosaurs", "animals"),
        ("the pyramids", "history"),
        ("cooking", "food"),
        ("my heart", "body"),
        ("the brain", "body"),
    ],
)
def test_a_topic_has_many_names(said: str, topic: str) -> None:
    slot = utterances.resolve(f"tell me about {said}", "en-US").slots["topic"]

    (authority,) = slot["resolutions"]["resolutionsPerAuthority"]
    assert authority["values"][0]["value"]["id"] == topic
