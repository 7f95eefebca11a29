"""What operators see of a person's last turns: when, what kind, how it ended, and no content."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from redis import ConnectionError as RedisIsDown

from accounts import last_few
from accounts.cognito import keys
from accounts.models import User
from skill_endpoint import recent_turns, skill
from skill_endpoint.models import AccountLink
from skill_endpoint.recent_turns import KEPT, LENGTH, Outcome
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.turn import Reply, Turn
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import SPACE, one_shot, send, stock_library


def test_a_turn_is_kept_without_what_was_said(linked_device: Device, linked: User) -> None:
    stock_library()
    one_shot(replace(linked_device, locale="en-GB"), "TopicFactIntent", topic=SPACE)

    (turn,) = recent_turns.of(linked)

    assert (turn.kind, turn.locale, turn.outcome) == ("TopicFactIntent", "en-GB", "answered")
    assert turn.request_id == "one-shot"
    assert timezone.now() - turn.time < timedelta(minutes=1)
    kept = repr(turn)
    assert "space" not in kept
    assert linked_device.user_id not in kept


def test_the_newest_comes_first_and_only_so_many_stay(linked_device: Device, linked: User) -> None:
    for number in range(LENGTH + 3):
        send(envelopes.launch(linked_device, request_id=f"r{number}"))

    found = [turn.request_id for turn in recent_turns.of(linked)]

    assert found == [f"r{number}" for number in range(LENGTH + 2, 2, -1)]
    assert recent_turns.of(linked)[0].kind == "LaunchRequest"


def test_a_day_later_it_is_gone_while_younger_ones_stay(
    linked: User, linked_device: Device, mint: TokenMint
) -> None:
    with time_machine.travel(timezone.now() - KEPT - timedelta(minutes=1), tick=False):
        mine = replace(linked_device, access_token=mint.access(linked.sub))
        one_shot(mine, "AMAZON.HelpIntent")
    with time_machine.travel(timezone.now() - timedelta(hours=1), tick=False):
        younger = replace(linked_device, access_token=mint.access(linked.sub))
        one_shot(younger, "WhoAmIIntent")
        assert [turn.kind for turn in recent_turns.of(linked)] == [
            "WhoAmIIntent",
            "AMAZON.HelpIntent",
        ]
    assert [turn.kind for turn in recent_turns.of(linked)] == ["WhoAmIIntent"]


def test_a_refused_token_is_told_of_the_person_whose_device_it_is(
    linked_device: Device, linked: User, mint: TokenMint
) -> None:
    one_shot(replace(linked_device, access_token=mint.access(exp=1)), "WhoAmIIntent")

    (turn,) = recent_turns.of(linked)

    assert (turn.outcome, turn.refused) == (Outcome.ASKED_TO_LINK, "expired")
    assert turn.ended == "asked to link the account"


def test_a_locked_person_is_refused_kindly_and_seen(linked_device: Device, linked: User) -> None:
    linked.is_active = False
    linked.save()

    answer = one_shot(linked_device, "SaveFactIntent")

    assert answer.text.startswith("Your account is switched off at the moment.")
    assert not linked.favourites.exists()
    (turn,) = recent_turns.of(linked)
    assert (turn.outcome, turn.refused) == (Outcome.ANSWERED, "inactive")


def test_an_apology_is_told(
    linked_device: Device, linked: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(turn: Turn) -> Reply:
        raise RuntimeError

    monkeypatch.setitem(skill.INTENTS, "DailyFactIntent", fails)
    one_shot(linked_device, "DailyFactIntent")

    (turn,) = recent_turns.of(linked)
    assert (turn.kind, turn.outcome) == ("DailyFactIntent", Outcome.APOLOGY)


def test_nobody_gets_the_turns_of_somebody_unknown(device: Device, linked: User) -> None:
    one_shot(device, "AMAZON.HelpIntent")
    assert recent_turns.of(linked) == []


def test_while_the_pools_keys_are_away_nothing_is_noted(
    linked_device: Device, linked: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(url: str) -> Any:
        raise OSError

    keys._key_sets.clear()
    monkeypatch.setattr(keys, "fetch", down)
    one_shot(linked_device, "AMAZON.HelpIntent")
    assert recent_turns.of(linked) == []
    assert not AccountLink.objects.get().refused_reason


def test_names_from_outside_are_cut(linked_device: Device, linked: User) -> None:
    one_shot(linked_device, "X" * 5000)
    (turn,) = recent_turns.of(linked)
    assert len(turn.kind) == recent_turns.WORD


def test_they_are_forgotten(linked_device: Device, linked: User, stranger: User) -> None:
    one_shot(linked_device, "AMAZON.HelpIntent")
    recent_turns.forget(stranger)
    assert recent_turns.of(linked)
    recent_turns.forget(linked)
    assert recent_turns.of(linked) == []


@pytest.mark.parametrize(
    "other",
    [
        [time.time(), "LaunchRequest", "en-US", "answered"],
        [time.time(), "LaunchRequest", "en-US", "whispered", "", "r1"],
        ["2026-11-22", "LaunchRequest", "en-US", "answered", "", "r1"],
        [time.time(), None, "en-US", "answered", "", "r1"],
        [time.time(), "LaunchRequest", "en-US", ["answered"], "", "r1"],
    ],
    ids=["shorter", "new-outcome", "other-time", "no-kind", "list"],
)
def test_a_turn_of_another_version_is_left_out(
    linked_device: Device, linked: User, other: list[Any]
) -> None:
    one_shot(linked_device, "AMAZON.HelpIntent")
    last_few.push(f"recent-turns:{linked.pk}", other, length=LENGTH, seconds=60)
    assert [turn.ended for turn in recent_turns.of(linked)]
    assert [turn.kind for turn in recent_turns.of(linked)] == ["AMAZON.HelpIntent"]


@pytest.mark.usefixtures("on_redis")
def test_in_a_shared_cache_they_are_kept_and_forgotten_too(
    linked_device: Device, linked: User
) -> None:
    assert recent_turns.is_shared()
    for number in range(LENGTH + 3):
        send(envelopes.launch(linked_device, request_id=f"r{number}"))
    found = [turn.request_id for turn in recent_turns.of(linked)]
    assert found == [f"r{number}" for number in range(LENGTH + 2, 2, -1)]
    recent_turns.forget(linked)
    assert recent_turns.of(linked) == []


@pytest.mark.usefixtures("on_nothing")
def test_a_shared_cache_that_is_down_breaks_nothing(linked_device: Device, linked: User) -> None:
    assert one_shot(linked_device, "AMAZON.HelpIntent").text
    assert recent_turns.of(linked) == []
    with pytest.raises(RedisIsDown):
        recent_turns.forget(linked)


@pytest.mark.usefixtures("on_local_memory")
@pytest.mark.parametrize("operation", ["get", "set"])
def test_a_cache_that_is_down_breaks_nothing(
    linked_device: Device, linked: User, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    def down(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(type(cache._connections["default"]), operation, down)  # type: ignore[attr-defined]
    assert one_shot(linked_device, "AMAZON.HelpIntent").text
    assert recent_turns.of(linked) == []


@pytest.mark.usefixtures("on_local_memory")
def test_it_is_honest_about_a_cache_of_each_process() -> None:
    assert not recent_turns.is_shared()
