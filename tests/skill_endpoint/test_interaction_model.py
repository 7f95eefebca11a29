from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from skill_endpoint import interaction_models, skill
from skill_endpoint.facts import loading

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
        assert set(slots.values()) <= types


def test_no_sample_belongs_to_two_intents(model: dict[str, Any]) -> None:
    samples = [SLOT.sub("{}", text) for intent in model["intents"] for text in intent["samples"]]

    assert sorted(samples) == sorted(set(samples))


def test_samples_are_written_as_alexa_hears_them(model: dict[str, Any]) -> None:
    for intent in model["intents"]:
        assert intent["samples"] or intent["name"].startswith("AMAZON.")
        for sample in intent["samples"]:
            assert re.fullmatch(r"[a-z'. {}]+", sample), sample


def test_the_topics_are_those_of_the_content(model: dict[str, Any]) -> None:
    (topics,) = model["types"]

    assert [value["id"] for value in topics["values"]] == [t["slug"] for t in loading.read()]


def test_no_word_means_two_topics(model: dict[str, Any]) -> None:
    words = [
        word
        for kind in model["types"]
        for value in kind["values"]
        for word in {value["name"]["value"], *value["name"]["synonyms"]}
    ]

    assert sorted(words) == sorted(set(words))
