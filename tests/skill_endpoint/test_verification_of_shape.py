"""What a signed body may hold: strict JSON, and text where text belongs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skill_endpoint.simulator.envelopes import Envelope
from skill_endpoint.simulator.pki import Signer
from skill_endpoint.verification import MAX_DEPTH, check_values, verify
from tests.alexa import (
    NOT_TEXT,
    REQUEST_ID,
    SKILL,
    SYSTEM,
    TYPE,
    USER,
    change,
    encoded,
    reason_of,
    signed,
)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        *[((name,), value, "malformed") for name in ("request", "context") for value in NOT_TEXT],
        *[(SYSTEM, value, "malformed") for value in NOT_TEXT],
        *[((*SYSTEM, "user"), value, "malformed") for value in NOT_TEXT],
        *[((*SYSTEM, "application"), value, "malformed") for value in NOT_TEXT if value != {}],
        *[(TYPE, value, "malformed") for value in NOT_TEXT],
        (TYPE, "Launch Request", "malformed"),
        (TYPE, "L" * 129, "malformed"),
        *[(REQUEST_ID, value, "malformed") for value in NOT_TEXT],
        (REQUEST_ID, "i" * 256, "malformed"),
        (REQUEST_ID, "with space", "malformed"),
        (REQUEST_ID, "ends\n", "malformed"),
        *[(USER, value, "malformed") for value in NOT_TEXT],
        (USER, "u" * 256, "malformed"),
        (USER, "nul\0", "malformed"),
        (USER, "größe", "malformed"),
        *[(SKILL, value, "skill_id") for value in NOT_TEXT],
        ((*SYSTEM, "application"), {}, "skill_id"),
        (SKILL, "amzn1.ask.skill.another", "skill_id"),
        (SKILL, "AMZN1.ASK.SKILL.TESTS", "skill_id"),
        (("session",), "text", "malformed"),
        (("session",), [], "malformed"),
        (("session", "application"), "amzn1.ask.skill.tests", "malformed"),
        (("session", "application"), {}, "skill_id"),
        (("session", "application"), {"applicationId": "another"}, "skill_id"),
        (("session", "application"), {"applicationId": None}, "skill_id"),
        (("session", "attributes"), {"half a pair": "\ud83d"}, "malformed"),
        (("session", "attributes"), {"\ude00": 1}, "malformed"),
        (("session", "attributes"), {"\ud83d": "\ude00"}, "malformed"),
        (("session", "attributes"), ["\ud83d", "\ude00"], "malformed"),
        (("session", "attributes"), {"nul\0": 1}, "malformed"),
        (("session", "attributes"), {"deep": [{"below": ["nul\0"]}]}, "malformed"),
    ],
    ids=repr,
)
def test_it_refuses_a_wrong_shape(
    pki: Signer, envelope: Envelope, path: tuple[str, ...], value: Any, reason: str
) -> None:
    body = encoded(envelope)
    assert verify(signed(pki, body), body)
    change(envelope, path, value)
    body = json.dumps(envelope).encode()
    assert reason_of(signed(pki, body), body) == reason


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (TYPE, "Alexa.Presentation.APL.UserEvent"),
        (TYPE, "TomorrowsRequest"),
        (REQUEST_ID, "i" * 255),
        (USER, "u" * 255),
        (("session",), ...),
        (("session",), None),
        (("session", "application"), ...),
        (("session", "application"), {"applicationId": "amzn1.ask.skill.tests", "more": 1}),
        (("session", "attributes"), {"emoji": "😀"}),
        (("unknown",), {"deep": [[[1.5]]]}),
    ],
    ids=repr,
)
def test_it_takes_what_it_need_not_know(
    pki: Signer, envelope: Envelope, path: tuple[str, ...], value: Any
) -> None:
    change(envelope, path, value)
    body = json.dumps(envelope).encode()
    assert verify(signed(pki, body), body)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "edit",
    [
        lambda body: b"[" + body + b"]",
        lambda body: b"null",
        lambda body: b"7",
        lambda body: b'"text"',
        lambda body: b"{}",
        lambda body: b"not json",
        lambda body: body + body,
        lambda body: body[:-1] + b",}",
        lambda body: body[:-1] + b',"version":"2.0"}',
        lambda body: body[:-1] + b',"x":{"a":1,"a":2}}',
        lambda body: body[:-1] + b',"x":NaN}',
        lambda body: body[:-1] + b',"x":-Infinity}',
        lambda body: body[:-1] + b',"x":1e999}',
        lambda body: body[:-1] + b',"x":' + b"9" * 5000 + b"}",
        lambda body: body[:-1] + b',"x":' + nested(64) + b"}",
        lambda body: body[:-1] + b',"x":' + nested(30_000) + b"}",
        lambda body: body[:-1] + b',"x":' + b"[" * 60_000,
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.decode().encode("utf-16"),
        lambda body: body[:-1] + b',"x":"\xff"}',
        lambda body: body[:-1] + b',"x":"\xed\xa0\x80"}',
        lambda body: body[:-1] + b',"x":"\n"}',
        lambda body: b"",
        lambda body: b"\0",
    ],
)
def test_it_refuses_what_is_not_strict_json_even_signed(
    pki: Signer, envelope: Envelope, edit: Callable[[bytes], bytes]
) -> None:
    body = edit(encoded(envelope))
    assert reason_of(signed(pki, body), body) == "malformed"


def test_it_takes_json_as_deep_as_the_limit(pki: Signer, envelope: Envelope) -> None:
    body = encoded(envelope)[:-1] + b',"x":' + nested(62) + b"}"
    assert verify(signed(pki, body), body)


def test_it_takes_a_body_as_long_as_the_limit_and_none_longer(
    pki: Signer, envelope: Envelope
) -> None:
    body = encoded(envelope).ljust(64 * 1024)
    assert verify(signed(pki, body), body)
    body += b" "
    assert reason_of(signed(pki, body), body) == "too_large"


def fits(value: Any, depth: int = 1) -> bool:
    """The rules of check_values, one value at a time."""
    if isinstance(value, str):
        return depth <= MAX_DEPTH and not re.search("[\0\ud800-\udfff]", value)
    if isinstance(value, dict):
        return all(fits(key) and fits(item, depth + 1) for key, item in value.items()) and (
            depth <= MAX_DEPTH
        )
    if isinstance(value, list):
        return depth <= MAX_DEPTH and all(fits(item, depth + 1) for item in value)
    return depth <= MAX_DEPTH and value not in {math.inf, -math.inf}


TEXT = st.text(st.characters(), max_size=3) | st.sampled_from(
    ["", "\0", "\ud83d", "\ude00", "\ud83d\ude00", "\n", "a"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(VALUES, st.sampled_from([0, 60, 61, 62, 63, 64]))
def test_all_texts_at_once_are_judged_as_one_by_one(value: Any, deeper: int) -> None:
    for _ in range(deeper):
        value = [value]
    try:
        check_values(value)
    except ValueError:
        assert not fits(value)
    else:
        assert fits(value)
