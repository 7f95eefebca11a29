"""Who speaks, and what a turn leaves behind in the account links."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.cognito import keys
from accounts.models import Door, Tombstone, User, sub_digest
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import SPACE, Conversation, one_shot, statements, stock_library


@pytest.fixture
def link(linked_device: Device) -> AccountLink:
    return AccountLink.objects.get(alexa_user_id=linked_device.user_id)


# --- nobody, somebody --------------------------------------------------------------------------


def test_it_leaves_no_trace_of_whom_it_does_not_know(device: Device, db: None) -> None:
    one_shot(device, "AMAZON.HelpIntent")

    assert not AccountLink.objects.exists()
    assert not User.objects.exists()


def test_a_first_turn_makes_person_and_link(device: Device, mint: TokenMint, db: None) -> None:
    one_shot(replace(device, access_token=mint.access("sub-new")), "AMAZON.HelpIntent")

    link = AccountLink.objects.get()
    assert link.user is not None
    assert (link.user.sub, link.user.first_seen_by) == ("sub-new", Door.VOICE)
    assert (link.application_id, link.alexa_user_id) == (device.application_id, device.user_id)
    assert link.person_id == ""
    assert link.state == AccountLink.State.WORKING
    assert link.last_used_at is not None


def test_a_recognised_speaker_gets_a_link_of_their_own(linked_device: Device, linked: User) -> None:
    one_shot(replace(linked_device, person_id="amzn1.person.P1"), "AMAZON.HelpIntent")

    speakers = AccountLink.objects.filter(user=linked).values_list("person_id", flat=True)
    assert set(speakers) == {"", "amzn1.person.P1"}


def test_a_token_of_another_person_moves_the_link(
    linked_device: Device, linked: User, stranger: User, mint: TokenMint, link: AccountLink
) -> None:
    AccountLink.objects.update(linked_at=timezone.now() - timedelta(days=9))

    one_shot(replace(linked_device, access_token=mint.access(stranger.sub)), "AMAZON.HelpIntent")

    link.refresh_from_db()
    assert link.user == stranger
    assert link.linked_at
    assert timezone.now() - link.linked_at < timedelta(minutes=1)


def test_a_turn_proves_that_the_skill_is_enabled(linked_device: Device, link: AccountLink) -> None:
    AccountLink.objects.update(disabled_at=timezone.now(), linked_at=None)

    one_shot(linked_device, "AMAZON.HelpIntent")

    link.refresh_from_db()
    assert link.state == AccountLink.State.WORKING


def test_last_use_is_written_once_an_hour(linked_device: Device, link: AccountLink) -> None:
    for minutes, is_written in ((59, False), (61, True)):
        before = timezone.now() - timedelta(minutes=minutes)
        AccountLink.objects.update(last_used_at=before)

        one_shot(linked_device, "AMAZON.HelpIntent")

        link.refresh_from_db()
        assert (link.last_used_at != before) is is_written


# --- tokens that do not count ------------------------------------------------------------------


def test_a_refused_token_is_noted_once(
    linked_device: Device, link: AccountLink, mint: TokenMint
) -> None:
    expired = replace(linked_device, access_token=mint.access(exp=1))
    one_shot(expired, "AMAZON.HelpIntent")
    link.refresh_from_db()
    noted = link.refused_at

    one_shot(expired, "AMAZON.HelpIntent")

    link.refresh_from_db()
    assert (link.refused_reason, link.state) == ("expired", AccountLink.State.REFUSED)
    assert link.refused_at == noted


def test_a_good_token_takes_the_refusal_back(linked_device: Device, link: AccountLink) -> None:
    AccountLink.objects.update(refused_at=timezone.now(), refused_reason="expired")

    one_shot(linked_device, "AMAZON.HelpIntent")

    link.refresh_from_db()
    assert (link.refused_at, link.refused_reason) == (None, "")
    assert link.state == AccountLink.State.WORKING


def test_a_refused_token_of_an_unknown_device_leaves_no_trace(
    device: Device, mint: TokenMint, db: None
) -> None:
    one_shot(replace(device, access_token=mint.access(exp=1)), "AMAZON.HelpIntent")

    assert not AccountLink.objects.exists()


def test_a_pool_out_of_reach_breaks_no_link(
    linked_device: Device, link: AccountLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(url: str) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(keys, "fetch", unreachable)

    answer = one_shot(linked_device, "SaveFactIntent")

    link.refresh_from_db()
    assert link.state == AccountLink.State.WORKING
    assert "can't reach your account" in answer.text
    assert not answer.card


def test_a_slow_clock_of_ours_breaks_no_link(
    linked_device: Device, link: AccountLink, mint: TokenMint
) -> None:
    """Right after linking the token is of the future; to link again would help nobody."""
    token = mint.access(link.user.sub if link.user else "", iat=int(time.time()) + 60)
    slow = replace(linked_device, access_token=token)

    answer = one_shot(slow, "SaveFactIntent")

    link.refresh_from_db()
    assert link.state == AccountLink.State.WORKING
    assert "can't reach your account" in answer.text
    assert not answer.card


def test_a_known_token_needs_no_pool(
    linked_device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_shot(linked_device, "WhoAmIIntent")
    monkeypatch.setattr(keys, "fetch", lambda url: pytest.fail("fetched"))

    assert not one_shot(linked_device, "WhoAmIIntent").card


def test_a_deleted_person_does_not_come_back(device: Device, mint: TokenMint, db: None) -> None:
    Tombstone.objects.create(digest=sub_digest("sub-gone"))

    answer = one_shot(replace(device, access_token=mint.access("sub-gone")), "WhoAmIIntent")

    assert answer.text.startswith("Your account isn't linked any more.")
    assert answer.card == {"type": "LinkAccount"}
    assert not User.objects.filter(sub="sub-gone").exists()
    assert not AccountLink.objects.exists()


def test_a_locked_person_is_not_served(
    linked_device: Device, linked: User, link: AccountLink
) -> None:
    linked.is_active = False
    linked.save()

    answer = one_shot(linked_device, "WhoAmIIntent")

    link.refresh_from_db()
    assert answer.text.startswith("Your account is switched off at the moment.")
    assert not answer.card  # to link again would lead nowhere
    assert link.refused_reason == "inactive"


def test_no_token_and_no_name_gets_into_the_log(
    linked_device: Device, mint: TokenMint, caplog: pytest.LogCaptureFixture
) -> None:
    expired = replace(linked_device, access_token=mint.access(exp=1))

    one_shot(expired, "WhoAmIIntent")

    assert "one-shot" in caplog.text  # Alexa's request id
    for secret in (expired.access_token, expired.user_id, "sub-linked", "linked@example.com"):
        assert secret not in caplog.text


# --- what it costs -----------------------------------------------------------------------------

READING = [
    "AMAZON.HelpIntent",
    "WhoAmIIntent",
    "ListSavedIntent",
    "ListTopicsIntent",
    "TellMeMoreIntent",
    "SettingsIntent",
]
WRITING = ["DailyFactIntent", "AnotherFactIntent", "SaveFactIntent", "RemoveFactIntent"]


@pytest.fixture
def busy(linked: User, linked_device: Device) -> Device:
    """A person with topics, with history, with favourites."""
    stock_library()
    linked.profile.topics = ["space", "food"]
    linked.profile.save()
    conversation = Conversation(linked_device)
    for intent in ("DailyFactIntent", "SaveFactIntent", "AnotherFactIntent"):
        conversation.ask(intent)
    return linked_device


@pytest.mark.parametrize("intent", READING)
def test_a_reading_turn_takes_at_most_three_statements(busy: Device, intent: str) -> None:
    taken = statements(envelopes.intent(busy, intent, new=True))

    assert len(taken) <= 3
    assert all(sql.startswith("SELECT") for sql in taken)


def test_a_launch_takes_two_statements(busy: Device) -> None:
    assert len(statements(envelopes.launch(busy))) == 2  # the person, and what they heard today


def test_whose_link_was_lost_takes_one_statement(busy: Device) -> None:
    lost = replace(busy, access_token="")

    assert len(statements(envelopes.intent(lost, "WhoAmIIntent", new=True))) == 1
    assert statements(envelopes.intent(lost, "AMAZON.HelpIntent", new=True)) == []


@pytest.mark.parametrize("intent", WRITING)
def test_a_writing_turn_takes_at_most_five_statements(busy: Device, intent: str) -> None:
    assert len(statements(envelopes.intent(busy, intent, new=True))) <= 5


@pytest.mark.parametrize("topics", [["space", "food"], ["gone"], []])
def test_a_fact_takes_at_most_five_statements_when_all_are_used_up(
    busy: Device, linked: User, mint: TokenMint, topics: list[str]
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        timeless = replace(busy, access_token=mint.access(linked.sub, iat=1, exp=4_000_000_000))
        for _ in range(5):
            one_shot(timeless, "AnotherFactIntent")
    linked.profile.topics = topics
    linked.profile.save()

    for intent, slots in (
        ("DailyFactIntent", {}),
        ("AnotherFactIntent", {}),
        ("TopicFactIntent", {"topic": SPACE}),
    ):
        assert len(statements(envelopes.intent(busy, intent, slots, new=True))) <= 5


def test_an_unknown_topic_takes_at_most_three_statements(busy: Device) -> None:
    unknown = envelopes.intent(busy, "TopicFactIntent", {"topic": "knitting"}, new=True)

    assert len(statements(unknown)) <= 3


def test_an_hours_first_turn_takes_one_statement_more(busy: Device) -> None:
    """Not an hour later: a day that began meanwhile has a first turn, too."""
    AccountLink.objects.update(last_used_at=timezone.now() - timedelta(hours=2))

    assert len(statements(envelopes.launch(busy))) == 3


# --- two at once -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_two_first_turns_at_once_make_one_person_and_one_link(
    device: Device, mint: TokenMint, attempt: int
) -> None:
    newcomer = replace(device, access_token=mint.access(f"sub-race-{attempt}"))
    together = threading.Barrier(2)
    texts = []

    def talk() -> None:
        try:
            together.wait(timeout=10)
            texts.append(one_shot(newcomer, "WhoAmIIntent").text)
        finally:
            connection.close()

    threads = [threading.Thread(target=talk) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(texts) == 2
    assert texts[0] == texts[1]
    assert texts[0].startswith("I don't know your name.")
    assert AccountLink.objects.get().user == User.objects.get()
