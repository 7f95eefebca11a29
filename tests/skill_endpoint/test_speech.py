from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from skill_endpoint.facts.models import Fact, Topic
from skill_endpoint.speech import account, builtin, facts, favourites, launch, profile, quiz
from skill_endpoint.speech.wording import and_list, or_list, pick, read_aloud
from skill_endpoint.ssml import Ssml, fill, first_name_of, join
from skill_endpoint.turn import Question
from tests.skill_endpoint.voice import heard, parses

# everything a database column may hold, and what XML forbids
ANYTHING = st.text(
    st.characters(exclude_categories=[]) | st.sampled_from("<>&\"'{}%\x00\x0b\ufffe")
)
SEEDS = [f"request-{number}" for number in range(200)]


def spoken(ssml: Ssml) -> str:
    assert parses(f"<speak>{ssml}</speak>".encode("utf-8", "strict").decode())
    return heard(ssml)


@given(text=ANYTHING, seed=st.sampled_from(SEEDS))
def test_whatever_people_and_content_say_the_markup_holds(text: str, seed: str) -> None:
    fact = Fact(source_title=text, source_publisher=text, checked_on=date(2026, 11, 20))
    read = read_aloud(text, "en")
    for ssml in (
        read_aloud(text, "ja", imperial=True),
        launch.greeting(seed, name=text),
        launch.greeting(seed, name=text, hour=9),
        launch.greeting(seed, speaker_id=text),
        facts.opening_topic(seed, text),
        facts.all_heard(seed, [text, text]),
        facts.all_topics([text, text]),
        facts.told(facts.opening_daily(seed), read),
        facts.i_know_about([text, text, text]),
        facts.not_a_topic(text),
        facts.offer_topics(seed, text, [text, text]).speech,
        facts.offer_topics(seed, text, [text]).reprompt,
        facts.source(seed, fact),
        facts.source(seed, Fact(source_title=text, source_publisher=text)),
        facts.reported(seed, read),
        facts.reported_already(read),
        favourites.saved(seed, read),
        favourites.saved_already(seed, read),
        favourites.removed(seed, read),
        favourites.not_saved(read),
        quiz.asks(read, [read, read, read]).speech,
        quiz.asks(read, [read, read, read]).reprompt,
        quiz.wrong(seed, read),
        quiz.passed(read),
        profile.topics_are([text, text]),
        profile.topics_now([text]),
        profile.not_among_them([text, text]),
        profile.you_said([text, text]),
        profile.these_topics([text], [text, text]).speech,
        profile.these_topics([text], [text, text]).reprompt,
        favourites.nothing_saved(text),
        favourites.list_saved(3, [read, read], text),
        profile.who_you_are(
            name=text,
            topics=[text, text],
            heard=1,
            saved=1,
            has_email=True,
            has_phone=True,
            keeps_history=True,
        ),
    ):
        spoken(ssml)


def test_a_name_is_heard_as_it_was_written() -> None:
    name = 'Tom & <Jerry> {x} "quoted"'

    assert spoken(fill("Hello, {name}.", name=name)) == f"Hello, {name}."


def test_markup_of_our_own_is_left_alone() -> None:
    name = first_name_of('P"1')

    assert join(fill("Hi {name}", name=name), "<b>") == f"Hi {name} &lt;b&gt;"


QUESTIONS: list[Callable[[str], Question]] = [
    launch.offer_daily,
    facts.offer_another,
    facts.offer_a_fact,
    facts.which_topic,
    builtin.offer_todays_fact,
    lambda seed: facts.offer_topics(seed, "space", ["Space", "Food"]),
    lambda seed: facts.offer_topics(seed, "space", ["Space"]),
    profile.which_topics,
    lambda seed: quiz.asks(Ssml("Which planet is odd?"), [Ssml("Venus"), Ssml("Mars")]),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_asked_again_in_other_and_fewer_words(
    question: Callable[[str], Question],
) -> None:
    for asked in map(question, SEEDS):
        assert asked.speech.endswith("?")
        assert asked.reprompt.endswith("?")
        assert asked.speech != asked.reprompt
        assert len(asked.reprompt) <= len(asked.speech)


VARIED: list[Callable[[str], str]] = [
    launch.greeting,
    lambda seed: launch.greeting(seed, name="Ada"),
    launch.what_i_do,
    lambda seed: launch.offer_daily(seed).speech,
    facts.opening_daily,
    facts.opening_again,
    facts.opening_another,
    facts.opening_known,
    launch.had_todays,
    lambda seed: facts.opening_topic(seed, "Space"),
    lambda seed: facts.offer_another(seed).speech,
    lambda seed: favourites.saved(seed, Ssml("A headline")),
    lambda seed: favourites.saved_already(seed, Ssml("A headline")),
    lambda seed: favourites.removed(seed, Ssml("A headline")),
    builtin.not_understood,
    builtin.not_understood_after_a_fact,
    builtin.glad,
    builtin.goodbye,
    lambda seed: facts.reported(seed, Ssml("A headline")),
    quiz.right,
    quiz.next_one,
    quiz.last_one,
    lambda seed: quiz.wrong(seed, Ssml("Venus")),
]


@pytest.mark.parametrize("sentence", VARIED)
def test_what_is_heard_often_comes_in_three_to_five_wordings(
    sentence: Callable[[str], str],
) -> None:
    assert 3 <= len(set(map(sentence, SEEDS))) <= 5


def test_the_same_request_is_answered_in_the_same_words() -> None:
    assert len({pick("request-1", "a", "b", "c") for _ in range(20)}) == 1


def test_lists_are_read_as_people_read_them() -> None:
    assert and_list([]) == ""
    assert and_list(["space"]) == "space"
    assert and_list(["space", "food"]) == "space and food"
    assert and_list(["space", "food", "history"]) == "space, food and history"


def test_a_choice_is_read_as_people_read_it() -> None:
    assert or_list(["Venus"]) == "Venus"
    assert or_list(["Venus", "Mars", "Jupiter"]) == "Venus, Mars, or Jupiter"


def test_content_is_read_in_the_measures_and_by_the_voice_that_fit() -> None:
    words = "It flies [80 kilometers|50 miles] & more."
    assert read_aloud(words, "en") == "It flies 80 kilometers &amp; more."
    assert read_aloud(words, "en-gb", imperial=True) == "It flies 50 miles &amp; more."
    with translation.override("ar"):
        assert read_aloud("Hi.", "en") == '<lang xml:lang="en-US">Hi.</lang>'
    with translation.override("fr-ca"):
        assert read_aloud("Salut.", "fr") == "Salut."


@pytest.mark.parametrize(
    ("name", "in_a_sentence"),
    [
        ("Space", "space"),
        ("NASA", "NASA"),
        ("World War II", "World War II"),
    ],
)
def test_a_title_without_a_spoken_form_loses_its_capital(name: str, in_a_sentence: str) -> None:
    assert Topic(name=name).spoken == in_a_sentence


def test_every_sentence_about_accounts_says_what_to_do() -> None:
    for ssml in (account.card_sent(), account.stopped_working()):
        assert "Alexa app" in spoken(ssml)
    assert "try again" in spoken(account.out_of_reach())
