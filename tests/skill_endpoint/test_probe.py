"""The doctor's own question at the voice door is refused like any other, and counts as nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.signing import TimestampSigner
from django.test import Client

from skill_endpoint import probe
from tests.alexa import rejected

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ask(client: Client, mark: str) -> int:
    """The number of refusals that it counted as."""
    before = rejected("headers")
    headers = {probe.HEADER: mark}
    response = client.post("/alexa/", b"{}", content_type="application/json", headers=headers)
    assert (response.status_code, response.content) == (400, b"")
    return int(rejected("headers") - before)


def test_the_doctors_question_is_no_refusal(client: Client) -> None:
    assert ask(client, probe.mark()) == 0


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "voice-door",
        "voice-door:1vM:forged",
        "x" * 10_000,
        TimestampSigner(key="another's").sign("voice-door"),
        TimestampSigner().sign("voice-door"),  # of another use of the same key
    ],
    ids=["none", "without a signature", "forged", "long", "of another key", "of another use"],
)
def test_nobody_else_keeps_a_refusal_out_of_the_count(client: Client, mark: str) -> None:
    assert ask(client, mark) == 1


def test_an_old_mark_is_none(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        mark = probe.mark()
    with time_machine.travel(NOW + timedelta(seconds=61), tick=False):
        assert ask(client, mark) == 1
