from __future__ import annotations

import pytest

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Hearing
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.speech.profile import who_you_are
from tests.skill_endpoint.voice import EVERYTHING, FOOD, SPACE, Conversation, one_shot


def test_it_says_what_it_knows(linked_device: Device, linked: User, stranger: User) -> None:
    linked.profile.display_name = "Ada"
    linked.profile.topics = ["food", "space"]
    linked.profile.save()
    venus, mars, salt = (Fact.objects.get(slug=slug) for slug in ("venus", "mars", "salt"))
    for user, fact in ((linked, venus), (linked, mars), (linked, mars), (stranger, salt)):
        Hearing.objects.create(user=user, fact=fact, door=Door.VOICE)
    for user in (linked, stranger):
        Favourite.objects.create(user=user, fact=venus, door=Door.WEB)

    assert one_shot(linked_device, "WhoAmIIntent").text == (
        "I call you Ada. You get facts about space and food. "
        "You've heard 2 facts and saved 1. I have your e-mail address on file."
    )


def test_it_says_what_it_does_not_know(linked_device: Device, linked: User, stranger: User) -> None:
    Hearing.objects.create(user=stranger, fact=Fact.objects.all()[0], door=Door.VOICE)
    linked.email = ""
    linked.save()
    linked.profile.remember_history = False
    linked.profile.save()

    assert one_shot(linked_device, "WhoAmIIntent").text == (
        "I don't know your name. You get facts from every topic. "
        "You haven't saved any. I don't keep track of what you hear."
    )


def test_it_says_that_old_history_is_still_there(linked_device: Device, linked: User) -> None:
    Hearing.objects.create(user=linked, fact=Fact.objects.all()[0], door=Door.VOICE)
    linked.profile.remember_history = False
    linked.profile.save()

    assert "I've stopped keeping track" in one_shot(linked_device, "WhoAmIIntent").text


def test_it_never_speaks_address_or_number(linked_device: Device, linked: User) -> None:
    linked.phone_number = "+12065550199"
    linked.save()

    answer = one_shot(linked_device, "WhoAmIIntent")

    assert "your e-mail address and phone number" in answer.text
    for secret in ("linked@example.com", "206", "0199", linked.sub):
        assert secret not in str(answer.envelope)


def test_whom_it_does_not_know_it_tells_so(device: Device) -> None:
    answer = one_shot(device, "WhoAmIIntent")

    assert "haven't met" in answer.text
    assert answer.card == {"type": "LinkAccount"}


@pytest.mark.parametrize("keeps_history", [True, False])
@pytest.mark.parametrize("saved", [0, 1, 2])
@pytest.mark.parametrize("heard", [0, 1, 2])
def test_it_takes_twelve_seconds(heard: int, saved: int, *, keeps_history: bool) -> None:
    ssml = who_you_are(
        name="Ada",
        topics=["Space", "Food"],
        heard=heard,
        saved=saved,
        has_email=True,
        has_phone=True,
        keeps_history=keeps_history,
    )

    assert len(ssml.split()) <= 36
    assert ("track" in ssml) is not keeps_history


@pytest.mark.parametrize("slots", [{}, {"name": "Bob"}])
def test_settings_are_changed_on_the_website(
    device: Device, linked_device: Device, slots: dict[str, str]
) -> None:
    for speaker in (device, linked_device):
        answer = one_shot(speaker, "SettingsIntent", **slots)

        assert answer.ends
        assert answer.text == (
            "You can do that on the Small Wonders website. I've sent its address to your Alexa app."
        )
        assert "http://localhost:8000" in answer.card["content"]
        assert "unlink Alexa there" in answer.card["content"]


# --- topics by voice ---------------------------------------------------------------------------


def test_topics_are_set_by_voice_and_heard_at_once(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)

    answer = conversation.ask("SetTopicsIntent", topic=FOOD)

    assert "From now on, you get facts about food." in answer.text
    linked.profile.refresh_from_db()
    assert linked.profile.topics == ["food"]
    told = {conversation.ask("AMAZON.YesIntent").text for _ in range(2)}
    assert len([text for text in told if "honey" in text or "salt" in text]) == 2


def test_up_to_three_topics_are_taken_at_once(linked_device: Device, linked: User) -> None:
    answer = one_shot(linked_device, "SetTopicsIntent", topic=FOOD, second_topic=SPACE)

    assert "about space and food" in answer.text
    linked.profile.refresh_from_db()
    assert linked.profile.topics == ["space", "food"]


def test_everything_takes_the_choice_back(linked_device: Device, linked: User) -> None:
    linked.profile.topics = ["food"]
    linked.profile.save()

    answer = one_shot(linked_device, "SetTopicsIntent", topic=EVERYTHING)

    assert "every topic" in answer.text
    linked.profile.refresh_from_db()
    assert linked.profile.topics == []


def test_a_word_that_is_no_topic_is_named_and_the_others_count(
    linked_device: Device, linked: User
) -> None:
    answer = one_shot(linked_device, "SetTopicsIntent", topic=FOOD, second_topic="knitting")

    assert "about food" in answer.text
    assert "“knitting” isn't a topic" in answer.text
    linked.profile.refresh_from_db()
    assert linked.profile.topics == ["food"]


def test_it_asks_for_topics_and_takes_the_answer(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)

    asked = conversation.ask("SetTopicsIntent")
    assert "Right now, you get facts from every topic." in asked.text
    assert "Your facts come from" in conversation.ask("AMAZON.HelpIntent").text
    assert "isn't a topic" in conversation.ask("TopicFactIntent", topic="knitting").text
    conversation.ask("TopicFactIntent", topic=FOOD)

    linked.profile.refresh_from_db()
    assert linked.profile.topics == ["food"]


def test_whom_it_does_not_know_it_asks_to_link_before_it_keeps_topics(device: Device) -> None:
    answer = one_shot(device, "SetTopicsIntent", topic=FOOD)

    assert "whose they are" in answer.text
    assert answer.card == {"type": "LinkAccount"}


def test_topics_that_came_in_one_breath_are_told_apart(linked_device: Device, linked: User) -> None:
    answer = one_shot(linked_device, "SetTopicsIntent", topic="space food", second_topic="knitting")

    assert "about space and food" in answer.text
    assert "“knitting” isn't" in answer.text
    linked.profile.refresh_from_db()
    assert linked.profile.topics == ["space", "food"]
