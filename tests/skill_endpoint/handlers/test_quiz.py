from __future__ import annotations

import re
from dataclasses import replace

import pytest

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, FactText, Hearing
from skill_endpoint.simulator.envelopes import Device, resolved_slot
from tests.skill_endpoint.voice import Answer, Conversation, one_shot

PLACES = ("first", "second", "third")


def asked_about(answer: Answer) -> str:
    """The test's facts answer their own question: "What is as odd as venus?" """
    found = re.search(r"What is as odd as (\w+)\?", answer.text)
    assert found, answer.text
    return found[1]


def place(number: int) -> dict[str, object]:
    spoken = PLACES[number - 1]
    return resolved_slot("answer", spoken, spoken, str(number))


def options(answer: Answer) -> list[str]:
    return re.findall(r"\w+", answer.reprompt.removeprefix("Which is it: ").replace(", or ", ", "))


@pytest.fixture
def quiz(device: Device) -> Conversation:
    """A conversation in which four facts were heard; three of them have a question."""
    conversation = Conversation(device)
    for intent in ("DailyFactIntent", *["AnotherFactIntent"] * 4):
        conversation.ask(intent)
    return conversation


def test_a_quiz_from_the_first_question_to_the_score(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")
    assert "3 questions" in first.text
    assert not first.ends

    second = quiz.ask("QuizAnswerIntent", answer=asked_about(first))
    assert re.search("That's right|Yes, it is|You've got it", second.text)

    third = quiz.ask("QuizAnswerIntent", answer="pepper")
    assert asked_about(second) in third.text.partition("?")[0]
    assert re.search("Not quite|but no|No, it's", third.text)
    assert re.search("Last one|the last|One more to go", third.text)

    result = quiz.ask("QuizAnswerIntent", answer=asked_about(third))
    assert "2 of 3" in result.text
    assert len({asked_about(a) for a in (first, second, third)}) == 3
    assert "is odd." in quiz.ask("AMAZON.YesIntent").text


def test_all_right_is_said_to_be_perfect_and_none_right_is_comforted(quiz: Conversation) -> None:
    answer = quiz.ask("QuizIntent")
    for _ in range(3):
        answer = quiz.ask("QuizAnswerIntent", answer=asked_about(answer))
    assert re.search("Full marks: 3 of 3|3 of 3. Perfect", answer.text)

    answer = quiz.ask("QuizIntent")
    for _ in range(3):
        answer = quiz.ask("QuizAnswerIntent", answer="pepper")
    assert "None this time" in answer.text


def test_an_answer_may_be_given_by_its_place(quiz: Conversation) -> None:
    answer = quiz.ask("QuizIntent")
    for _ in range(3):
        number = options(answer).index(asked_about(answer)) + 1
        answer = quiz.ask("QuizAnswerIntent", answer=place(number))

    assert "3 of 3" in answer.text


@pytest.mark.parametrize("words", ["{}", "{}, I think", "The {}!", "{} "])
def test_an_answer_may_stand_among_other_words(quiz: Conversation, words: str) -> None:
    first = quiz.ask("QuizIntent")

    answer = quiz.ask("QuizAnswerIntent", answer=words.format(asked_about(first).upper()))

    assert re.search("That's right|Yes, it is|You've got it", answer.text)


def test_an_answer_that_came_as_a_topic_counts(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")

    answer = quiz.ask("TopicFactIntent", topic=asked_about(first))

    assert re.search("That's right|Yes, it is|You've got it", answer.text)


def test_a_topic_that_is_no_answer_leaves_the_quiz(quiz: Conversation) -> None:
    quiz.ask("QuizIntent")

    assert "is odd." in quiz.ask("TopicFactIntent", topic=resolved_topic()).text
    assert "quiz" not in quiz.attributes
    assert not re.search("right|of 3", quiz.ask("QuizAnswerIntent", answer="pepper").text)


def resolved_topic() -> dict[str, object]:
    return resolved_slot("topic", "eating", "food", "food")


@pytest.mark.parametrize(
    ("intent", "slots"),
    [
        ("QuizAnswerIntent", {"answer": "a banana"}),
        ("TopicFactIntent", {"topic": "a banana"}),
        ("AMAZON.YesIntent", {}),
        ("AMAZON.NoIntent", {}),
        ("AMAZON.FallbackIntent", {}),
    ],
)
def test_what_is_no_answer_is_asked_twice_more_then_told(
    quiz: Conversation, intent: str, slots: dict[str, str]
) -> None:
    first = quiz.ask("QuizIntent")

    again = quiz.ask(intent, **slots)
    assert asked_about(again) == asked_about(first)
    assert options(again) == options(first)
    quiz.ask(intent, **slots)
    on = quiz.ask(intent, **slots)
    assert f"The answer is: {asked_about(first)}." in on.text
    assert asked_about(on) != asked_about(first)


@pytest.mark.parametrize("intent", ["QuizAnswerIntent", "AnotherFactIntent"])
def test_who_passes_is_told_and_asked_the_next(quiz: Conversation, intent: str) -> None:
    first = quiz.ask("QuizIntent")

    second = quiz.ask(intent)

    assert f"The answer is: {asked_about(first)}." in second.text
    assert asked_about(second) != asked_about(first)


def test_help_in_a_quiz_asks_the_same_again(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")

    helped = quiz.ask("AMAZON.HelpIntent")

    assert "pass" in helped.text
    assert asked_about(helped) == asked_about(first)


def test_repeat_in_a_quiz_keeps_the_quiz(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")

    assert quiz.ask("AMAZON.RepeatIntent").text == first.text
    quiz.ask("QuizAnswerIntent", answer=asked_about(first))
    assert len(quiz.attributes["quiz"]) == 2


def test_nobody_is_asked_about_what_they_never_heard(device: Device) -> None:
    conversation = Conversation(device)

    answer = conversation.ask("QuizIntent")

    assert "heard from me" in answer.text
    assert "is odd." in conversation.ask("AMAZON.YesIntent").text


def test_one_fact_heard_makes_a_quiz_of_one_question(device: Device) -> None:
    conversation = Conversation(device)
    while "venus" not in conversation.ask("AnotherFactIntent").text:
        conversation = Conversation(device, turns=conversation.turns)

    answer = conversation.ask("QuizIntent")
    assert "question" in answer.text or "quick one" in answer.text
    result = conversation.ask("QuizAnswerIntent", answer="venus")
    assert re.match("(That's right|Yes, it is|You've got it). [A-Z]", result.text)
    assert " of 1" not in result.text


def test_the_history_is_asked_about_in_a_later_conversation(
    linked_device: Device, linked: User
) -> None:
    Hearing.objects.create(user=linked, fact=Fact.objects.get(slug="mars"), door=Door.WEB)

    assert asked_about(one_shot(linked_device, "QuizIntent")) == "mars"


def test_a_history_that_is_not_kept_is_not_asked_about(linked_device: Device, linked: User) -> None:
    Hearing.objects.create(user=linked, fact=Fact.objects.get(slug="mars"), door=Door.WEB)
    linked.profile.remember_history = False
    linked.profile.save()

    assert "heard from me" in one_shot(linked_device, "QuizIntent").text


def test_a_fact_that_lost_its_question_meanwhile_is_left_out(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")
    FactText.objects.exclude(fact__slug=asked_about(first)).update(question="", options=[])

    over = quiz.ask("QuizAnswerIntent", answer=asked_about(first))
    assert re.match("(That's right|Yes, it is|You've got it). [A-Z]", over.text)
    assert "quiz" not in quiz.attributes


def test_a_quiz_whose_fact_is_gone_is_over(quiz: Conversation) -> None:
    quiz.ask("QuizIntent")
    FactText.objects.update(question="", options=[])

    answer = quiz.ask("QuizAnswerIntent", answer="pepper")

    assert not answer.ends
    assert "quiz" not in quiz.attributes


def test_outside_a_quiz_an_answer_answers_nothing(device: Device) -> None:
    assert not re.search(
        "right|answer is", one_shot(device, "QuizAnswerIntent", answer="venus").text
    )


def test_a_word_that_is_an_answer_and_a_place_is_the_answer(quiz: Conversation) -> None:
    FactText.objects.exclude(question="").update(options=["three", "one", "eight"])
    quiz.ask("QuizIntent")

    answer = quiz.ask("QuizAnswerIntent", answer=resolved_slot("answer", "three", "third", "3"))

    assert re.search("That's right|Yes, it is|You've got it", answer.text)


@pytest.mark.parametrize("said", ["moon", "the moon", "Moon!", "it was the moon"])
def test_an_article_makes_no_difference(quiz: Conversation, said: str) -> None:
    FactText.objects.exclude(question="").update(options=["The Moon", "Mars", "a planet"])
    quiz.ask("QuizIntent")

    answer = quiz.ask("QuizAnswerIntent", answer=said)

    assert re.search("That's right|Yes, it is|You've got it", answer.text)


def test_words_that_are_part_of_two_answers_are_asked_again(quiz: Conversation) -> None:
    FactText.objects.exclude(question="").update(options=["red wine", "white wine", "beer"])
    quiz.ask("QuizIntent")

    assert quiz.ask("QuizAnswerIntent", answer="wine").text.count("wine") >= 2


def test_a_quiz_that_came_back_longer_than_it_was_is_cut(quiz: Conversation) -> None:
    quiz.ask("QuizIntent")
    quiz.attributes["quiz"] = [*quiz.attributes["quiz"], *range(1, 500)]

    quiz.ask("AMAZON.HelpIntent")

    assert len(quiz.attributes["quiz"]) == 3


def test_what_is_not_translated_is_asked_by_an_english_voice(quiz: Conversation) -> None:
    quiz.device = replace(quiz.device, locale="ar-SA")

    answer = quiz.ask("QuizIntent")

    assert answer.ssml.count('<lang xml:lang="en-US">') == 4  # the question and three answers
    assert "lang" not in answer.text


def test_an_answer_with_an_ampersand_is_said_as_it_is_written(quiz: Conversation) -> None:
    FactText.objects.exclude(question="").update(options=["salt & pepper", "thyme", "mint"])

    assert "salt & pepper" in quiz.ask("QuizIntent").text


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        ("TellMeMoreIntent", "There is more to"),
        ("FactSourceIntent", "Test Press"),
        ("SaveFactIntent", "favorites"),
        ("ReportFactIntent", "Thank"),
    ],
)
def test_an_aside_is_about_the_fact_just_asked_and_goes_back_to_the_quiz(
    quiz: Conversation, intent: str, said: str
) -> None:
    first = quiz.ask("QuizIntent")
    second = quiz.ask("QuizAnswerIntent", answer="pepper")

    aside = quiz.ask(intent)

    assert asked_about(aside) == asked_about(second)
    assert options(aside) == options(second)
    if intent == "TellMeMoreIntent":
        assert f"There is more to {asked_about(first)}" in aside.text
    assert re.search("That's right|Yes, it is|You've got it", answer_of(quiz, second).text)


def answer_of(quiz: Conversation, asked: Answer) -> Answer:
    return quiz.ask("QuizAnswerIntent", answer=asked_about(asked))


def test_asked_for_a_quiz_in_a_quiz_it_asks_the_same_again(quiz: Conversation) -> None:
    quiz.ask("QuizIntent")
    second = quiz.ask("QuizAnswerIntent", answer="pepper")

    again = quiz.ask("QuizIntent")

    assert asked_about(again) == asked_about(second)
    assert len(quiz.attributes["quiz"]) == 2


def test_cancel_leaves_the_quiz_and_not_the_skill(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")
    answer_of(quiz, first)
    quiz.ask("QuizAnswerIntent", answer="pepper")

    answer = quiz.ask("AMAZON.CancelIntent")

    assert "1 of 2" in answer.text
    assert not answer.ends
    assert "quiz" not in quiz.attributes
    assert quiz.ask("AMAZON.CancelIntent").ends


def test_what_after_a_misunderstanding_asks_for_the_question_again(quiz: Conversation) -> None:
    first = quiz.ask("QuizIntent")
    quiz.ask("AMAZON.FallbackIntent")

    again = quiz.ask("AMAZON.RepeatIntent").text

    assert re.match("I need one of the three|That wasn't one of the three", again)
    assert again.endswith(first.text[first.text.index("What is as odd as") :])


@pytest.mark.parametrize("aside", ["AMAZON.FallbackIntent", "TellMeMoreIntent"])
@pytest.mark.parametrize("last", ["QuizAnswerIntent", "AMAZON.CancelIntent"])
def test_after_a_quiz_nothing_is_offered_that_nobody_thinks_of(
    quiz: Conversation, aside: str, last: str
) -> None:
    """There was no fact to save just now, and no other one before "another"."""
    asked = quiz.ask("QuizIntent")
    for _ in range(2):
        asked = quiz.ask("QuizAnswerIntent", answer=asked_about(asked))
    quiz.ask(aside)
    score = quiz.ask(last)
    assert re.search("2 of 2|2 of 3", score.text)

    answer = quiz.ask("AMAZON.FallbackIntent")
    assert "save" not in answer.text
    assert re.search("hear a fact|tell you a fact|How about a fact", answer.text)


def test_a_fact_after_a_quiz_can_be_saved_again(quiz: Conversation) -> None:
    quiz.ask("QuizIntent")
    quiz.ask("AMAZON.CancelIntent")
    quiz.ask("AMAZON.YesIntent")

    assert re.search("save", quiz.ask("AMAZON.FallbackIntent").text)


@pytest.mark.parametrize("intent", ["AMAZON.RepeatIntent", "SlowerIntent"])
def test_again_after_a_quiz_and_a_misunderstanding_says_the_last_words(
    quiz: Conversation, intent: str
) -> None:
    quiz.ask("QuizIntent")
    score = quiz.ask("AMAZON.CancelIntent")
    missed = quiz.ask("AMAZON.FallbackIntent")

    again = quiz.ask(intent)

    assert again.text == missed.text != score.text
    assert again.reprompt == missed.reprompt
