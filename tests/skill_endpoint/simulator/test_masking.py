from __future__ import annotations

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
