from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from skill_endpoint.simulator import interaction_model, wording
from skill_endpoint.simulator.interaction_model import chips, normal
from skill_endpoint.simulator.utterances import (
    FALLBACK_INTENT,
    LAUNCH,
    Candidate,
    resolve,
    whole_sentence,
)
from tests.skill_endpoint.simulator.models import ENGLISH

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


@pytest.mark.parametrize("said", ["?", "😀", '"""', "\\", "…", " - ", ""])
@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_words_without_letters_are_no_candidate_of_anything(said: str, locale: str) -> None:
    understood = resolve(said, locale)
    assert understood.intent == FALLBACK_INTENT
    assert (understood.candidates, understood.nearest) == ((), ())
    assert whole_sentence(said, locale) == ""


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


def test_it_names_the_three_best_candidates_whatever_matched() -> None:
    for said in ("tell me a fact", "tell me a klingon fact", "wibble wobble a fact", "stop"):
        understood = resolve(said, "en-US")
        scores = [each.score for each in understood.candidates]
        assert 1 <= len(scores) <= 3
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)
        assert len({each.intent for each in understood.candidates}) == len(scores)


def test_the_best_candidate_is_the_one_that_was_taken() -> None:
    understood = resolve("tell me a planets fact", "en-US")
    best, second, *_ = understood.candidates
    assert best == Candidate(
        intent="TopicFactIntent",
        sample="tell me a {topic} fact",
        slots={"topic": "planets"},
        score=1.0,
    )
    assert (second.intent, second.sample, second.slots) == ("DailyFactIntent", "tell me a fact", {})
    assert second.score < 0.5


def test_new_words_in_a_slot_lower_the_score_by_half_their_share() -> None:
    (best, *_) = resolve("something about klingons", "en-US").candidates
    assert best.score == pytest.approx(1 - 0.5 * len("klingons") / len("something about klingons"))


def test_what_does_not_fit_scores_less_than_what_does() -> None:
    understood = resolve("tell me a act", "en-US")
    assert understood.intent == FALLBACK_INTENT
    assert understood.candidates[0].sample == "tell me a fact"
    assert 0.4 < understood.candidates[0].score < 0.5


def test_a_launch_is_its_own_candidate() -> None:
    (only,) = resolve("open small wonders", "en-US").candidates
    assert (only.intent, only.score) == (LAUNCH, 1.0)


def write(folder: Path, locale: str, model: dict[str, Any]) -> None:
    document = {"interactionModel": {"languageModel": model}}
    (folder / f"{locale}.json").write_text(json.dumps(document), encoding="utf-8")


def topics(*samples: str) -> dict[str, Any]:
    """A model whose topics and answers share words."""
    values = [
        {"id": "space", "name": {"value": "space", "synonyms": ["mars", "yes"]}},
        {"id": "words", "name": {"value": "words", "synonyms": ["words and languages"]}},
        {"id": "languages", "name": {"value": "languages"}},
        {"id": "deep", "name": {"value": "deep space"}},
    ]
    answers = [{"name": {"value": "Mars"}}, {"name": {"value": "Pluto"}}]
    slots = [{"name": name, "type": "Topic"} for name in ("topic", "second", "third")]
    return {
        "invocationName": "small wonders",
        "intents": [
            {"name": "QuizIntent", "slots": [{"name": "a", "type": "Answer"}], "samples": ["{a}"]},
            {"name": "TopicIntent", "slots": slots, "samples": ["{topic}", "about {topic}"]},
            {"name": "SetIntent", "slots": slots, "samples": list(samples)},
            {"name": "AMAZON.YesIntent", "samples": []},
        ],
        "types": [{"name": "Topic", "values": values}, {"name": "Answer", "values": answers}],
    }


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("mars", "TopicIntent", {"topic": "mars"}),
        ("pluto", "QuizIntent", {"a": "pluto"}),
        ("klingons", FALLBACK_INTENT, {}),
        ("yes", "AMAZON.YesIntent", {}),
        ("words and languages", "TopicIntent", {"topic": "words and languages"}),
        ("words and mars", "SetIntent", {"topic": "words", "second": "mars"}),
        (
            "deep space words and mars",
            "SetIntent",
            {"topic": "deep space", "second": "words", "third": "mars"},
        ),
        (
            "mars words and languages and space",
            "SetIntent",
            {"topic": "mars", "second": "words and languages", "third": "space"},
        ),
    ],
)
def test_slots_are_told_apart_by_their_values(
    models: Path, said: str, intent: str, slots: dict[str, str]
) -> None:
    model = topics("{topic} and {second}", "{topic} {second} and {third}")
    # topics before answers, as in the skill's model
    model["intents"].insert(0, model["intents"].pop(1))
    write(models, "en-US", model)

    understood = resolve(said, "en-US")

    assert understood.intent == intent
    assert {name: slot["value"] for name, slot in understood.slots.items()} == slots


def test_a_sample_with_a_slot_twice_cannot_be_read(models: Path) -> None:
    write(models, "en-US", topics("{topic} and {topic}"))
    with pytest.raises(ValueError, match="slot twice"):
        resolve("mars and mars", "en-US")


@pytest.mark.parametrize("locale", ["en-US", *(f"{each}-XX" for each in wording.BY_LANGUAGE)])
@pytest.mark.parametrize("request_", ["tell me a fact", "what's new"])
def test_every_language_understands_how_it_wraps_a_request(
    models: Path, locale: str, request_: str
) -> None:
    write(models, locale, ENGLISH)
    whole = whole_sentence(request_, locale)

    assert request_ in whole
    assert resolve(whole, locale).intent == "DailyFactIntent"
    for frame in wording.of(locale).frames:
        sentence = frame.format(name="Small Wonders", request=request_)
        assert resolve(sentence, locale).intent == "DailyFactIntent", sentence
    for words in (f for f, _ in wording.of(locale).one_shot):
        sentence = words.format(name="Small Wonders", request=request_)
        assert resolve(sentence, locale).intent == "DailyFactIntent", sentence


@pytest.mark.parametrize("locale", [f"{each}-XX" for each in wording.BY_LANGUAGE])
def test_every_language_launches(models: Path, locale: str) -> None:
    write(models, locale, ENGLISH)
    for launch in wording.of(locale).launches:
        sentence = launch.format(name="small wonders")
        called = wording.of(locale).calling.format(sentence=sentence)
        assert resolve(sentence, locale).intent == LAUNCH, sentence
        assert resolve(called, locale).intent == LAUNCH, called


@pytest.mark.parametrize(
    ("request_", "whole"),
    [
        ("What's new?", "Alexa, ask small wonders what's new?"),
        ("a space fact", "Alexa, ask small wonders for a space fact"),
        ("tell me a fact", "Alexa, ask small wonders to tell me a fact"),
        ("Alexa, ask Small Wonders for a fact", ""),
    ],
)
def test_english_asks_for_things_to_do_things_and_questions(request_: str, whole: str) -> None:
    assert whole_sentence(request_, "en-US") == whole


def test_built_models_serve_where_there_are_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction_model, "MODELS", None)
    assert resolve("quiz me", "en-US").intent == "QuizIntent"
    assert interaction_model.load("en-GB") is interaction_model.load("en-GB")
    assert interaction_model.load("xx-YY") is interaction_model.load("en-US")
    assert interaction_model.has_own_model("en-GB")
    assert not interaction_model.has_own_model("xx-YY")
