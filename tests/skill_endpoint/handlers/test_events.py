"""Skill events: late, twice, in the wrong order, and the links stay right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from accounts.models import Door, Tombstone, User, sub_digest
from skill_endpoint import skill
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import one_shot

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOT_PERSISTED = {"userInformationPersistenceStatus": "NOT_PERSISTED"}
PERSISTED = {"userInformationPersistenceStatus": "PERSISTED"}
pytestmark = pytest.mark.django_db


def happens(
    device: Device,
    event: str,
    body: Mapping[str, Any] | None = None,
    *,
    minute: int = 0,
    request_id: str = "",
) -> None:
    """Alexa tells of something that happened so many minutes after noon."""
    envelope = envelopes.skill_event(
        device, event, body, created=NOON + timedelta(minutes=minute), request_id=request_id
    )
    assert json.loads(skill.answer(envelope))["response"] == {}


def the_link() -> AccountLink:
    return AccountLink.objects.get()


# --- one by one --------------------------------------------------------------------------------


def test_it_keeps_what_happened_and_when(device: Device) -> None:
    happens(device, "SkillEnabled", request_id="event-1")

    event = SkillEvent.objects.get()
    assert event.request_id == "event-1"
    assert event.type == "AlexaSkillEvent.SkillEnabled"
    assert event.event_time == NOON
    assert event.alexa_user_digest == alexa_digest(device.application_id, device.user_id)
    assert event.applied


def test_enabled_makes_a_link_that_waits_for_its_person(device: Device) -> None:
    happens(device, "SkillEnabled")

    assert the_link().enabled_at == NOON
    assert the_link().state == AccountLink.State.ENABLED


def test_account_linked_finds_the_person_by_the_token(
    device: Device, linked: User, mint: TokenMint
) -> None:
    happens(device, "SkillAccountLinked", {"accessToken": mint.access(linked.sub)}, minute=1)

    assert the_link().user == linked
    assert the_link().linked_at == NOON + timedelta(minutes=1)
    assert the_link().state == AccountLink.State.WORKING


def test_account_linked_makes_a_person_whom_we_never_saw(device: Device, mint: TokenMint) -> None:
    happens(device, "SkillAccountLinked", {"accessToken": mint.access("sub-new")})

    person = User.objects.get(sub="sub-new")
    assert person.first_seen_by == Door.VOICE
    assert the_link().user == person


def test_a_refused_token_is_recorded_and_links_nobody(
    device: Device, linked: User, mint: TokenMint
) -> None:
    for body in ({"accessToken": mint.access(exp=1)}, {"accessToken": ""}, {}, None):
        happens(device, "SkillAccountLinked", body)

    assert not AccountLink.objects.exists()
    assert set(SkillEvent.objects.values_list("applied", flat=True)) == {False}


def test_a_deleted_person_is_not_linked_again(device: Device, mint: TokenMint) -> None:
    Tombstone.objects.create(digest=sub_digest("sub-gone"))

    happens(device, "SkillAccountLinked", {"accessToken": mint.access("sub-gone")})

    assert not AccountLink.objects.exists()
    assert not User.objects.exists()
    assert not SkillEvent.objects.get().applied


def test_a_locked_person_is_not_linked(device: Device, linked: User, mint: TokenMint) -> None:
    User.objects.update(is_active=False)

    happens(device, "SkillAccountLinked", {"accessToken": mint.access(linked.sub)})

    assert not AccountLink.objects.exists()
    assert not SkillEvent.objects.get().applied


def test_a_token_is_kept_nowhere(
    device: Device, mint: TokenMint, caplog: pytest.LogCaptureFixture
) -> None:
    token = mint.access("sub-new")

    happens(device, "SkillAccountLinked", {"accessToken": token})

    assert token not in caplog.text
    for rows in (SkillEvent.objects, AccountLink.objects):
        assert token not in str(list(rows.values()))
    assert device.user_id not in str(list(SkillEvent.objects.values()))


def test_disabled_ends_the_link(linked_device: Device) -> None:
    AccountLink.objects.update(linked_at=NOON, last_used_at=NOON)

    happens(linked_device, "SkillDisabled", PERSISTED, minute=1)

    assert the_link().disabled_at == NOON + timedelta(minutes=1)
    assert SkillEvent.objects.get().persistence == "PERSISTED"


def test_disabled_in_the_second_of_the_last_use_ends_the_link(linked_device: Device) -> None:
    """Events have whole seconds, our own times have microseconds."""
    just_now = NOON.replace(microsecond=900_000)
    AccountLink.objects.update(linked_at=just_now, last_used_at=just_now)

    happens(linked_device, "SkillDisabled", PERSISTED, minute=0)

    assert the_link().disabled_at == NOON


def test_disabled_for_good_erases_what_belongs_to_that_alexa_id(
    linked_device: Device, linked: User
) -> None:
    AccountLink.objects.update(linked_at=NOON, last_used_at=NOON)
    for other in ({"person_id": "P1"}, {"alexa_user_id": "another"}):
        AccountLink.objects.create(
            **{
                "application_id": linked_device.application_id,
                "alexa_user_id": linked_device.user_id,
                "user": linked,
                "linked_at": NOON,
                **other,
            }
        )

    happens(linked_device, "SkillDisabled", NOT_PERSISTED, minute=1)

    assert the_link().alexa_user_id == "another"
    assert User.objects.filter(pk=linked.pk).exists()


@pytest.mark.parametrize("event", ["SkillPermissionAccepted", "SkillPermissionChanged"])
def test_permissions_are_recorded_and_change_no_link(device: Device, event: str) -> None:
    happens(device, event, {"acceptedPermissions": [{"scope": "alexa::profile:email:read"}]})

    assert SkillEvent.objects.get().applied
    assert not AccountLink.objects.exists()


@pytest.mark.parametrize("event", ["ProactiveSubscriptionChanged", "OfTomorrow"])
def test_other_events_are_none_of_ours(device: Device, event: str) -> None:
    envelope = envelopes.skill_event(device, event, {"subscriptions": []})

    assert json.loads(skill.answer(envelope)) == {"version": "1.0", "response": {}}
    assert not SkillEvent.objects.exists()


@pytest.mark.parametrize("event", ["SkillEnabled", "SkillDisabled", "SkillAccountLinked"])
def test_an_event_without_user_is_kept_and_changes_nothing(device: Device, event: str) -> None:
    envelope = envelopes.skill_event(device, event)
    del envelope["context"]["System"]["user"]

    skill.answer(envelope)

    assert not SkillEvent.objects.get().applied
    assert not AccountLink.objects.exists()


def test_the_token_of_an_event_itself_proves_nothing(
    device: Device, linked: User, mint: TokenMint
) -> None:
    happens(replace(device, access_token=mint.access(linked.sub)), "SkillEnabled")

    assert the_link().user is None


# --- twice, late, in the wrong order -----------------------------------------------------------


def test_the_same_event_counts_once(
    device: Device, linked: User, mint: TokenMint, caplog: pytest.LogCaptureFixture
) -> None:
    happens(device, "SkillAccountLinked", {"accessToken": mint.access()}, request_id="event-1")
    AccountLink.objects.update(user=None)

    happens(device, "SkillAccountLinked", {"accessToken": mint.access()}, request_id="event-1")

    assert SkillEvent.objects.count() == 1
    assert the_link().user is None
    assert "skill_failed" not in caplog.text


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_latest_event_decides_whatever_the_order(
    device: Device, linked: User, mint: TokenMint, order: tuple[int, ...]
) -> None:
    story = [
        ("SkillEnabled", None),
        ("SkillAccountLinked", {"accessToken": mint.access(linked.sub)}),
        ("SkillDisabled", NOT_PERSISTED),
    ]
    for minute in order:
        happens(device, *story[minute], minute=minute)

    assert not AccountLink.objects.exists()
    assert SkillEvent.objects.count() == 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_enabling_again_survives_a_late_disabled(
    linked_device: Device, linked: User, mint: TokenMint, order: tuple[int, ...]
) -> None:
    AccountLink.objects.update(linked_at=NOON - timedelta(days=1), last_used_at=None)
    story = [
        ("SkillDisabled", PERSISTED),
        ("SkillEnabled", None),
        ("SkillAccountLinked", {"accessToken": mint.access(linked.sub)}),
    ]
    for minute in order:
        happens(linked_device, *story[minute], minute=minute)

    assert the_link().user == linked
    assert the_link().state == AccountLink.State.WORKING


def test_a_superseded_event_is_recorded_and_not_applied(device: Device) -> None:
    happens(device, "SkillEnabled", minute=2)

    happens(device, "SkillDisabled", NOT_PERSISTED, minute=1)

    assert not SkillEvent.objects.get(type="AlexaSkillEvent.SkillDisabled").applied
    assert the_link().state == AccountLink.State.ENABLED


def test_what_was_not_applied_supersedes_nothing(device: Device, mint: TokenMint) -> None:
    happens(device, "SkillAccountLinked", {"accessToken": mint.access(exp=1)}, minute=2)

    happens(device, "SkillEnabled", minute=1)

    assert the_link().enabled_at == NOON + timedelta(minutes=1)


def test_an_event_of_another_alexa_account_supersedes_nothing(device: Device) -> None:
    happens(replace(device, user_id="another"), "SkillEnabled", minute=2)

    happens(device, "SkillEnabled", minute=1)

    assert set(SkillEvent.objects.values_list("applied", flat=True)) == {True}


def test_a_turn_after_the_event_proves_more_than_the_event(
    linked_device: Device, stranger: User, linked: User, mint: TokenMint
) -> None:
    one_shot(linked_device, "AMAZON.HelpIntent")

    happens(linked_device, "SkillDisabled", NOT_PERSISTED, minute=1)
    happens(linked_device, "SkillAccountLinked", {"accessToken": mint.access(stranger.sub)})

    assert the_link().user == linked
    assert the_link().state == AccountLink.State.WORKING
    assert set(SkillEvent.objects.values_list("applied", flat=True)) == {False}


def test_enabling_again_starts_without_a_person(linked_device: Device) -> None:
    AccountLink.objects.update(linked_at=NOON, last_used_at=NOON)
    happens(linked_device, "SkillDisabled", PERSISTED, minute=1)

    happens(linked_device, "SkillEnabled", minute=2)

    assert the_link().state == AccountLink.State.ENABLED
