from __future__ import annotations

import pytest

from skill_endpoint.simulator.masking import MASK, masked

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def test_it_hides_tokens_by_the_name_of_their_field() -> None:
    shown = masked({"user": {"userId": "u", "accessToken": "opaque"}, "refresh_token": "r"})
    assert shown == {"user": {"userId": "u", "accessToken": MASK}, "refresh_token": MASK}


def test_it_hides_a_token_wherever_it_is_spoken() -> None:
    assert masked([f"your token is {JWT}, thanks"]) == [f"your token is {MASK}, thanks"]


def test_it_leaves_everything_else_as_it_is() -> None:
    value = {"accessToken": "", "n": 1, "none": None, "text": "eyJ is how a token begins"}
    assert masked(value) == value


@pytest.mark.parametrize("before", ["x", "x-", "_", "a.", "eyJ", "eyJx", "eyeyJ", "eyJeyJeyJ"])
def test_it_hides_a_token_that_is_glued_to_other_text(before: str) -> None:
    assert "hbGciOiJSUzI1NiJ9" not in masked(f"{before}{JWT}")
    assert masked(f"{before}{JWT}").endswith(MASK)


def test_it_keeps_what_stands_before_a_token() -> None:
    assert masked(f"id-{JWT} came") == f"id-{MASK} came"


def test_it_is_done_with_a_text_of_beginnings_only() -> None:
    """In one pass: looking from each of them to the end would take minutes."""
    text = "eyJ" * 85_000  # as long as an answer may be
    assert masked(text) == text
