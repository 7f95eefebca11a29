from __future__ import annotations

import pytest

from skill_endpoint.simulator.interaction_model import chips, normal
from skill_endpoint.simulator.utterances import FALLBACK_INTENT, LAUNCH, resolve

pytestmark = pytest.mark.usefixtures("models")


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("Tell me a fact!", "DailyFactIntent"),
        ("  TELL   me, a fact ", "DailyFactIntent"),
        ("whats new", "DailyFactIntent"),
        ("What’s new?", "DailyFactIntent"),
        ("Alexa, ask Small Wonders for a space fact", "TopicFactIntent"),
        ("ask small wonders something about planets", "TopicFactIntent"),
        ("open small wonders and tell me a fact", "DailyFactIntent"),
        ("stop", "AMAZON.StopIntent"),
        ("Yes, please.", "AMAZON.YesIntent"),
        ("true", "QuizAnswerIntent"),
        ("note buy honey", "NoteIntent"),
    ],
)
def test_it_finds_the_intent(said: str, intent: str) -> None:
    assert resolve(said, "en-US").intent == intent


@pytest.mark.parametrize(
    "said",
    ["open small wonders", "Alexa, launch Small Wonders.", "small wonders", "ask small wonders"],
)
def test_it_launches(said: str) -> None:
    assert resolve(said, "en-US").intent == LAUNCH


def test_it_resolves_a_synonym_to_the_value_of_its_type() -> None:
    slot = resolve("something about the stars", "en-US").slots["topic"]
    (authority,) = slot["resolutions"]["resolutionsPerAuthority"]
    assert slot["value"] == "the stars"
    assert authority["status"]["code"] == "ER_SUCCESS_MATCH"
    assert authority["values"] == [{"value": {"name": "Space", "id": "space"}}]


def test_it_passes_an_unknown_value_on_as_not_matched() -> None:
    understood = resolve("tell me a klingon fact", "en-US")
    (authority,) = understood.slots["topic"]["resolutions"]["resolutionsPerAuthority"]
    assert understood.intent == "TopicFactIntent"
    assert authority["status"]["code"] == "ER_SUCCESS_NO_MATCH"


def test_it_falls_back_with_the_nearest_samples() -> None:
    understood = resolve("tell me a act", "en-US")
    assert understood.intent == FALLBACK_INTENT
    assert understood.nearest[0] == "tell me a fact"


def test_it_does_not_take_a_bare_slot_for_everything() -> None:
    assert resolve("wibble wobble", "en-US").intent == FALLBACK_INTENT


def test_it_offers_no_built_in_intent_that_the_skill_does_not_have() -> None:
    assert resolve("cancel", "en-US").intent == FALLBACK_INTENT


def test_it_uses_the_english_model_where_a_locale_has_none() -> None:
    assert resolve("tell me a fact", "de-DE").intent == "DailyFactIntent"
    assert resolve("hilfe", "de-DE").intent == "AMAZON.HelpIntent"


def test_it_reads_japanese_with_and_without_spaces() -> None:
    for said in ("宇宙の話", "宇宙 の 話。"):
        understood = resolve(said, "ja-JP")
        assert understood.intent == "TopicFactIntent"
        assert understood.slots["topic"]["value"] == "宇宙"


def test_it_keeps_the_marks_of_hindi_letters() -> None:
    assert normal("मदद, करो!") == "मदद करो"
    assert normal("की") != normal("का")


def test_it_offers_a_sentence_for_each_intent_with_its_slots_filled_in() -> None:
    offered = {chip.intent: chip.text for chip in chips("en-US")}
    assert offered["DailyFactIntent"] == "tell me a fact"
    assert offered["TopicFactIntent"] == "tell me a Space fact"
    assert "AMAZON.StopIntent" not in offered


def test_it_understands_every_sentence_that_it_offers() -> None:
    for chip in chips("en-US"):
        if chip.intent != "NoteIntent":
            assert resolve(chip.text, "en-US").intent == chip.intent
