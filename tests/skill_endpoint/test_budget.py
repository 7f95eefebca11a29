"""What a linked person's turn costs, from the signed request to the answer."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.alexa import Post
from tests.skill_endpoint.voice import stock_library

pytestmark = pytest.mark.django_db
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def cost(post: Post, envelope: Envelope) -> int:
    """Statements without transaction control, the replay store included."""
    with CaptureQueriesContext(connection) as captured:
        assert post(envelope).status_code == 200
    return len([query for query in captured if not query["sql"].startswith(CONTROL)])


@pytest.fixture
def known(post: Post, linked_device: Device, monkeypatch: pytest.MonkeyPatch) -> Device:
    """Somebody with a history, in a process that has the pool's keys and Alexa's chain."""
    stock_library()
    for intent in ("DailyFactIntent", "SaveFactIntent"):
        assert post(envelopes.intent(linked_device, intent)).status_code == 200

    def send(self: requests.Session, request: Any, **kwargs: Any) -> None:
        raise AssertionError(f"a turn called {request.url}")

    monkeypatch.setattr(requests.Session, "send", send)
    return linked_device


@pytest.mark.parametrize(
    "intent", ["WhoAmIIntent", "ListSavedIntent", "TellMeMoreIntent", "AMAZON.HelpIntent"]
)
def test_a_reading_turn_takes_four_statements_and_calls_nobody(
    post: Post, known: Device, intent: str
) -> None:
    assert cost(post, envelopes.intent(known, intent, new=True)) <= 4


def test_a_launch_takes_four_statements_and_calls_nobody(post: Post, known: Device) -> None:
    assert cost(post, envelopes.launch(known)) <= 4


@pytest.mark.parametrize("intent", ["DailyFactIntent", "AnotherFactIntent", "SaveFactIntent"])
def test_a_writing_turn_takes_six_statements_and_calls_nobody(
    post: Post, known: Device, intent: str
) -> None:
    assert cost(post, envelopes.intent(known, intent, new=True)) <= 6
