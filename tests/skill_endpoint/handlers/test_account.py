"""What people hear who ask for something that needs an account, and whom we do not know."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import Conversation, one_shot


@pytest.mark.parametrize("intent", ["SaveFactIntent", "RemoveFactIntent", "ListSavedIntent"])
def test_whom_it_does_not_know_gets_the_reason_and_the_card(device: Device, intent: str) -> None:
    answer = one_shot(device, intent)

    assert answer.ends
    assert answer.card == {"type": "LinkAccount"}
    assert "favorites" in answer.text
    assert "Alexa app" in answer.text


def test_the_conversation_goes_on_after_the_card(device: Device) -> None:
    conversation = Conversation(device)
    conversation.ask("SaveFactIntent")

    assert "is odd." in conversation.ask("AMAZON.YesIntent").text


def test_whose_link_broke_hears_that(device: Device, mint: TokenMint) -> None:
    broken = Device(application_id="a", user_id="u", access_token=mint.access(exp=1))

    answer = one_shot(broken, "SaveFactIntent")

    assert answer.card == {"type": "LinkAccount"}
    assert "isn't linked any more" in answer.text


@pytest.mark.parametrize("intent", ["SaveFactIntent", "ListSavedIntent", "WhoAmIIntent"])
def test_who_comes_without_a_token_after_they_were_linked_hears_that_they_are_not(
    linked_device: Device, device: Device, intent: str
) -> None:
    lost = one_shot(replace(linked_device, access_token=""), intent)
    new = one_shot(replace(device, user_id="never seen"), intent)

    assert lost.text.startswith("Your account isn't linked any more.")
    assert lost.card == new.card == {"type": "LinkAccount"}
    assert "any more" not in new.text


@pytest.mark.parametrize(
    "intent", ["SaveFactIntent", "RemoveFactIntent", "ListSavedIntent", "WhoAmIIntent"]
)
def test_after_a_fact_it_offers_another_one(device: Device, intent: str) -> None:
    conversation = Conversation(device)
    conversation.ask("DailyFactIntent")

    answer = conversation.ask(intent)

    assert answer.card == {"type": "LinkAccount"}
    assert re.search("another|one more", answer.text)
