from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Hearing
from skill_endpoint.simulator.envelopes import Device
from tests.skill_endpoint.voice import Conversation, one_shot


def test_it_welcomes_whom_it_does_not_know_and_asks_for_no_account(device: Device) -> None:
    answer = Conversation(device).launch()

    assert "today's" in answer.text
    assert "account" not in answer.text
    assert not answer.card
    assert not answer.ends


def test_it_greets_by_the_name_of_the_profile(linked_device: Device, linked: User) -> None:
    linked.profile.display_name = "Ada & <Co>"
    linked.profile.save()

    assert "Ada & <Co>." in Conversation(linked_device).launch().text


def test_it_has_alexa_say_the_name_of_a_recognised_speaker(linked_device: Device) -> None:
    speaking = replace(linked_device, person_id="amzn1.person.P1")

    answer = Conversation(speaking).launch()

    assert '<alexa:name type="first" personId="amzn1.person.P1"/>' in answer.ssml


def test_it_prefers_the_chosen_name_to_the_recognised_one(
    linked_device: Device, linked: User
) -> None:
    linked.profile.display_name = "Ada"
    linked.profile.save()

    answer = Conversation(replace(linked_device, person_id="amzn1.person.P1")).launch()

    assert "Ada." in answer.text
    assert "alexa:name" not in answer.ssml


@pytest.mark.parametrize(
    ("utc", "greeting"),
    [
        ("2026-11-22T08:00Z", "Good evening, Ada."),  # 18:00 in Brisbane
        ("2026-11-21T22:00Z", "Good morning, Ada."),
        ("2026-11-22T03:00Z", "Good afternoon, Ada."),
    ],
)
def test_it_knows_the_time_of_day_where_the_person_lives(
    timeless_device: Device, linked: User, utc: str, greeting: str
) -> None:
    linked.profile.display_name, linked.profile.time_zone = "Ada", "Australia/Brisbane"
    linked.profile.save()

    with time_machine.travel(utc):
        text = Conversation(timeless_device).launch().text

    assert text.startswith(greeting)


@pytest.mark.parametrize("zone", ["UTC", "Mars/Olympus", "Australia/Brisbane"])
def test_it_mentions_no_time_of_day_that_it_does_not_know(
    timeless_device: Device, linked: User, zone: str
) -> None:
    linked.profile.time_zone = zone
    linked.profile.save()

    with time_machine.travel("2026-11-21T15:30Z"):  # 1:30 at night in Brisbane
        text = Conversation(timeless_device).launch().text

    assert not text.startswith("Good")


def test_yes_tells_the_fact_of_the_day(device: Device) -> None:
    conversation = Conversation(device)
    conversation.launch()

    assert "is odd." in conversation.ask("AMAZON.YesIntent").text


def test_who_has_had_todays_is_offered_another(timeless_device: Device, linked: User) -> None:
    with time_machine.travel("2026-11-22T12:00Z"):
        today = one_shot(timeless_device, "DailyFactIntent").card["content"]
        conversation = Conversation(timeless_device)

        answer = conversation.launch()

        assert re.search("had today's|heard today's|know today's", answer.text)
        assert conversation.ask("AMAZON.YesIntent").card["content"].split()[0] != today.split()[0]
    with time_machine.travel("2026-11-23T12:00Z"):
        assert "had" not in Conversation(timeless_device).launch().text


def test_who_has_heard_facts_is_not_told_again_what_this_is(
    linked_device: Device, linked: User
) -> None:
    assert "true" in Conversation(linked_device).launch().text
    fact = Fact.objects.get(slug="mars")
    Hearing.objects.create(
        user=linked, fact=fact, door=Door.VOICE, heard_at=timezone.now() - timedelta(days=3)
    )

    assert "true" not in Conversation(linked_device).launch().text
