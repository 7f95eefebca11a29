from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Signer
from skill_endpoint.verification import verify
from tests.alexa import NOT_TEXT, change, encoded, reason_of, signed

NOW = datetime.now(UTC).replace(microsecond=0)
EVENTS = ["Enabled", "Disabled", "PermissionChanged", "PermissionAccepted", "AccountLinked"]


@pytest.mark.parametrize(
    ("age", "ok"), [(0, True), (150, True), (151, False), (-150, True), (-151, False)]
)
def test_a_request_counts_for_150_seconds_both_ways(
    pki: Signer, device: Device, age: int, ok: bool
) -> None:
    body = encoded(envelopes.launch(device, timestamp=NOW - timedelta(seconds=age)))
    if ok:
        assert verify(signed(pki, body), body, now=NOW)
    else:
        assert reason_of(signed(pki, body), body, NOW) == "timestamp"


@pytest.mark.parametrize(
    ("event", "age", "ok"),
    [
        *[(f"Skill{name}", 3600, True) for name in EVENTS],
        *[(f"Skill{name}", 3601, False) for name in EVENTS],
        *[(f"Skill{name}", -150, True) for name in EVENTS],
        *[(f"Skill{name}", -151, False) for name in EVENTS],
        ("ProactiveSubscriptionChanged", 150, True),
        ("ProactiveSubscriptionChanged", 151, False),
    ],
)
def test_the_five_events_count_for_an_hour(
    pki: Signer, device: Device, event: str, age: int, ok: bool
) -> None:
    delivered = envelopes.skill_event(device, event, timestamp=NOW - timedelta(seconds=age))
    body = encoded(delivered)
    if ok:
        assert verify(signed(pki, body), body, now=NOW)
    else:
        assert reason_of(signed(pki, body), body, NOW) == "timestamp"


@pytest.mark.parametrize(
    "write",
    [
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.123Z"),
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"),
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        lambda moment: (moment + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%S+09:00"),
        lambda moment: int(moment.timestamp() * 1000),
    ],
)
def test_it_reads_every_form_of_a_moment_and_hands_on_iso_8601(
    pki: Signer, envelope: Envelope, write: Callable[[datetime], object]
) -> None:
    envelope["request"]["timestamp"] = write(NOW)
    body = encoded(envelope)
    verified = verify(signed(pki, body), body, now=NOW)
    moment = datetime.fromisoformat(verified["request"]["timestamp"])
    assert abs(moment - NOW) < timedelta(seconds=2)


@pytest.mark.parametrize(
    "write",
    [
        "{:%Y-%m-%dT%H:%M:%S}",  # no offset: whose time?
        "{:%Y-%m-%d %H:%M:%S}Z",
        "{:%Y%m%dT%H%M%S}Z",
        "{:%Y-%m-%d}",
        "{:%Y-%m-%dT%H:%M:%S}Z\n",
        "{:%Y-%m-%dT%H:%M:%S}z",
        "{:%Y-%m-%dT%H:%M:%S}.1234567890Z",
        "٢٠{:%y-%m-%dT%H:%M:%S}Z",
        "{:%Y}-13-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        lambda moment: int(moment.timestamp()),  # seconds
        lambda moment: moment.timestamp() * 1000,  # not whole
        lambda moment: str(int(moment.timestamp() * 1000)),
        lambda moment: 10**18,
        lambda moment: 10**400,
        lambda moment: -(10**400),
    ],
)
def test_it_refuses_a_moment_in_another_form(
    pki: Signer, envelope: Envelope, write: str | Callable[[datetime], object]
) -> None:
    value = write.format(NOW) if isinstance(write, str) else write(NOW)
    envelope["request"]["timestamp"] = value
    body = encoded(envelope)
    assert reason_of(signed(pki, body), body, NOW) == "timestamp"


@pytest.mark.parametrize("value", NOT_TEXT)
def test_it_refuses_a_request_without_a_moment(pki: Signer, envelope: Envelope, value: Any) -> None:
    change(envelope, ("request", "timestamp"), value)
    body = encoded(envelope)
    assert reason_of(signed(pki, body), body) == "timestamp"
