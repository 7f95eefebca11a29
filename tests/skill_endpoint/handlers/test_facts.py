from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import time_machine

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, FactReport, FactText, Hearing, Topic
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import EVERYTHING, FOOD, SPACE, Answer, Conversation, one_shot

USED_UP = "heard everything|everything I've got|everything about|nothing new"
SPACE_FACTS = {"venus", "mars", "saturn"}


def told(answer: Answer) -> str:
    found = re.search(r"(\w+) is odd\.", answer.text)
    assert found, answer.text
    return found[1]


# --- the fact of the day -----------------------------------------------------------------------


def test_one_shot_it_tells_and_lets_go(linked_device: Device) -> None:
    answer = one_shot(linked_device, "DailyFactIntent")

    assert answer.ends
    assert "?" not in answer.text


def test_in_a_conversation_it_asks_how_to_go_on(linked_device: Device) -> None:
    assert not Conversation(linked_device).ask("DailyFactIntent").ends


def test_the_fact_of_the_day_is_the_same_for_everybody(
    timeless_device: Device, device: Device
) -> None:
    with time_machine.travel("2026-11-22T12:00Z"):
        assert told(one_shot(timeless_device, "DailyFactIntent")) == told(
            one_shot(device, "DailyFactIntent")
        )


def test_the_fact_of_the_day_changes_with_the_days(device: Device) -> None:
    found = set()
    for day in range(1, 15):
        with time_machine.travel(f"2026-11-{day:02}T12:00Z"):
            found.add(told(one_shot(device, "DailyFactIntent")))

    assert len(found) > 2


def test_the_day_begins_where_the_person_lives(timeless_device: Device, linked: User) -> None:
    linked.profile.remember_history = False
    linked.profile.time_zone = "Pacific/Kiritimati"  # 14 hours ahead
    linked.profile.save()
    here, there = set(), set()
    for day in range(1, 15):
        with time_machine.travel(f"2026-11-{day:02}T11:00Z"):
            here.add((day, told(one_shot(timeless_device, "DailyFactIntent"))))
        with time_machine.travel(f"2026-11-{day + 1:02}T01:00Z"):
            there.add((day, told(one_shot(timeless_device, "DailyFactIntent"))))

    assert here == there


def test_it_keeps_to_the_topics_of_the_profile(linked_device: Device, linked: User) -> None:
    linked.profile.topics = ["food"]
    linked.profile.save()

    facts = {told(one_shot(linked_device, "AnotherFactIntent")) for _ in range(2)}

    assert facts == {"honey", "salt"}


def test_it_tells_from_all_topics_where_the_chosen_ones_are_gone(
    linked_device: Device, linked: User
) -> None:
    linked.profile.topics = ["no-longer-there"]
    linked.profile.save()

    answer = one_shot(linked_device, "DailyFactIntent")

    assert told(answer)
    assert "again" not in answer.text


def test_it_says_so_when_there_is_no_fact_at_all(device: Device) -> None:
    Fact.objects.update(is_published=False)

    answer = one_shot(device, "DailyFactIntent")

    assert answer.ends
    assert "run out of facts" in answer.text


def test_asked_again_on_the_same_day_it_repeats_the_same_fact_and_says_so(
    timeless_device: Device, linked: User
) -> None:
    with time_machine.travel("2026-11-22T12:00Z"):
        first = told(one_shot(timeless_device, "DailyFactIntent"))
        one_shot(timeless_device, "AnotherFactIntent")

        answer = Conversation(timeless_device).ask("DailyFactIntent")

    assert told(answer) == first
    assert re.search("once more|again", answer.text)
    assert not answer.ends
    assert Hearing.objects.filter(user=linked).count() == 2


def test_what_was_told_again_is_what_that_means(linked_device: Device, linked: User) -> None:
    first = told(one_shot(linked_device, "DailyFactIntent"))
    for intent in ("AnotherFactIntent", "DailyFactIntent", "SaveFactIntent"):
        one_shot(linked_device, intent)

    assert [favourite.fact.slug for favourite in linked.favourites.all()] == [first]


def test_whom_it_does_not_know_hears_todays_again_in_a_conversation(device: Device) -> None:
    conversation = Conversation(device)
    first, second = (conversation.ask("DailyFactIntent") for _ in range(2))

    assert told(first) == told(second)
    assert re.search("once more|again", second.text)
    assert not re.search("once more|again", first.text)


def test_the_next_day_has_another_fact(timeless_device: Device) -> None:
    found = []
    for day in (22, 23, 24, 25, 26):
        with time_machine.travel(f"2026-11-{day}T12:00Z"):
            found.append(told(one_shot(timeless_device, "DailyFactIntent")))

    assert len(set(found)) == 5


