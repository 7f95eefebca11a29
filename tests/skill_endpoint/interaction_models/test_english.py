from __future__ import annotations

import pytest

from skill_endpoint.interaction_models import build
from skill_endpoint.simulator import interaction_model, utterances


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
        ("change my topics", "SetTopicsIntent"),
        ("from now on oceans and history", "SetTopicsIntent"),
        ("space and the oceans", "SetTopicsIntent"),
        ("only tell me about space oceans and black holes", "SetTopicsIntent"),
        ("my favorite topics are dogs and chocolate", "SetTopicsIntent"),
        ("what are my topics", "WhoAmIIntent"),
        ("everything", "TopicFactIntent"),
        ("words and languages", "TopicFactIntent"),
        ("quiz me", "QuizIntent"),
        ("test me", "QuizIntent"),
        ("number two", "QuizAnswerIntent"),
        ("I think it's the first one", "QuizAnswerIntent"),
        ("no idea", "QuizAnswerIntent"),
        ("I don't know", "QuizAnswerIntent"),
        ("that's wrong", "ReportFactIntent"),
        ("that isn't true", "ReportFactIntent"),
        ("report that", "ReportFactIntent"),
        ("are you sure", "FactSourceIntent"),
        ("is that true", "FactSourceIntent"),
        ("slower", "SlowerIntent"),
        ("too fast", "SlowerIntent"),
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
        ("volcanoes", "earth"),
        ("trees", "plants"),
        ("inventors", "inventions"),
        ("words and languages", "words"),
        ("everything", "all"),
        ("the brain", "body"),
    ],
)
def test_a_topic_has_many_names(said: str, topic: str) -> None:
    slot = utterances.resolve(f"tell me about {said}", "en-US").slots["topic"]

    (authority,) = slot["resolutions"]["resolutionsPerAuthority"]
    assert authority["values"][0]["value"]["id"] == topic


@pytest.mark.parametrize(
    ("locale", "first"), [("en-US", "favorites"), ("en-GB", "favourites"), ("en-AU", "favourites")]
)
def test_a_region_is_shown_its_own_spelling(locale: str, first: str) -> None:
    (samples,) = (
        intent["samples"]
        for intent in build.document(locale)["interactionModel"]["languageModel"]["intents"]
        if intent["name"] == "ListSavedIntent"
    )

    assert f"my {first}" == next(each for each in samples if each.startswith("my fav"))


def test_what_the_skill_offers_as_examples_is_understood_as_that() -> None:
    for chip in interaction_model.chips("en-US"):
        assert utterances.resolve(chip.text, "en-US").intent == chip.intent
