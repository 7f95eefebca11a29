"""Amazon's limits, and phrases that the interaction model must know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from skill_endpoint.locales import LANGUAGES
from skill_endpoint.skill_package import rules
from skill_endpoint.skill_package.build import read_locales
from skill_endpoint.skill_package.texts import Phrase, StoreText

OPEN = Phrase("{wake_word}, open {invocation}")
TODAY = Phrase("{wake_word}, ask {invocation} for {sample}", "Today's fact")
SPACE = Phrase("{wake_word}, ask {invocation} to {sample}", "tell me about outer space")
GOOD = StoreText(
    name="Small Wonders",
    summary="A fact a day.",
    description="Facts.",
    keywords=("facts", "trivia"),
    wake_word="Alexa",
    phrases=(OPEN, TODAY, SPACE),
)


def model(*samples: str, invocation: str = "small wonders") -> dict[str, Any]:
    return {
        "interactionModel": {
            "languageModel": {
                "invocationName": invocation,
                "intents": [
                    {
                        "name": "FactIntent",
                        "slots": [
                            {"name": "topic", "type": "Topic"},
                            {"name": "name", "type": "AMAZON.FirstName"},
                        ],
                        "samples": [*samples],
                    }
                ],
                "types": [
                    {
                        "name": "Topic",
                        "values": [{"name": {"value": "space", "synonyms": ["outer space"]}}],
                    }
                ],
            }
        }
    }


MODEL = model("today's fact", "tell me about {topic}", "{topic}", "call me {name}")


def test_good_texts_have_no_problems() -> None:
    assert rules.check_lengths(GOOD) == []
    assert rules.check_phrases(GOOD, MODEL, "en-US") == []


def test_phrases_are_spoken_with_the_invocation_name_of_the_model() -> None:
    assert rules.spoken_phrases(GOOD, model(invocation="tiny marvels")) == [
        "Alexa, open tiny marvels",
        "Alexa, ask tiny marvels for Today's fact",
        "Alexa, ask tiny marvels to tell me about outer space",
    ]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": "A"}, "name has 1"),
        ({"name": "A" * 51}, "name has 51"),
        ({"summary": "A" * 161}, "summary has 161"),
        ({"description": "A" * 4001}, "description has 4001"),
        ({"keywords": ("A" * 151,)}, "has 151 characters"),
        ({"keywords": tuple(map(str, range(31)))}, "31 keywords"),
        ({"keywords": ("Fact", "fact")}, "stands twice"),
    ],
)
def test_lengths(change: dict[str, Any], complaint: str) -> None:
    (problem,) = rules.check_lengths(replace(GOOD, **change))
    assert complaint in problem


def test_a_text_may_be_as_long_as_allowed() -> None:
    longest = replace(
        GOOD,
        name="A" * 50,
        summary="A" * 160,
        description="A" * 4000,
        keywords=tuple(f"{number:0150}" for number in range(30)),
    )
    assert rules.check_lengths(longest) == []


@pytest.mark.parametrize(
    ("phrases", "complaint"),
    [
        ((OPEN, TODAY), "2 phrases, wanted are 3"),
        ((OPEN, TODAY, TODAY), "a phrase stands twice"),
        ((TODAY, SPACE, OPEN), "the first phrase opens the skill"),
        ((Phrase("open {invocation}, {wake_word}"), TODAY, SPACE), "does not begin"),
        ((OPEN, TODAY, replace(SPACE, sample="tell me a joke")), "'tell me a joke' is no sample"),
        # not a value of the slot's type
        ((OPEN, TODAY, replace(SPACE, sample="tell me about chess")), "chess' is no sample"),
        # a bare slot takes anything: that is no sample to advertise
        ((OPEN, TODAY, replace(SPACE, sample="space")), "'space' is no sample"),
        ((OPEN, TODAY, Phrase(SPACE.say + "A" * 170, SPACE.sample)), "at most 200"),
    ],
)
def test_phrases(phrases: tuple[Phrase, ...], complaint: str) -> None:
    (problem,) = rules.check_phrases(replace(GOOD, phrases=phrases), MODEL, "en-US")
    assert complaint in problem


def test_a_slot_of_amazons_own_type_takes_any_words() -> None:
    phrases = (OPEN, TODAY, replace(SPACE, sample="call me Rosalind"))
    assert rules.check_phrases(replace(GOOD, phrases=phrases), MODEL, "en-US") == []


def test_japanese_is_compared_without_spaces() -> None:
    phrases = (OPEN, TODAY, replace(SPACE, sample="今日の 豆知識"))
    text = replace(GOOD, phrases=phrases)
    document = model("today's fact", "今日の豆知識")
    assert rules.check_phrases(text, document, "ja-JP") == []
    assert rules.check_phrases(text, document, "en-US") != []


def test_our_own_texts_break_no_rule() -> None:
    locales = read_locales(LANGUAGES)
    assert locales.problems == []
    assert {"en-US", "en-GB", "en-AU", "en-CA", "en-IN"} <= locales.texts.keys()