# --- never the same fact twice -----------------------------------------------------------------


def test_a_person_hears_no_fact_twice_until_all_are_used_up(linked_device: Device) -> None:
    facts = [told(one_shot(linked_device, "AnotherFactIntent")) for _ in range(5)]

    assert len(set(facts)) == 5


def test_it_says_so_when_everything_was_heard_and_takes_what_was_heard_longest_ago(
    linked_device: Device,
) -> None:
    facts = [told(one_shot(linked_device, "AnotherFactIntent")) for _ in range(5)]

    answer = one_shot(linked_device, "AnotherFactIntent")

    assert told(answer) == facts[0]
    assert re.search(USED_UP, answer.text)


def test_it_says_once_that_everything_was_heard(device: Device) -> None:
    conversation = Conversation(device)
    answers = [conversation.ask("AnotherFactIntent") for _ in range(9)]

    assert [bool(re.search(USED_UP, answer.text)) for answer in answers] == [
        number == 5 for number in range(9)
    ]


def test_with_the_chosen_topics_used_up_it_names_them_and_offers_the_others(
    linked_device: Device, linked: User
) -> None:
    linked.profile.topics = ["food"]
    linked.profile.save()
    conversation = Conversation(linked_device)
    for _ in range(2):
        conversation.ask("AnotherFactIntent")

    answer = conversation.ask("AnotherFactIntent")

    assert re.search(USED_UP, answer.text)
    assert "about food" in answer.text
    assert "space?" in answer.text
    assert told(conversation.ask("AMAZON.YesIntent")) in SPACE_FACTS


def test_whom_it_does_not_know_hears_no_fact_twice_in_a_conversation(device: Device) -> None:
    conversation = Conversation(device)
    facts = [told(conversation.ask("AnotherFactIntent")) for _ in range(6)]

    assert len(set(facts[:5])) == 5
    assert facts[5] == facts[0]


def test_it_writes_down_what_a_person_heard(linked_device: Device, linked: User) -> None:
    fact = told(one_shot(linked_device, "DailyFactIntent"))

    hearing = Hearing.objects.get(user=linked)
    assert (hearing.fact.slug, hearing.door) == (fact, Door.VOICE)


def test_it_writes_nothing_down_for_whom_wants_no_history(
    linked_device: Device, linked: User
) -> None:
    linked.profile.remember_history = False
    linked.profile.save()
    conversation = Conversation(linked_device)

    facts = {told(conversation.ask("AnotherFactIntent")) for _ in range(5)}

    assert len(facts) == 5
    assert not Hearing.objects.exists()


# --- topics ------------------------------------------------------------------------------------


def test_it_tells_about_a_topic_that_was_said_in_other_words(device: Device) -> None:
    answer = one_shot(device, "TopicFactIntent", topic=SPACE)

    assert told(answer) in SPACE_FACTS
    assert "space" in answer.text
    assert answer.card["title"] == "Space"


def test_it_takes_a_topic_by_its_name_where_nothing_was_resolved(device: Device) -> None:
    assert told(one_shot(device, "TopicFactIntent", topic="SPACE")) in SPACE_FACTS


def test_another_one_stays_with_the_topic(device: Device) -> None:
    conversation = Conversation(device)
    facts = {told(conversation.ask("TopicFactIntent", topic=SPACE))}
    facts |= {told(conversation.ask("AnotherFactIntent")) for _ in range(2)}

    assert facts == SPACE_FACTS


def test_the_fact_of_the_day_leaves_the_topic(device: Device) -> None:
    conversation = Conversation(device)
    conversation.ask("TopicFactIntent", topic=FOOD)
    conversation.ask("DailyFactIntent")

    facts = {told(conversation.ask("AnotherFactIntent")) for _ in range(3)}

    assert facts & SPACE_FACTS


def test_it_says_so_when_a_topic_is_used_up(linked_device: Device) -> None:
    conversation = Conversation(linked_device)
    facts = [told(conversation.ask("TopicFactIntent", topic=FOOD)) for _ in range(2)]

    answer = conversation.ask("AnotherFactIntent")

    assert told(answer) == facts[0]
    assert "about food" in answer.text
    assert "food" not in conversation.ask("AnotherFactIntent").text


def test_it_names_two_topics_where_it_does_not_know_one(device: Device) -> None:
    conversation = Conversation(device)

    answer = conversation.ask("TopicFactIntent", topic="knitting & sewing")

    assert "“knitting & sewing” isn't a topic I know" in answer.text
    assert "space" in answer.text
    assert "food" in answer.text


