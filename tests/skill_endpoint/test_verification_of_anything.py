"""Whatever arrives, signed or not, is taken or refused for a reason: it never crashes."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.simulator.pki import Signer
from skill_endpoint.verification import Reason, RequestRejected, verify
from tests.alexa import (
    OTHER_SIGNATURE,
    REQUEST_ID,
    SKILL,
    SYSTEM,
    TYPE,
    USER,
    change,
    reason_of,
    signed,
)

REASONS = {reason for literal in get_args(Reason) for reason in get_args(literal)}
NAMES = st.sampled_from(["Content-Type", "Signature-256", "SignatureCertChainUrl", "Signature"])
ANY_TEXT = st.text(max_size=80)
HEADERS = st.dictionaries(
    NAMES,
    ANY_TEXT
    | st.sampled_from(
        [
            "application/json",
            OTHER_SIGNATURE,
            "https://s3.amazonaws.com/echo.api/chain.pem",
            "https://s3.amazonaws.com/echo.api/absent.pem",
        ]
    ),
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)
within_a_test = hypothesis_settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@within_a_test
@given(headers=HEADERS, body=st.binary(max_size=200))
def test_whatever_arrives_ends_in_a_reason(
    pki: Signer, headers: dict[str, str], body: bytes
) -> None:
    assert reason_of(headers, body) in REASONS


@within_a_test
@given(body=st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_signed_ends_in_a_reason(pki: Signer, body: bytes) -> None:
    assert reason_of(signed(pki, body), body) in REASONS


@within_a_test
@given(
    path=st.sampled_from(
        [
            TYPE,
            REQUEST_ID,
            SYSTEM,
            SKILL,
            USER,
            ("request", "timestamp"),
            ("session",),
            ("context",),
        ]
    ),
    value=ANY_JSON,
)
def test_whatever_stands_in_a_place_that_counts_is_taken_or_refused_for_a_reason(
    pki: Signer, device: Device, path: tuple[str, ...], value: Any
) -> None:
    envelope = envelopes.launch(device)
    change(envelope, path, value)
    body = json.dumps(envelope).encode()
    try:
        verified = verify(signed(pki, body), body)
    except RequestRejected:
        return
    json.dumps(verified, ensure_ascii=False, allow_nan=False).encode()
