"""How much of a body the voice door reads, and how often it listens."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pytest_django import Settings

from skill_endpoint import verification, views
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.alexa import Post, encoded, is_refused, rejected

pytestmark = pytest.mark.django_db


class Input(io.BytesIO):
    """A server's stream that knows how much was taken."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


class Broken(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the client went away")


def test_a_body_that_says_it_is_too_long_is_not_read(post: Post, launch: Envelope) -> None:
    stream = Input(b"x" * 100_000)
    changes = {"wsgi.input": stream, "CONTENT_LENGTH": str(verification.MAX_BODY_BYTES + 1)}
    assert is_refused(post(launch, **changes))
    assert stream.taken == 0


@pytest.mark.parametrize(
    "length", ["", "abc", "-1", "+5", "1e3", " 5", "٣", "0x10", "9" * 5000, "1_000"]
)
def test_a_length_that_is_none_is_refused(post: Post, launch: Envelope, length: str) -> None:
    stream = Input(encoded(launch))
    assert is_refused(post(launch, **{"CONTENT_LENGTH": length, "wsgi.input": stream}))
    assert stream.taken == 0


def test_a_chunked_body_is_read_where_the_server_ends_it(post: Post, launch: Envelope) -> None:
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert post(launch, **chunked, **{"wsgi.input": Input(encoded(launch))}).status_code == 200
    endless = Input(b"x" * 1_000_000)
    before = rejected("too_large")
    assert is_refused(post(launch, **chunked, **{"wsgi.input": endless}))
    assert endless.taken == verification.MAX_BODY_BYTES + 1
    assert rejected("too_large") == before + 1


@pytest.mark.parametrize("framing", [{}, {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}])
def test_a_body_that_breaks_off_is_refused(
    post: Post, launch: Envelope, framing: dict[str, Any]
) -> None:
    before = rejected("unreadable")
    assert is_refused(post(launch, **framing, **{"wsgi.input": Broken()}))
    assert rejected("unreadable") == before + 1


def test_a_smaller_limit_of_the_site_is_a_refusal_as_well(
    post: Post, launch: Envelope, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    before = rejected("too_large")
    assert is_refused(post(launch))
    assert rejected("too_large") == before + 1


def test_a_flood_from_one_address_is_stopped_before_anything_is_verified(
    post: Post, device: Device, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(views, "CLIENT_RATE", 2)
    before = rejected("rate_limit")
    assert [post(b"junk", sent=b"more junk").status_code for _ in range(3)] == [400, 400, 429]
    assert is_refused(post(envelopes.launch(device)), 429)
    assert post(envelopes.launch(device), REMOTE_ADDR="192.0.2.7").status_code == 200
    assert rejected("rate_limit") == before + 2


def test_a_flood_of_one_alexa_account_stops_nobody_else(
    post: Post, device: Device, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(views, "USER_RATE", 2)
    neighbour = Device(application_id=device.application_id, user_id="amzn1.ask.account.NEXT")
    assert [post(envelopes.launch(device)).status_code for _ in range(2)] == [200, 200]
    assert is_refused(post(envelopes.launch(device)), 429)
    assert post(envelopes.launch(neighbour)).status_code == 200
    # events are Amazon's: refused ones would be lost
    assert post(envelopes.skill_event(device, "SkillDisabled")).status_code == 200
