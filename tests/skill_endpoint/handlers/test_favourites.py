from __future__ import annotations

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, FactText, Favourite, Hearing
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import FOOD, SPACE, Conversation, one_shot


def save_all(user: User, *slugs: str) -> None:
    for slug in slugs:
        Favourite.objects.create(user=user, fact=Fact.objects.get(slug=slug), door=Door.WEB)


def test_it_saves_the_fact_that_was_told(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("DailyFactIntent")

    answer = conversation.ask("SaveFactIntent")

    favourite = Favourite.objects.get(user=linked)
    assert favourite.door == Door.VOICE
    assert favourite.fact == Hearing.objects.get(user=linked).fact
    assert f"A headline on {favourite.fact.slug}" in answer.text


def test_in_a_new_session_it_saves_what_was_heard_last(linked_device: Device, linked: User) -> None:
    one_shot(linked_device, "DailyFactIntent")

    answer = one_shot(linked_device, "SaveFactIntent")

    assert answer.ends
    assert Favourite.objects.get(user=linked).fact == Hearing.objects.get(user=linked).fact


def test_saying_it_twice_saves_once_and_says_so(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("DailyFactIntent")
    conversation.ask("SaveFactIntent")

    answer = conversation.ask("SaveFactIntent")

    assert Favourite.objects.filter(user=linked).count() == 1
    assert "already" in answer.text


def test_it_has_nothing_to_save_before_a_fact_was_told(linked_device: Device) -> None:
    assert "haven't told you a fact" in one_shot(linked_device, "SaveFactIntent").text


def test_what_is_remembered_of_another_installation_is_not_saved(linked_device: Device) -> None:
    conversation = Conversation(linked_device, attributes={"heard": [987654321]})

    assert "haven't told you a fact" in conversation.ask("SaveFactIntent").text


def test_it_removes_the_fact_that_was_told(linked_device: Device, linked: User) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("DailyFactIntent")
    conversation.ask("SaveFactIntent")

    conversation.ask("RemoveFactIntent")

    assert not Favourite.objects.filter(user=linked).exists()


def test_it_says_so_when_that_was_not_saved(linked_device: Device, linked: User) -> None:
    one_shot(linked_device, "DailyFactIntent")

    assert "isn't in your favorites" in one_shot(linked_device, "RemoveFactIntent").text


def test_it_removes_nothing_of_anybody_else(
    linked_device: Device, linked: User, stranger: User
) -> None:
    save_all(stranger, "venus", "mars", "saturn", "honey", "salt")
    conversation = Conversation(linked_device)
    conversation.ask("DailyFactIntent")

    conversation.ask("RemoveFactIntent")

    assert Favourite.objects.filter(user=stranger).count() == 5


def test_it_reads_the_latest_three_and_how_many_there_are(
    linked_device: Device, linked: User, stranger: User
) -> None:
    save_all(linked, "venus", "mars", "saturn", "honey")
    save_all(stranger, "salt")

    text = one_shot(linked_device, "ListSavedIntent").text

    assert text == (
        "You've saved 4 facts. The latest are these. A headline on honey. "
        "A headline on saturn. A headline on mars."
    )


def test_it_reads_a_single_one(linked_device: Device, linked: User) -> None:
    save_all(linked, "venus")

    text = one_shot(linked_device, "ListSavedIntent").text

    assert text == "You've saved 1 fact. A headline on venus."


def test_it_reads_those_about_a_topic(linked_device: Device, linked: User) -> None:
    save_all(linked, "venus", "honey")

    text = one_shot(linked_device, "ListSavedIntent", topic=FOOD).text

    assert text == "You've saved 1 fact about food. A headline on honey."


def test_it_says_how_to_save_where_nothing_is(linked_device: Device) -> None:
    assert "just say, save that" in one_shot(linked_device, "ListSavedIntent").text
    assert "about space" in one_shot(linked_device, "ListSavedIntent", topic=SPACE).text


def test_a_saved_fact_without_a_text_for_anybody_is_left_out(
    linked_device: Device, linked: User
) -> None:
    for slug in ("venus", "mars"):
        Favourite.objects.keep(linked, Fact.objects.get(slug=slug).pk, Door.VOICE)
    FactText.objects.filter(fact__slug="venus").update(language="ja")

    answer = one_shot(linked_device, "ListSavedIntent")

    assert answer.text == "You've saved 1 fact. A headline on mars."
