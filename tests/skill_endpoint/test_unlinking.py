"""Whoever takes the link back on the website is a stranger to the skill at once, and stays one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from accounts.models import User
from skill_endpoint import skill
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint
from tests.conftest import SKILL_ID
from tests.local_aws import TIMEOUT, LivePool, alexa_tokens
from tests.skill_endpoint.voice import one_shot, statements

State = AccountLink.State
USER_ID = "amzn1.ask.account.UNLINKING"
pytestmark = pytest.mark.django_db


@pytest.fixture
def first(device: Device, linked: User, mint: TokenMint) -> Device:
    """An Echo with tokens of the first sign-in, which has been used."""
    echo = replace(
        device, user_id=USER_ID, access_token=mint.access(linked.sub, origin_jti="first")
    )
    one_shot(echo, "WhoAmIIntent")
    return echo


def refreshed(echo: Device, mint: TokenMint, **claims: Any) -> Device:
    """Later tokens; from the same sign-in if nothing else is said."""
    fresh = {"origin_jti": "first", "jti": "another", "auth_time": None, **claims}
    return replace(echo, access_token=mint.access("sub-linked", **fresh))


def unlink(user_id: str = USER_ID) -> None:
    link = AccountLink.objects.select_related("user").filter(alexa_user_id=user_id).first()
    assert link
    link.unlink()


def is_refused(echo: Device) -> bool:
    answer = one_shot(echo, "WhoAmIIntent")
    if answer.card != {"type": "LinkAccount"}:
        return False
    assert answer.text.startswith("Your account isn't linked any more.")
    return True


def states() -> dict[str, str]:
    return {link.person_id: link.state.value for link in AccountLink.objects.all()}


def test_the_same_tokens_are_refused_at_once(first: Device) -> None:
    assert not is_refused(first)
    unlink()

    assert is_refused(first)
    assert is_refused(first)
    assert states() == {"": State.UNLINKED}


def test_refreshed_tokens_are_refused(first: Device, mint: TokenMint) -> None:
    """Also where the pool writes the time of the refresh as the time of the sign-in."""
    unlink()
    in_a_minute = int(timezone.now().timestamp()) + 5

    assert is_refused(refreshed(first, mint))
    assert is_refused(refreshed(first, mint, auth_time=in_a_minute))


def test_a_new_sign_in_links_again_at_once(first: Device, mint: TokenMint) -> None:
    unlink()
    again = refreshed(first, mint, origin_jti="second", auth_time=1)  # by the pool's own session

    assert not is_refused(again)

    link = AccountLink.objects.get()
    assert (link.state, link.unlinked_at) == (State.WORKING, None)
    assert timezone.now() - (link.linked_at or timezone.now()) < timedelta(minutes=1)


def test_it_can_be_taken_back_again(first: Device, mint: TokenMint) -> None:
    unlink()
    again = refreshed(first, mint, origin_jti="second")
    assert not is_refused(again)
    unlink()

    assert is_refused(again)


def test_it_holds_for_every_voice_of_the_household(first: Device) -> None:
    known, unknown = (replace(first, person_id=f"amzn1.person.{name}") for name in ("P1", "P2"))
    one_shot(known, "WhoAmIIntent")
    unlink()

    assert is_refused(known)
    assert is_refused(unknown)
    assert states() == {"": State.UNLINKED, "amzn1.person.P1": State.UNLINKED}


def test_a_voice_that_links_again_links_the_household(first: Device, mint: TokenMint) -> None:
    voice = replace(first, person_id="amzn1.person.P1")
    one_shot(voice, "WhoAmIIntent")
    unlink()

    assert not is_refused(refreshed(voice, mint, origin_jti="second"))
    assert set(states().values()) == {State.WORKING}


def test_other_households_and_other_people_stay(
    first: Device, stranger: User, mint: TokenMint
) -> None:
    kitchen = replace(
        refreshed(first, mint, origin_jti="kitchen"), user_id="amzn1.ask.account.KITCHEN"
    )
    assert not is_refused(kitchen)
    unlink()

    assert not is_refused(kitchen)
    theirs = replace(first, access_token=mint.access(stranger.sub, origin_jti="theirs"))
    assert not is_refused(theirs)
    assert AccountLink.objects.get(alexa_user_id=USER_ID).state == State.WORKING


@pytest.mark.parametrize(
    ("auth_time", "refused"), [(-60, True), (20, False), (None, True), ("soon", True), (True, True)]
)
def test_without_the_id_of_the_sign_in_its_time_decides(
    device: Device, mint: TokenMint, linked: User, auth_time: Any, refused: bool
) -> None:
    """Seconds after the link was taken back; or nothing that says when."""
    echo = replace(device, user_id=USER_ID, access_token=mint.access(linked.sub))
    one_shot(echo, "WhoAmIIntent")
    unlink()
    taken_back = timezone.now() - timedelta(seconds=30)
    AccountLink.objects.update(unlinked_at=taken_back)
    if type(auth_time) is int:
        auth_time += int(taken_back.timestamp())
    later = mint.access(linked.sub, auth_time=auth_time)

    assert is_refused(replace(echo, access_token=later)) is refused


@pytest.mark.parametrize("nonsense", [7, "", "x" * 1000, ["first"], {"a": 1}, "a\nb"])
def test_a_sign_in_id_that_is_none_is_not_taken_for_one(
    first: Device, mint: TokenMint, nonsense: Any
) -> None:
    unlink()

    assert is_refused(refreshed(first, mint, origin_jti=nonsense))


# --- events that come late ---------------------------------------------------------------------


def tell_linked(echo: Device, at: datetime) -> None:
    body = {"accessToken": echo.access_token}
    envelope = envelopes.skill_event(echo, "SkillAccountLinked", body, created=at)
    assert json.loads(skill.answer(envelope))["response"] == {}


def test_a_late_event_of_the_old_linking_links_nothing(first: Device, mint: TokenMint) -> None:
    before = timezone.now() - timedelta(minutes=10)
    unlink()
    tell_linked(first, before)
    tell_linked(first, timezone.now() + timedelta(seconds=1))
    tell_linked(refreshed(first, mint, origin_jti="an older one"), before)

    assert states() == {"": State.UNLINKED}
    assert is_refused(first)


def test_the_event_of_a_new_linking_links_again(first: Device, mint: TokenMint) -> None:
    voice = replace(first, person_id="amzn1.person.P1")
    one_shot(voice, "WhoAmIIntent")
    unlink()
    AccountLink.objects.update(unlinked_at=timezone.now() - timedelta(minutes=1))
    again = refreshed(first, mint, origin_jti="second")
    tell_linked(again, timezone.now())

    assert set(states().values()) == {State.WORKING}
    assert not is_refused(again)
    unlink()
    assert is_refused(again)


def test_a_late_event_does_not_hide_the_sign_in_that_is_used(
    first: Device, mint: TokenMint
) -> None:
    """Linked twice; the event of the first time comes last. It is the second that is taken back."""
    used = refreshed(first, mint, origin_jti="second")
    one_shot(used, "WhoAmIIntent")
    tell_linked(first, timezone.now() - timedelta(minutes=10))
    unlink()

    assert is_refused(used)


# --- what it costs, and the real thing ---------------------------------------------------------


def test_a_turn_of_a_household_with_voices_costs_no_more(first: Device) -> None:
    for name in range(5):
        one_shot(replace(first, person_id=f"amzn1.person.{name}"), "WhoAmIIntent")

    assert len(statements(envelopes.intent(first, "AMAZON.HelpIntent", new=True))) == 1


def test_a_refused_turn_takes_two_statements_and_writes_nothing(first: Device) -> None:
    unlink()
    taken = statements(envelopes.intent(first, "WhoAmIIntent", new=True))

    assert len(taken) <= 2
    assert all(sql.startswith("SELECT") for sql in taken)


def test_it_holds_with_tokens_of_the_pool(pool: LivePool, device: Device) -> None:
    """Linked by the authorization code flow; Alexa refreshes afterwards, and then links again."""
    name = "unlinking@example.com"
    pool.person(name)
    tokens = alexa_tokens(pool, name)
    echo = Device(
        application_id=SKILL_ID, user_id=USER_ID, access_token=str(tokens["access_token"])
    )
    assert not is_refused(echo)
    unlink()
    assert is_refused(echo)

    values = pool.values
    answer = requests.post(
        f"{values.domain_url}/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        auth=(values.alexa_client_id, values.alexa_client_secret),
        timeout=TIMEOUT,
    )
    fresh = str(answer.json()["access_token"])
    assert fresh != echo.access_token
    assert is_refused(replace(echo, access_token=fresh))

    again = str(alexa_tokens(pool, name)["access_token"])
    assert not is_refused(replace(echo, access_token=again))