def test_yes_takes_the_first_of_the_topics_that_it_named(device: Device) -> None:
    conversation = Conversation(device)
    named = conversation.ask("TopicFactIntent", topic="knitting").text
    first = min(("space", "food"), key=named.index)

    fact = told(conversation.ask("AMAZON.YesIntent"))

    assert (fact in SPACE_FACTS) is (first == "space")


def test_it_asks_for_the_topic_where_none_was_said(device: Device) -> None:
    slot = {"name": "topic", "confirmationStatus": "NONE"}

    answer = Conversation(device).ask("TopicFactIntent", topic=slot)

    assert "space and food" in answer.text


@pytest.mark.parametrize("ask", [one_shot, lambda device, name: Conversation(device).ask(name)])
def test_it_lists_its_topics_and_asks_which(
    device: Device, ask: Callable[[Device, str], Answer]
) -> None:
    answer = ask(device, "ListTopicsIntent")

    assert answer.text.startswith("I know about space and food.")
    assert not answer.ends


def test_it_lists_no_topics_where_there_are_none(device: Device) -> None:
    Fact.objects.all().delete()
    Topic.objects.all().delete()

    assert one_shot(device, "ListTopicsIntent").ends


def test_an_id_of_the_model_without_facts_is_no_topic(device: Device) -> None:
    Fact.objects.filter(topic__slug="space").update(is_published=False)

    assert "isn't a topic" in one_shot(device, "TopicFactIntent", topic=SPACE).text


# --- about the fact that was told --------------------------------------------------------------


def test_it_tells_more_about_the_last_fact(device: Device) -> None:
    conversation = Conversation(device)
    fact = told(conversation.ask("TopicFactIntent", topic=SPACE))

    answer = conversation.ask("TellMeMoreIntent")

    assert f"There is more to {fact} & co." in answer.text
    assert "example.com" not in answer.card["content"]
    assert "tell me more" not in answer.card["content"]


def test_there_is_no_more_the_second_time(device: Device) -> None:
    conversation = Conversation(device)
    conversation.ask("TopicFactIntent", topic=SPACE)
    conversation.ask("TellMeMoreIntent")

    answer = conversation.ask("TellMeMoreIntent")

    assert answer.text.startswith("That's all I have on that one.")
    assert not answer.card
    conversation.ask("AnotherFactIntent")
    assert "There is more to" in conversation.ask("TellMeMoreIntent").text


def test_it_admits_that_there_is_no_more(device: Device) -> None:
    Fact.objects.exclude(slug="salt").update(is_published=False)
    conversation = Conversation(device)
    conversation.ask("DailyFactIntent")

    answer = conversation.ask("TellMeMoreIntent")

    assert re.search("all I know|no more|short", answer.text)
    assert not answer.card


def test_it_names_its_source_and_shows_the_address_on_the_card(device: Device) -> None:
    conversation = Conversation(device)
    fact = told(conversation.ask("DailyFactIntent"))

    answer = conversation.ask("FactSourceIntent")

    assert "Test Press" in answer.text
    assert f"All about {fact}" in answer.text
    assert "November 2026" in answer.text
    assert f"https://example.com/{fact}" in answer.card["content"]


def test_a_new_session_still_knows_what_a_person_heard_last(linked_device: Device) -> None:
    fact = told(one_shot(linked_device, "DailyFactIntent"))

    assert f"more to {fact}" in one_shot(linked_device, "TellMeMoreIntent").text


def test_it_offers_todays_fact_where_none_was_told(device: Device) -> None:
    for intent in ("TellMeMoreIntent", "FactSourceIntent"):
        answer = one_shot(device, intent)

        assert "haven't told you a fact" in answer.text
        assert not answer.ends


def test_the_card_has_topic_fact_source_and_a_hint(device: Device) -> None:
    answer = Conversation(device).ask("TopicFactIntent", topic=SPACE)
    fact = told(answer)

    assert answer.card == {
        "type": "Simple",
        "title": "Space",
        "content": (
            f"{fact} is odd.\n\nSource: Test Press, All about {fact}\n\n"
            "Say “tell me more” or “save that”."
        ),
    }


def test_a_card_that_is_read_after_the_conversation_says_how_to_come_back(
    device: Device, linked_device: Device
) -> None:
    known = one_shot(linked_device, "DailyFactIntent").card["content"]
    unknown = one_shot(device, "DailyFactIntent").card["content"]

    assert known.endswith("Say “Alexa, ask Small Wonders to save that”.")
    assert unknown.endswith("Say “Alexa, open Small Wonders” for more.")


# --- "that's wrong" ----------------------------------------------------------------------------


