"""The pieces of capture: what is read of a raw query, and what a browser may remember."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
import time_machine
from django.core import signing
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import forgiving_cache
from accounts.oauth_trace import capture, wanted
from accounts.oauth_trace.capture import WayBack

WAY = WayBack("https://pitangui.amazon.com/x", 7, "digest")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a=b", "b"),
        ("a=b+c%20d", "b c d"),
        ("%61=b", "b"),
        ("a=", ""),
        ("a", ""),
        ("a=b&a=b", ""),
        ("a=b&%61=c", ""),
        ("b=a", ""),
        ("a=b=c", "b=c"),
        ("a=%ff", "\ufffd"),
        ("&&a=b&", "b"),
        ("a=b;c=d", "b;c=d"),
    ],
)
def test_only_what_is_there_once_counts(raw: str, value: str) -> None:
    assert capture.only(raw, "a") == value


@given(raw=st.text("ab=&%+redirect_uri1", max_size=80))
def test_it_reads_as_every_other_reader(raw: str) -> None:
    """The pool must not see another value than we do."""
    theirs = [text for name, text in parse_qsl(raw, keep_blank_values=True) if name == "a"]
    assert capture.values(raw, "a") == theirs


@given(raw=st.text(max_size=120))
def test_an_exchange_takes_no_other_byte(raw: str) -> None:
    before = [pair for pair in raw.split("&") if not capture.values(pair, "redirect_uri")]
    after = capture.exchanged(raw, "https://x.example/")
    for pair in before:
        assert pair in after.split("&")
    assert after.count("&") == raw.count("&")


def test_a_browser_remembers_for_an_hour() -> None:
    with time_machine.travel(timezone.now(), tick=False) as now:
        cookie = capture.signed(WAY)
        now.shift(capture.MEMORY - 1)
        assert capture.read_signed(cookie) == WAY
        now.shift(timedelta(seconds=2))
        assert capture.read_signed(cookie) is None


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "nonsense",
        signing.dumps(["https://evil.example/", 7, "digest"]),
        signing.dumps(["https://evil.example/"], salt=capture._SALT),
        signing.dumps(7, salt=capture._SALT),
        signing.dumps(["https://evil.example/", "seven", "digest"], salt=capture._SALT),
        capture.signed(WAY)[:-1],
        "x" * 10_000,
    ],
    # names of their own: a signature holds the second in which it was made
    ids=[
        "nothing",
        "nonsense",
        "signed-for-something-else",
        "too-short",
        "no-list",
        "no-number",
        "cut",
        "long",
    ],
)
def test_what_a_browser_made_up_is_nothing(cookie: str) -> None:
    assert capture.read_signed(cookie) is None


def test_the_cookie_tells_no_state() -> None:
    assert "state" not in capture.signed(WAY)
    with override_settings(SECRET_KEY="another" * 10):
        assert capture.read_signed(capture.signed(WAY)) == WAY
    assert capture.read_signed(capture.signed(WAY) + "x") is None


def test_a_pool_without_our_callback_is_not_captured() -> None:
    known = wanted.from_settings()
    raw = (
        "state=s&response_type=code&client_id=alexa-client"
        f"&redirect_uri={known.amazon_callbacks[0]}"
    )
    assert capture.is_possible(raw, known)
    registered = replace(known, callbacks=(known.amazon_callbacks[0], known.capture_url))
    assert capture.is_possible(raw, registered)
    assert not capture.is_possible(raw, replace(known, callbacks=known.amazon_callbacks))
    assert not capture.is_possible(raw, replace(registered, callbacks=(known.capture_url,)))


def test_our_own_callback_is_no_way_back() -> None:
    """It would lead to itself for ever."""
    known = wanted.from_settings()
    both = (known.amazon_callbacks[0], known.capture_url)
    assert replace(known, callbacks=both).return_addresses == both[:1]


def test_what_another_version_kept_is_not_read() -> None:
    forgiving_cache.keep(wanted._key(), {"callbacks": ("https://x.example/",), "odd": 1}, seconds=9)
    assert wanted.known() == wanted.from_settings()
