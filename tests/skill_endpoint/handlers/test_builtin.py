from __future__ import annotations

import re

import pytest

from accounts.models import User
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import Conversation, one_shot


@pytest.mark.parametrize("name", ["Stop", "Cancel", "NavigateHome"])
def test_it_says_goodbye_and_lets_go(device: Device, name: str) -> None:
    conversation = Conversation(device)
    conversation.launch()

    answer = conversation.ask(f"AMAZON.{name}Intent")

    assert answer.ends
    assert answer.text


def test_help_says_what_to_ask_for_and_stays(device: Device) -> None:
    answer = one_shot(device, "AMAZON.HelpIntent")

    assert "today's fact" in answer.text
    assert not answer.ends


def test_help_after_a_fact_is_about_that_fact(device: Device) -> None:
    conversation = Conversation(device)
    conversation.ask("DailyFactIntent")

    answer = conversation.ask("AMAZON.HelpIntent")

    assert "tell me more, who says so, save that" in answer.text


def test_yes_after_help_does_what_was_asked(device: Device) -> None:
    conversation = Conversation(device)
    conversation.ask("AMAZON.HelpIntent")

    assert "is odd." in conversation.ask("AMAZON.YesIntent").text


def test_yes_to_another_tells_another(device: Device) -> None:
    conversation = Conversation(device)
    first = conversation.ask("DailyFactIntent").card["content"]

    second = conversation.ask("AMAZON.YesIntent").card["content"]

    assert first != second


def test_no_ends_the_conversation(device: Device) -> None:
    conversation = Conversation(device)
    conversation.launch()

    assert conversation.ask("AMAZON.NoIntent").ends


@pytest.mark.parametrize("pending", ["", "gibberish", "topic:gone", 7, None])
def test_yes_to_nothing_offers_again(device: Device, pending: object) -> None:
    conversation = Conversation(device, attributes={"pending": pending})

    answer = conversation.ask("AMAZON.YesIntent")

    assert "today's fact?" in answer.text
    assert "is odd." in conversation.ask("AMAZON.YesIntent").text


def test_repeat_replays_the_last_answer_word_for_word(linked_device: Device) -> None:
    conversation = Conversation(linked_device)
    conversation.launch()
    said = conversation.ask("AMAZON.YesIntent")

    for _ in range(2):
        again = conversation.ask("AMAZON.RepeatIntent")

        assert again.ssml == said.ssml
        assert again.response["reprompt"] == said.response["reprompt"]
        assert not again.ends


def test_the_question_is_still_open_after_repeat(device: Device) -> None:
    conversation = Conversation(device)
    conversation.launch()
    conversation.ask("AMAZON.RepeatIntent")

    assert "is odd." in conversation.ask("AMAZON.YesIntent").text


def test_repeat_in_a_new_session_tells_the_last_fact_again(
    linked_device: Device, linked: User
) -> None:
    one_shot(linked_device, "DailyFactIntent")

    answer = one_shot(linked_device, "AMAZON.RepeatIntent")

    assert answer.ends
    assert answer.text.endswith("is odd.")
    assert linked.hearings.count() == 1


def test_repeat_of_nothing_offers_todays_fact(device: Device) -> None:
    assert "haven't said anything" in one_shot(device, "AMAZON.RepeatIntent").text


@pytest.mark.parametrize("intent", ["AMAZON.FallbackIntent", "AnIntentOfTomorrow"])
def test_what_it_does_not_understand_gets_two_suggestions(device: Device, intent: str) -> None:
    answer = Conversation(device).ask(intent)

    assert "today's fact" in answer.text
    assert not answer.ends
    assert "invalid" not in answer.text


def test_the_third_misunderstanding_in_a_row_ends_gracefully(device: Device) -> None:
    conversation = Conversation(device)
    answers = [conversation.ask("AMAZON.FallbackIntent") for _ in range(3)]

    assert [answer.ends for answer in answers] == [False, False, True]
    assert len({answer.text for answer in answers}) == 3


def test_an_understood_turn_begins_the_count_again(device: Device) -> None:
    conversation = Conversation(device)
    for intent in ("AMAZON.FallbackIntent", "AMAZON.FallbackIntent", "DailyFactIntent"):
        conversation.ask(intent)

    assert not conversation.ask("AMAZON.FallbackIntent").ends


def test_after_a_fact_it_suggests_what_can_be_done_with_it(device: Device) -> None:
    conversation = Conversation(device)
    conversation.ask("DailyFactIntent")

    answers = [conversation.ask("AMAZON.FallbackIntent") for _ in range(3)]

    assert re.search("tell me more|tell you more", answers[0].text)
    assert "yes or no" in answers[1].text
    assert not any("today's" in answer.text for answer in answers)
    assert [answer.ends for answer in answers] == [False, False, True]


def test_wow_is_no_misunderstanding(device: Device) -> None:
    conversation = Conversation(device)
    for intent in ("DailyFactIntent", "AMAZON.FallbackIntent", "AMAZON.FallbackIntent"):
        conversation.ask(intent)

    assert not conversation.ask("ReactionIntent").ends
    assert not conversation.ask("AMAZON.FallbackIntent").ends


def test_wow_to_nothing_offers_todays_fact(device: Device) -> None:
    assert "today's fact?" in Conversation(device).ask("ReactionIntent").text


# --- slower ------------------------------------------------------------------------------------


def test_slower_says_the_same_slowly_and_asks_the_same(device: Device) -> None:
    conversation = Conversation(device)
    told = conversation.ask("DailyFactIntent")

    answer = conversation.ask("SlowerIntent")

    assert answer.text == told.text
    assert answer.ssml.startswith('<speak><prosody rate="85%">')
    assert answer.reprompt == told.reprompt
    assert "prosody" not in conversation.ask("AMAZON.RepeatIntent").ssml
    assert conversation.ask("AMAZON.YesIntent").text != told.text


def test_slower_with_nothing_said_offers_a_fact(device: Device) -> None:
    assert "haven't said anything" in one_shot(device, "SlowerIntent").text


@pytest.mark.parametrize("intent", ["AMAZON.RepeatIntent", "SlowerIntent"])
def test_markup_that_came_back_broken_is_not_said_again(device: Device, intent: str) -> None:
    conversation = Conversation(device, attributes={"speech": "<break/", "reprompt": "One?"})

    assert "haven't said anything" in conversation.ask(intent).text


# --- again, after a misunderstanding -------------------------------------------------------------


@pytest.mark.parametrize("intent", ["AMAZON.RepeatIntent", "SlowerIntent"])
def test_again_after_a_misunderstanding_says_the_last_words(device: Device, intent: str) -> None:
    conversation = Conversation(device)
    told = conversation.ask("DailyFactIntent")
    first, second = [conversation.ask("AMAZON.FallbackIntent") for _ in range(2)]

    again = conversation.ask(intent)

    assert again.text == second.text
    assert again.text not in (first.text, told.text)
    assert conversation.ask("AMAZON.RepeatIntent").text == second.text


def test_yes_after_again_answers_the_question_that_was_heard(device: Device) -> None:
    """Not the one before the misunderstanding, which was on a topic."""
    conversation = Conversation(device)
    conversation.ask("DailyFactIntent")
    offered = conversation.ask("TopicFactIntent", topic="basket weaving")
    missed = conversation.ask("AMAZON.FallbackIntent")

    again = conversation.ask("AMAZON.RepeatIntent")

    assert again.text == missed.text != offered.text
    assert not re.search("one('s)? about", conversation.ask("AMAZON.YesIntent").text)