def test_a_fact_that_somebody_doubts_goes_before_the_operators(
    linked_device: Device, linked: User
) -> None:
    conversation = Conversation(linked_device)
    fact = told(conversation.ask("DailyFactIntent"))

    answer = conversation.ask("ReportFactIntent")

    assert re.search("Thanks|Good to know|Thank you", answer.text)
    report = FactReport.objects.get()
    assert (report.fact.slug, report.user, report.language) == (fact, linked, "en")
    assert report.request_id == "turn-2"
    again = conversation.ask("ReportFactIntent").text
    assert "already" in again
    assert all(f"“A headline on {fact}”" in said for said in (answer.text, again))
    assert FactReport.objects.count() == 1


def test_people_without_an_account_are_heard_and_cannot_fill_the_queue(device: Device) -> None:
    for _ in range(5):
        conversation = Conversation(device)
        conversation.ask("DailyFactIntent")
        conversation.ask("ReportFactIntent")

    assert FactReport.objects.filter(user=None).count() == FactReport.FROM_NOBODY


def test_without_a_fact_there_is_nothing_to_doubt(device: Device) -> None:
    assert "haven't told you a fact" in one_shot(device, "ReportFactIntent").text
    assert not FactReport.objects.exists()


# --- languages and measures --------------------------------------------------------------------


def test_what_is_not_translated_is_told_in_english_and_that_is_said_once(device: Device) -> None:
    conversation = Conversation(replace(device, locale="it-IT"))

    first, second = (conversation.ask("AnotherFactIntent") for _ in range(2))

    assert '<lang xml:lang="en-US">' in first.ssml
    assert '<lang xml:lang="en-US">' in second.ssml
    assert len(openings(first)) == len(openings(second)) + 1


def openings(answer: Answer) -> list[str]:
    """The sentences before the fact."""
    before = answer.ssml.partition("<break")[0].removeprefix("<speak>")
    return re.findall(r"[^.!?]+[.!?]+", before)


@pytest.mark.parametrize(
    ("locale", "units", "said"),
    [
        ("en-US", "", "5 miles"),
        ("en-GB", "", "8 kilometers"),
        ("en-US", "metric", "8 kilometers"),
        ("en-GB", "imperial", "5 miles"),
    ],
)
def test_measures_are_those_of_the_person_else_of_the_place(
    linked_device: Device, linked: User, locale: str, units: str, said: str
) -> None:
    FactText.objects.update(speech="It is [8 kilometers|5 miles] long.")
    linked.profile.units = units
    linked.profile.save()

    answer = one_shot(replace(linked_device, locale=locale), "DailyFactIntent")

    assert f"It is {said} long." in answer.text
    assert f"It is {said} long." in answer.card["content"]


def test_the_source_of_a_fact_that_nobody_checked_claims_no_date(device: Device) -> None:
    Fact.objects.update(checked_on=None)
    conversation = Conversation(device)
    conversation.ask("DailyFactIntent")

    answer = conversation.ask("FactSourceIntent")

    assert "Test Press" in answer.text
    assert "checked" not in answer.text.lower() + answer.card["content"].lower()


def test_a_topic_it_does_not_know_brings_up_one_that_speaks_of_it(device: Device) -> None:
    FactText.objects.filter(fact__slug="honey").update(more="Bees and pollen make it.")

    answer = Conversation(device).ask("TopicFactIntent", topic="pollen")

    assert "“pollen” isn't a topic I know yet." in answer.text
    assert "food" in answer.text
    assert "space" not in answer.text


def test_a_topic_that_sounds_like_one_brings_that_one_up(device: Device) -> None:
    answer = Conversation(device).ask("TopicFactIntent", topic="spaces")

    assert "How about space?" in answer.text or "try space?" in answer.text


def test_anything_at_all_is_a_topic(device: Device) -> None:
    assert told(Conversation(device).ask("TopicFactIntent", topic=EVERYTHING))


def test_no_more_than_a_hundred_reports_wait_of_people_without_an_account(device: Device) -> None:
    fact = Fact.objects.get(slug="honey")
    FactReport.objects.bulk_create(
        FactReport(fact=fact, language="en") for _ in range(FactReport.FROM_NOBODY_IN_ALL)
    )

    assert not FactReport.objects.file(
        Fact.objects.get(slug="venus").pk, None, language="en", request_id=""
    )


@pytest.mark.parametrize(
    "intent", ["TellMeMoreIntent", "FactSourceIntent", "SaveFactIntent", "ReportFactIntent"]
)
def test_a_fact_that_was_withdrawn_meanwhile_is_told_no_further(
    linked_device: Device, intent: str
) -> None:
    conversation = Conversation(linked_device)
    fact = told(conversation.ask("DailyFactIntent"))
    Fact.objects.filter(slug=fact).update(is_published=False)

    assert "haven't told you a fact" in conversation.ask(intent).text
