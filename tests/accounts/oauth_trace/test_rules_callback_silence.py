"""What did not come: the browser from sign-in, or Alexa to the token address."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.oauth_trace.models import Outcome, Span
from tests.accounts.oauth_trace.conftest import Linker, new_code
from tests.accounts.oauth_trace.scenes import (
    PERSON,
    Act,
    Acts,
    Scene,
    assert_provoked,
    assert_spared,
)
from tests.local_aws import PUBLIC_URL, LivePool

PUBLIC = "https://facts.example.com"


def opened(times: int, *, minutes: float = 11, captured: bool = True) -> Act:
    def act(scene: Scene) -> None:
        if not captured:
            scene.without_capture()
        for _ in range(times):
            scene.linker.authorize()
        scene.minutes_pass(minutes)

    return act


def linked_without_capture(scene: Scene) -> None:
    scene.without_capture()
    scene.link()
    scene.minutes_pass()


def linked_in(minutes: float) -> Act:
    """With so long between the authorize request and the way back."""

    def act(scene: Scene) -> None:
        scene.pool.person(PERSON)
        Span.objects.update(started_at=timezone.now() - timedelta(hours=1))
        with time_machine.travel(timezone.now() - timedelta(minutes=minutes), tick=False):
            location = scene.linker.authorize()
        back = scene.linker.come_back(scene.linker.sign_in(location, PERSON))
        assert scene.linker.redeem(back["code"][0]).status_code == 200

    return act


def back_twice(scene: Scene) -> None:
    scene.signed_in()
    scene.returns(code=new_code())


def back_twice_and_linked(scene: Scene) -> None:
    code = scene.signed_in()
    scene.returns(code=code)
    assert scene.linker.redeem(code).status_code == 200


def code_and_nothing_more(minutes: float = 2) -> Act:
    def act(scene: Scene) -> None:
        scene.signed_in()
        scene.minutes_pass(minutes)

    return act


def at_a_public_address(act: Act) -> Act:
    def moved(scene: Scene) -> None:
        scene.public_at(PUBLIC)
        act(scene)

    return moved


def from_the_website(scene: Scene) -> None:
    scene.linker.redirect_uri = f"{PUBLIC_URL}/alexa-link/return/"
    code_and_nothing_more()(scene)


PROVOKED: Acts = {
    "sign-in-reloaded": opened(3),
    "page-closed": opened(1),
    "sign-in-not-seen": opened(1, captured=False),
    "slow-sign-in": linked_in(minutes=6),
    "callback-repeated": back_twice,
    "no-token-call-local": code_and_nothing_more(),
    "no-token-call-from-website": from_the_website,
    "no-token-call": at_a_public_address(code_and_nothing_more()),
}
SPARED: Acts = {
    "sign-in-reloaded": opened(2),
    "page-closed": opened(1, minutes=9),
    "sign-in-not-seen": linked_without_capture,
    "slow-sign-in": linked_in(minutes=4),
    "callback-repeated": back_twice_and_linked,
    "no-token-call-local": at_a_public_address(code_and_nothing_more()),
    "no-token-call-from-website": code_and_nothing_more(),
    "no-token-call": at_a_public_address(code_and_nothing_more(minutes=0.5)),
}


def refused_request(scene: Scene) -> None:
    scene.linker.authorize(redirect_uri="https://else.example.com/")
    scene.minutes_pass()


def test_a_refused_request_says_why_and_not_that_the_page_was_closed(
    linker: Linker, pool: LivePool
) -> None:
    with Scene(linker, pool) as scene:
        refused_request(scene)
        assert scene.codes() == ["redirect-uri-not-alexas"]
        assert scene.verdict().outcome == Outcome.FAILED


@pytest.mark.parametrize("captured", [True, False])
def test_who_closes_the_page_has_given_up(linker: Linker, pool: LivePool, captured: bool) -> None:
    with Scene(linker, pool) as scene:
        opened(1, captured=captured)(scene)
        assert scene.verdict().outcome == Outcome.GAVE_UP


@pytest.mark.parametrize("captured", [True, False])
def test_three_loads_are_one_reason(linker: Linker, pool: LivePool, captured: bool) -> None:
    assert_provoked("sign-in-reloaded", opened(3, captured=captured), linker, pool)


@pytest.mark.parametrize("captured", [True, False])
def test_nine_minutes_are_no_silence(linker: Linker, pool: LivePool, captured: bool) -> None:
    with Scene(linker, pool) as scene:
        opened(1, minutes=9, captured=captured)(scene)
        assert scene.codes() == []


def test_who_loads_the_page_thrice_and_links_is_linked(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        opened(3, minutes=0)(scene)
        scene.link()
        assert scene.codes() == []


def test_a_refused_request_is_not_loaded_in_vain(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        for _ in range(3):
            scene.linker.authorize(scope="openid profile")
        scene.minutes_pass()
        assert scene.codes() == ["scope-not-allowed"]


def test_an_error_page_that_was_seen_is_no_closed_page(linker: Linker, pool: LivePool) -> None:
    """A gateway's log has the pool's answer; of the browser it knows no more than we do."""
    with Scene(linker, pool) as scene:
        scene.without_capture()
        scene.client_has(is_known=False, CallbackURLs=["https://elsewhere.example.com/"])
        scene.pool_answer = scene.refused_by_pool()
        scene.minutes_pass()
        assert scene.codes() == ["sign-in-page-error"]


def test_a_cancelled_sign_in_is_no_closed_page(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.linker.authorize()
        scene.returns(error="access_denied")
        scene.minutes_pass()
        assert scene.codes() == ["person-cancelled"]


def test_alexa_does_not_call_where_the_way_back_ended_here(linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        scene.linker.authorize()
        scene.linker.browser.get(f"/oauth/callback?state=another&code={new_code()}")
        scene.minutes_pass()
        assert scene.codes() == ["state-changed"]


def test_the_simulator_can_reach_a_local_address(linker: Linker, pool: LivePool) -> None:
    linker.redirect_uri = f"{PUBLIC_URL}/dev/alexa/callback/"
    assert_provoked("no-token-call", code_and_nothing_more(), linker, pool)


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
