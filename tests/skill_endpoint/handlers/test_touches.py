from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from accounts.models import User
from skill_endpoint import screens
from skill_endpoint.facts.models import Fact, FactReport, FactText
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.skill_endpoint.voice import Answer, Conversation, one_shot, send, statements

SCREEN = {"Alexa.Presentation.APL": {"runtime": {"maxVersion": "2024.2"}}}


def shown(answer: Answer) -> dict[str, Any]:
    (directive,) = answer.response["directives"]
    assert directive["type"] == "Alexa.Presentation.APL.RenderDocument"
    assert directive["document"] == json.loads(json.dumps(screens.DOCUMENT))
    fact: dict[str, Any] = directive["datasources"]["fact"]
    return fact


@pytest.fixture
def show(linked_device: Device) -> Device:
    return replace(linked_device, interfaces=SCREEN)


def touch(device: Device, *arguments: Any, **parts: Any) -> Envelope:
    return envelopes.touch(device, list(arguments), **parts)


def test_a_device_with_a_screen_shows_the_fact_it_tells(show: Device) -> None:
    answer = one_shot(show, "DailyFactIntent")

    fact = Fact.objects.get(pk=shown(answer)["id"])
    text = fact.text("en")
    assert shown(answer) == {
        "id": fact.pk,
        "topic": fact.topic.name,
        "headline": text.headline,
        "text": text.speech,
        "source": f"Test Press: All about {fact.slug}",
        "isSaved": False,
        "save": "Save that",
        "saved": "Saved",
        "another": "Another one",
        "direction": "LTR",
    }


@pytest.mark.parametrize("intent", ["DailyFactIntent", "TellMeMoreIntent", "SaveFactIntent"])
def test_a_speaker_is_sent_no_screen(linked_device: Device, intent: str) -> None:
    conversation = Conversation(linked_device)
    conversation.ask("DailyFactIntent")

    assert "directives" not in conversation.ask(intent).response


def test_whatever_the_document_binds_is_sent(show: Device) -> None:
    bound = set(re.findall(r"fact\.(\w+)", json.dumps(screens.DOCUMENT)))

    assert bound == set(shown(one_shot(show, "DailyFactIntent")))


def test_the_screen_has_the_measures_that_are_heard(show: Device) -> None:
    FactText.objects.update(speech="It is [8 kilometers|5 miles] & long.")

    assert shown(one_shot(show, "DailyFactIntent"))["text"] == "It is 5 miles &amp; long."


def test_right_to_left_where_the_language_is(show: Device) -> None:
    assert shown(one_shot(replace(show, locale="ar-SA"), "DailyFactIntent"))["direction"] == "RTL"


def test_saved_by_voice_the_screen_says_so(show: Device) -> None:
    conversation = Conversation(show)
    conversation.ask("DailyFactIntent")

    assert shown(conversation.ask("SaveFactIntent"))["isSaved"]
    assert not shown(conversation.ask("RemoveFactIntent"))["isSaved"]


def test_a_touch_on_save_saves_what_is_shown(show: Device, linked: User) -> None:
    fact = shown(one_shot(show, "DailyFactIntent"))["id"]
    one_shot(show, "AnotherFactIntent")  # "that" would now be this one

    answer = send(touch(show, "save", fact, new=True))

    assert [favourite.fact_id for favourite in linked.favourites.all()] == [fact]
    assert answer.ends
    assert shown(answer)["isSaved"]


def test_a_touch_in_a_conversation_keeps_it_open(show: Device) -> None:
    conversation = Conversation(show)
    first = shown(conversation.ask("DailyFactIntent"))["id"]

    answer = send(touch(show, "another", first, attributes=conversation.attributes))

    assert not answer.ends
    assert shown(answer)["id"] != first


def test_whom_it_does_not_know_a_touch_asks_to_link(device: Device) -> None:
    fact = Fact.objects.get(slug="venus").pk

    answer = send(touch(replace(device, interfaces=SCREEN), "save", fact))

    assert answer.card == {"type": "LinkAccount"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["save"],
        ["save", "7"],
        ["save", -1],
        ["save", True],
        ["save", 10**30],
        ["save", 999_999],
        ["save", {"id": 1}],
        ["delete", 1],
        [1, 2],
        [None],
        [["save", 1]],
        ["x" * 5000],
    ],
)
def test_no_touch_breaks_anything(show: Device, linked: User, arguments: list[Any]) -> None:
    answer = send(touch(show, *arguments))

    assert "went wrong" not in str(answer.envelope)
    assert not linked.favourites.exists()
    assert not FactReport.objects.exists()


def test_a_touch_costs_no_more_than_saying_it(show: Device) -> None:
    fact = shown(one_shot(show, "DailyFactIntent"))["id"]

    assert len(statements(touch(show, "save", fact, new=True))) <= 5
