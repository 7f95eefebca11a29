"""A turn that fails is found by its one line: whose it was, what was asked, in what language."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from accounts.models import User
from accounts.person_digest import person_digest
from skill_endpoint import skill, told_turn
from skill_endpoint.handlers import facts
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.conftest import written_by
from tests.skill_endpoint.voice import stock_library

pytestmark = pytest.mark.django_db
type Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def errors() -> Iterator[Lines]:
    """The lines of level `error` so far, as they are written."""
    found: list[str] = []

    class Writing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Writing(logging.ERROR)
    handler.setFormatter(written_by(console=False))
    logging.root.addHandler(handler)
    yield lambda: [json.loads(line) for line in found]
    logging.root.removeHandler(handler)
    structlog.contextvars.clear_contextvars()


def broken(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("broken")


def take(device: Device) -> None:
    envelope = envelopes.intent(device, "DailyFactIntent", {}, request_id="r-4711")
    told_turn.told(envelope, time.perf_counter())


def test_the_line_of_an_apology_says_whose_turn_it_was_and_what_was_asked(
    linked_device: Device, linked: User, errors: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock_library()
    monkeypatch.setattr(facts, "language", broken)
    take(linked_device)
    (line,) = errors()
    assert line["event"] == "skill_failed"
    assert line["alexa_request_id"] == "r-4711"
    assert (line["intent"], line["locale"]) == ("DailyFactIntent", "en-US")
    assert line["person"] == person_digest(linked.sub)
    assert linked.sub not in json.dumps(line)


def test_so_does_the_line_of_what_fails_outside_of_handlers(
    linked_device: Device, linked: User, errors: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock_library()
    answered = skill._service.verify_request_and_dispatch

    def answer(*args: Any) -> None:
        answered(*args)
        raise RuntimeError("broken")

    monkeypatch.setattr(skill._service, "verify_request_and_dispatch", answer)
    take(linked_device)
    (line,) = errors()
    assert line["event"] == "skill_failed_outside_its_handlers"
    assert (line["intent"], line["person"]) == ("DailyFactIntent", person_digest(linked.sub))


def test_where_nobody_knows_whose_turn_it_was_the_line_says_nobody(
    device: Device, errors: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock_library()
    monkeypatch.setattr(facts, "language", broken)
    take(device)
    (line,) = errors()
    assert "person" not in line
