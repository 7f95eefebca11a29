from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Hearing, Topic
from skill_endpoint.facts.topics import is_called
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, resolved_slot
from skill_endpoint.speech.profile import who_you_are
from tests.skill_endpoint.voice import EVERYTHING, SPACE, Conversation, one_shot, send, statements
from tests.skill_endpoint.voice import FOOD as EATING

FOOD = resolved_slot("topic", "food", "food", "food")


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


@pytest.mark.parametrize(
    ("language", "one_and_one", "three_and_two"),
    [
        ("en", "heard 1 fact and saved 1.", "heard 3 facts and saved 2."),
        ("de", "einen Fakt, und einen hast du gespei", "3 Fakten, und 2 hast du gespeichert."),
        ("fr", "entendues : 1. Et tu as 1 favori.", "3 anecdotes, et tu as 2 favoris."),
        ("es", "curiosidad y has guardado una.", "3 curiosidades y has guardado 2."),
        ("es-mx", "curiosidad y tienes guardada una.", "3 curiosidades y tienes guardadas 2."),
        ("it", "sentita una, e ne hai salvata una.", "sentite 3, e ne hai salvate 2."),
        ("nl", "één weetje gehoord en er één bewaard.", "3 weetjes gehoord en er 2 bewaard."),
        ("pt", "uma curiosidade e salvou uma.", "3 curiosidades e salvou 2."),
        ("ja", "1件、保存した話は1件です。", "3件、保存した話は2件です。"),
        ("hi", "1 फ़ैक्ट सुना है, और 1 सेव किया है।", "3 फ़ैक्ट सुने हैं, और 2 सेव किए हैं।"),
        ("ar", "معلومة واحدة، وفي مفضلتك معلومة واحدة.", "3 معلومات، وفي مفضلتك معلومتان."),
    ],
)
def test_each_of_two_numbers_has_its_own_plural(
    language: str, one_and_one: str, three_and_two: str
) -> None:
    for heard, saved, said in ((1, 1, one_and_one), (3, 2, three_and_two)):
        with translation.override(language):
            ssml = who_you_are(
                name="",
                topics=[],
                heard=heard,
                saved=saved,
                has_email=False,
                has_phone=False,
                keeps_history=True,
            )
        assert said in ssml


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


# --- what belongs to a topic is not yet the topic ------------------------------------------------


def topics_of(user: User) -> list[str]:
    user.profile.refresh_from_db()
    return list(user.profile.topics)


@pytest.fixture
def of_space(linked: User) -> User:
    linked.profile.topics = ["space"]
    linked.profile.save()
    return linked


def test_what_is_only_part_of_a_topic_changes_nothing_until_yes(
    linked_device: Device, of_space: User
) -> None:
    conversation = Conversation(linked_device)

    answer = conversation.ask("SetTopicsIntent", topic=EATING)

    assert answer.text == "You said “eating”. Do you want facts about food from now on?"
    assert answer.reprompt == "Facts about food, then?"
    assert topics_of(of_space) == ["space"]
    assert "“eating”" in conversation.ask("AMAZON.RepeatIntent").text
    assert "you get facts about food." in conversation.ask("AMAZON.YesIntent").text
    assert topics_of(of_space) == ["food"]


def test_no_keeps_the_topics_and_asks_for_others(linked_device: Device, of_space: User) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("SetTopicsIntent", topic=EATING)

    answer = conversation.ask("AMAZON.NoIntent")

    assert answer.text.startswith("Right now, you get facts about space.")
    assert topics_of(of_space) == ["space"]
    assert conversation.ask("AMAZON.NoIntent").ends


def test_another_topic_answers_the_question_too(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("SetTopicsIntent", topic=EATING)

    conversation.ask("TopicFactIntent", topic=SPACE)

    assert topics_of(linked) == ["space"]


def test_all_that_was_named_is_in_the_question(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)

    answer = conversation.ask(
        "SetTopicsIntent", topic=EATING, second_topic=SPACE, third_topic="knitting"
    )

    assert answer.text == (
        "“knitting” isn't a topic I know yet. You said “eating”. "
        "Do you want facts about space and food from now on?"
    )
    assert topics_of(linked) == []
    conversation.ask("AMAZON.YesIntent")
    assert topics_of(linked) == ["space", "food"]


def test_everything_has_its_parts_in_it(linked_device: Device, of_space: User) -> None:
    one_shot(linked_device, "SetTopicsIntent", topic=EATING, second_topic=EVERYTHING)

    assert topics_of(of_space) == []


@pytest.mark.parametrize("pending", ["which topics:", "which topics:gone", "which topics:+"])
def test_yes_to_topics_that_are_gone_changes_nothing(
    linked_device: Device, of_space: User, pending: str
) -> None:
    yes = envelopes.intent(linked_device, "AMAZON.YesIntent", attributes={"pending": pending})

    assert "Right now, you get facts about space." in send(yes).text
    assert topics_of(of_space) == ["space"]


def test_whom_it_does_not_know_any_more_it_asks_to_link_before_yes(
    linked_device: Device, linked: User
) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("SetTopicsIntent", topic=EATING)
    conversation.device = replace(linked_device, access_token="")

    assert conversation.ask("AMAZON.YesIntent").card == {"type": "LinkAccount"}
    assert topics_of(linked) == []


def test_a_yes_takes_at_most_five_statements(linked_device: Device, linked: User) -> None:
    attributes = {"pending": "which topics:space+food"}
    yes = envelopes.intent(linked_device, "AMAZON.YesIntent", attributes=attributes)

    assert len(statements(yes)) <= 5
    assert topics_of(linked) == ["space", "food"]


@pytest.mark.parametrize("spoken", ["space", "Space", "the space", "outer space", "spaces"])
def test_a_name_of_a_topic_is_its_name_with_more_words_too(spoken: str) -> None:
    assert is_called(Topic.objects.get(slug="space"), spoken)


@pytest.mark.parametrize("spoken", ["planets", "spaceships", "the sky", "", "?"])
def test_what_belongs_to_a_topic_is_not_its_name(spoken: str) -> None:
    assert not is_called(Topic.objects.get(slug="space"), spoken)
