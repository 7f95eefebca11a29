"""Every cache is warm, and then something changes: through the real door, with real signatures."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from accounts.cognito import keys
from accounts.cognito.tokens import LEEWAY, TokenRejected, verify_access_token
from accounts.models import Tombstone, User, sub_digest
from accounts.rate_limit import is_over
from skill_endpoint.models import AccountLink, SeenRequest
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.simulator.pki import Signer
from tests.alexa import OTHER_SIGNATURE, Post, encoded, is_refused, rejected
from tests.cognito import TokenMint
from tests.real_services import count_cached
from tests.warm import Clock, Pool, is_known, question, settle, why_refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(keys, "time", clock)
    return clock


@pytest.fixture
def pool(mint: TokenMint, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool(mint)
    monkeypatch.setattr(keys, "fetch", pool.fetch)
    return pool


@pytest.fixture
def warm(linked_device: Device, pool: Pool, post: Post) -> Device:
    """A turn of this Echo has filled the caches of chains, of the pool's keys and of tokens."""
    assert is_known(post(question(linked_device)))
    assert pool.asked == 1
    return linked_device


@pytest.fixture(scope="session")
def next_keys() -> TokenMint:
    """What the pool signs with after it has rotated its key."""
    return TokenMint(kid="key-2")


def echo_of(device: Device, user: User, mint: TokenMint) -> Device:
    return replace(device, access_token=mint.access(user.sub))


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signature was looked at."""
    checked: list[str] = []
    decode = jwt.decode

    def counted(token: str, *args: Any, **options: Any) -> Any:
        checked.append(token)
        return decode(token, *args, **options)

    monkeypatch.setattr(jwt, "decode", counted)
    return checked


# --- the pool's keys ---------------------------------------------------------------------------


def test_a_warm_turn_checks_no_token_and_asks_nobody(
    warm: Device, pool: Pool, post: Post, checked: list[str]
) -> None:
    assert is_known(post(question(warm)))
    assert (checked, pool.asked) == ([], 1)


def test_a_rotated_key_counts_at_once_and_the_old_one_with_it(
    warm: Device, linked: User, pool: Pool, clock: Clock, next_keys: TokenMint, post: Post
) -> None:
    pool.published.append(next_keys)
    clock.seconds += keys.COOLDOWN
    assert is_known(post(question(echo_of(warm, linked, next_keys))))
    assert is_known(post(question(warm)))
    assert pool.asked == 2


def test_a_rotated_key_waits_for_the_cooldown_and_no_longer(
    warm: Device, linked: User, pool: Pool, clock: Clock, next_keys: TokenMint, post: Post
) -> None:
    pool.published.append(next_keys)
    rotated = echo_of(warm, linked, next_keys)
    clock.seconds += keys.COOLDOWN - 1
    assert not is_known(post(question(rotated)))
    assert (why_refused(), pool.asked) == ("unknown_key", 1)
    clock.seconds += 1
    assert is_known(post(question(rotated)))
    assert (why_refused(), pool.asked) == ("", 2)


def test_a_remembered_token_of_a_key_that_the_pool_took_back_does_not_count(
    warm: Device, linked: User, pool: Pool, clock: Clock, next_keys: TokenMint, post: Post
) -> None:
    """From the moment on in which anybody made us ask the pool."""
    pool.published[:] = [next_keys]
    clock.seconds += keys.COOLDOWN
    assert is_known(post(question(warm)))
    assert is_known(post(question(echo_of(warm, linked, next_keys))))
    assert not is_known(post(question(warm)))
    assert (why_refused(), pool.asked) == ("unknown_key", 2)


def test_a_key_that_was_taken_back_is_found_within_the_hour_by_warm_turns_alone(
    warm: Device, pool: Pool, clock: Clock, next_keys: TokenMint, post: Post
) -> None:
    pool.published[:] = [next_keys]
    fetching: list[threading.Thread] = []
    pool.before_answer = lambda: fetching.append(threading.current_thread())
    clock.seconds += keys.FRESH - 1
    assert is_known(post(question(warm)))
    assert pool.asked == 1
    clock.seconds += 1
    assert is_known(post(question(warm)))
    settle()
    assert not is_known(post(question(warm)))
    assert (why_refused(), pool.asked) == ("unknown_key", 2)
    assert threading.current_thread() not in fetching  # no turn has waited for the pool


def test_another_key_behind_the_same_id_ends_what_the_first_one_signed(
    warm: Device, pool: Pool, clock: Clock, post: Post
) -> None:
    pool.published[:] = [TokenMint()]
    clock.seconds += keys.FRESH
    assert is_known(post(question(warm)))
    settle()
    assert not is_known(post(question(warm)))
    assert why_refused() == "signature"


def test_the_same_keys_fetched_anew_forget_no_token(
    warm: Device, pool: Pool, clock: Clock, post: Post, checked: list[str]
) -> None:
    clock.seconds += keys.FRESH
    assert is_known(post(question(warm)))
    settle()
    assert is_known(post(question(warm)))
    assert (checked, pool.asked) == ([], 2)


def test_an_outage_of_the_pool_forgets_no_token(
    warm: Device, pool: Pool, clock: Clock, post: Post
) -> None:
    pool.is_down = True
    for _ in range(3):
        clock.seconds += 10 * keys.FRESH
        assert is_known(post(question(warm)))
        settle()
    assert pool.asked == 4
    assert is_known(post(question(warm)))


def test_a_flood_of_made_up_key_ids_is_one_fetch_a_cooldown_and_stops_nobody(
    warm: Device, linked: User, pool: Pool, clock: Clock, post: Post
) -> None:
    for number in range(40):
        made_up = replace(TokenMint(key=pool.published[0].key), kid=f"made-up-{number}")
        assert not is_known(post(question(echo_of(warm, linked, made_up))))
        if number % 8 == 7:
            assert is_known(post(question(warm)))
    assert pool.asked == 1
    clock.seconds += keys.COOLDOWN
    for number in range(40):
        with pytest.raises(TokenRejected):
            verify_access_token(replace(pool.published[0], kid=f"later-{number}").access())
    assert pool.asked == 2
    assert is_known(post(question(warm)))


def test_a_fetch_that_hangs_holds_only_who_needs_it(
    warm: Device, pool: Pool, clock: Clock, post: Post
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        asked.set()
        go_on.wait(5)

    made_up = replace(pool.published[0], kid="made-up").access()
    pool.before_answer = hang
    clock.seconds += keys.COOLDOWN
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(verify_access_token, made_up)
        try:
            assert asked.wait(5)
            assert is_known(post(question(warm)))
            assert not waiting.done()
        finally:
            go_on.set()
        assert isinstance(waiting.exception(5), TokenRejected)


# --- the token, the settings, the person -------------------------------------------------------


def test_a_remembered_token_ends_to_the_second_when_a_new_one_would(
    device: Device, linked: User, mint: TokenMint, pool: Pool, post: Post
) -> None:
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False) as moment:
        echo = echo_of(device, linked, mint)
        assert is_known(post(question(echo)))
        moment.move_to(now + timedelta(seconds=3600 + LEEWAY - 1))
        assert is_known(post(question(echo)))
        moment.move_to(now + timedelta(seconds=3600 + LEEWAY))
        assert not is_known(post(question(echo)))
        assert why_refused() == "expired"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("COGNITO_ISSUER", "https://cognito-idp.us-east-1.amazonaws.com/another", "issuer"),
        ("COGNITO_USER_POOL_ID", "us-east-1_Another", "issuer"),
        ("AWS_REGION", "eu-west-1", "issuer"),
        ("COGNITO_ALEXA_CLIENT_ID", "another-client", "client"),
        ("COGNITO_ALEXA_CLIENT_ID", "", "client"),
    ],
)
def test_a_remembered_token_is_held_against_the_settings_of_now(
    warm: Device, post: Post, settings: Settings, name: str, value: str, reason: str
) -> None:
    before = getattr(settings, name)
    setattr(settings, name, value)
    assert not is_known(post(question(warm)))
    assert why_refused() == reason
    setattr(settings, name, before)
    assert is_known(post(question(warm)))


def test_a_remembered_token_is_worth_nothing_where_the_keys_come_from_elsewhere(
    warm: Device, pool: Pool, post: Post, settings: Settings, next_keys: TokenMint
) -> None:
    pool.published[:] = [next_keys]
    settings.COGNITO_JWKS_URL = "https://another.example/keys"
    assert not is_known(post(question(warm)))
    assert why_refused() == "unknown_key"


def test_a_skill_that_is_ours_no_more_is_refused(
    warm: Device, post: Post, settings: Settings
) -> None:
    settings.ALEXA_SKILL_IDS = ["amzn1.ask.skill.another"]
    before = rejected("skill_id")
    assert is_refused(post(question(warm)))
    assert rejected("skill_id") == before + 1


def test_a_locked_person_is_refused_at_once_and_known_again_at_once(
    warm: Device, linked: User, post: Post
) -> None:
    User.objects.update(is_active=False)
    post(question(warm))  # answered without the card: linking again would lead nowhere
    assert why_refused() == "inactive"
    User.objects.update(is_active=True)
    assert is_known(post(question(warm)))
    assert why_refused() == ""


def test_an_erased_person_is_not_made_anew(warm: Device, linked: User, post: Post) -> None:
    Tombstone.objects.create(digest=sub_digest(linked.sub))
    linked.delete()
    assert not is_known(post(question(warm)))
    assert not User.objects.exists()


def test_a_link_that_was_taken_back_is_refused_at_once(warm: Device, post: Post) -> None:
    AccountLink.objects.select_related("user").get().unlink()
    assert not is_known(post(question(warm)))
    assert AccountLink.objects.get().state == AccountLink.State.UNLINKED


def test_a_remembered_token_of_another_person_stays_theirs(
    warm: Device, stranger: User, mint: TokenMint, post: Post
) -> None:
    """Two tokens by turns on one Echo: each turn is of whom its own token names."""
    theirs = echo_of(warm, stranger, mint)
    for echo, sub in [(theirs, stranger.sub), (warm, "sub-linked")] * 2:
        assert is_known(post(question(echo)))
        link = AccountLink.objects.select_related("user").get()
        assert link.user
        assert link.user.sub == sub


# --- Alexa's signature -------------------------------------------------------------------------


@pytest.mark.parametrize("where", [0, 1, 100, -100, -2, -1])
def test_a_body_changed_by_one_bit_is_refused(warm: Device, post: Post, where: int) -> None:
    body = encoded(question(warm))
    changed = bytearray(body)
    changed[where] ^= 1
    before = rejected("signature")
    assert is_refused(post(body, sent=bytes(changed)))
    assert is_refused(post(body, sent=body + b" "))
    assert is_refused(post(body, sent=body[:-1]))
    assert rejected("signature") == before + 3
    assert is_known(post(body))


def test_a_signature_of_another_body_is_refused(warm: Device, pki: Signer, post: Post) -> None:
    body, other = encoded(question(warm)), encoded(question(warm))
    before = rejected("signature")
    for signature in (pki.sign(other), pki.sign(b""), OTHER_SIGNATURE):
        assert is_refused(post(body, headers={"Signature-256": signature}))
    assert rejected("signature") == before + 3
    assert is_known(post(body))


def test_another_key_is_refused_under_the_warm_address(
    warm: Device, chains: dict[str, Signer], post: Post
) -> None:
    body = encoded(question(warm))
    before = rejected("signature")
    stranger = chains["several_names"]
    assert is_refused(post(body, headers={"Signature-256": stranger.sign(body)}))
    assert rejected("signature") == before + 1


def test_a_replay_is_one_under_every_spelling_of_its_signature(
    warm: Device, pki: Signer, post: Post
) -> None:
    """The last letter before the two signs of equality has four bits that nobody reads."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = encoded(question(warm))
    signature = pki.sign(body)
    first = letters.index(signature[-3]) & ~15
    before = rejected("replay")
    assert is_known(post(body))
    for letter in letters[first : first + 16]:
        other = f"{signature[:-3]}{letter}=="
        assert is_refused(post(body, headers={"Signature-256": other}))
    assert rejected("replay") == before + 16


@pytest.mark.usefixtures("on_local_memory")
def test_a_flooded_cache_forgets_no_claim_of_a_request(
    warm: Device, post: Post, settings: Settings
) -> None:
    """Rate limits share the cache, which keeps 300 entries a process; claims are in the table."""
    body = encoded(question(warm))
    assert is_known(post(body))
    settings.RATE_LIMITS = True
    for number in range(2000):
        is_over("alexa", f"192.0.2.{number}", rate=1, per=60)
    assert count_cached() <= 300
    assert is_refused(post(body))
    cache.clear()
    assert is_refused(post(body))
    assert SeenRequest.objects.count() == 2
