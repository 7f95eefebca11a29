"""Where the codec goes its own way: what Amazon adds, what is no envelope, how it is called."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from ask_sdk_core.exceptions import SerializationException
from ask_sdk_model.dialog_state import DialogState
from ask_sdk_model.intent_request import IntentRequest
from ask_sdk_model.interfaces.viewport.apl_viewport_state import APLViewportState
from ask_sdk_model.request import Request
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response import Response
from ask_sdk_model.slot import Slot
from ask_sdk_model.ui.simple_card import SimpleCard
from django.utils.safestring import mark_safe

from skill_endpoint import codec_reading
from skill_endpoint.codec import CompiledSerializer, DecodeError
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.skill_endpoint.sdk_models import STOCK, difference

CODEC = CompiledSerializer()


@pytest.fixture
def envelope(device: Device) -> Envelope:
    envelope = envelopes.intent(device, "TopicFactIntent", {"topic": "space"})
    envelope["context"]["Viewports"] = [{"type": "APL", "id": "main"}]
    return envelope


def read(envelope: Envelope) -> Any:
    return CODEC.deserialize(envelope, RequestEnvelope)


# --- what Amazon adds --------------------------------------------------------------------------


def test_a_new_word_of_an_enum_stays_text(envelope: Envelope) -> None:
    assert read(envelope).request.dialog_state is DialogState.STARTED
    envelope["request"]["dialogState"] = "PAUSED"

    model = read(envelope)

    assert model.request.dialog_state == "PAUSED"
    assert model.request.intent.name == "TopicFactIntent"
    assert CODEC.serialize(model)["request"]["dialogState"] == "PAUSED"
    assert "PAUSED" in repr(model)


@pytest.mark.parametrize("kind", ["HOLOGRAM", None, 5, ["APL"], {}])
def test_an_object_of_a_new_kind_stays_as_it_came(envelope: Envelope, kind: object) -> None:
    viewport = {"type": kind, "depth": 3}
    envelope["context"]["Viewports"].append(viewport)

    model = read(envelope)

    assert isinstance(model.context.viewports[0], APLViewportState)
    assert model.context.viewports[1] == viewport
    assert CODEC.serialize(model)["context"]["Viewports"][1] == viewport


def test_a_new_member_is_an_attribute(envelope: Envelope) -> None:
    envelope["request"]["mood"] = {"happy": True}

    assert read(envelope).request.mood == {"happy": True}


@pytest.mark.parametrize(
    "name", ["to_dict", "request_id", "__class__", "__dict__", "deserialized_types"]
)
def test_a_new_member_takes_no_place_of_ours(envelope: Envelope, name: str) -> None:
    envelope["request"][name] = "theirs"

    request = read(envelope).request

    assert type(request) is IntentRequest
    assert request.request_id == envelope["request"]["requestId"]
    assert request.to_dict()["locale"] == "en-US"
    assert request.deserialized_types is IntentRequest.deserialized_types


@pytest.mark.parametrize("kind", ["Alexa.New.Request", "", None, 5, ["IntentRequest"], {}])
def test_a_request_of_a_new_type_is_an_error(envelope: Envelope, kind: object) -> None:
    envelope["request"]["type"] = kind

    with pytest.raises(DecodeError):
        read(envelope)


def test_a_request_without_type_is_an_error(envelope: Envelope) -> None:
    del envelope["request"]["type"]

    with pytest.raises(DecodeError):
        read(envelope)


# --- what does not fit -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        b"\xff",
        b'{"version": "\xc3"}',
        "\ufeff{}",
        '{"version": "1.0"} {}',
        '{"version": NaN}',
        '{"version": -Infinity}',
        "[" * 100_000,
        '{"context":' * 100_000,
        "[]",
        '"text"',
        "1" * 5000,
        {"session": []},
        {"session": "new"},
        {"context": {"Viewports": "APL"}},
        {"context": {"Viewports": {}}},
        {"context": {"Viewports": [[]]}},
        {"context": {"Viewports": ["APL"]}},
        {"context": {"Extensions": {"available": []}}},
        {"context": {"Viewport": {"dpi": "many"}}},
        {"context": {"AudioPlayer": {"offsetInMilliseconds": float("inf")}}},
        {"context": {"Viewport": {"shape": 5}}},
        {"context": {"Viewport": {"shape": ["ROUND"]}}},
        {"request": "IntentRequest"},
    ],
    ids=lambda payload: str(payload)[:40],
)
def test_it_refuses(payload: Any) -> None:
    with pytest.raises(DecodeError):
        CODEC.deserialize(payload, RequestEnvelope)


def test_a_value_that_is_nested_without_end(envelope: Envelope) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    envelope["request"]["locale"] = deep  # becomes text

    with pytest.raises(DecodeError):
        read(envelope)


def test_an_error_quotes_nothing_that_was_read(envelope: Envelope) -> None:
    envelope["context"]["Viewport"] = {"dpi": "a secret"}

    with pytest.raises(DecodeError) as caught:
        read(envelope)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None  # a traceback shows no other error
    assert caught.value.__suppress_context__
    assert isinstance(caught.value, SerializationException)


@pytest.mark.parametrize(
    "obj_type", ["", "Slot", "ask_sdk_model.nothing.Here", "json.nothing", "list[]", dict, 5, []]
)
def test_a_type_that_is_no_model(obj_type: Any) -> None:
    with pytest.raises(DecodeError):
        CODEC.deserialize({}, obj_type)

    assert CODEC.deserialize({"name": "a"}, Slot) == Slot(name="a")


@pytest.mark.parametrize("payload", [None, "null", b" null "])
def test_null_is_none(payload: Any) -> None:
    assert CODEC.deserialize(payload, RequestEnvelope) is None


def test_what_was_parsed_before_is_not_changed(envelope: Envelope) -> None:
    envelope["session"]["attributes"] = {"heard": [1, 2]}
    before = copy.deepcopy(envelope)

    model = read(envelope)
    model.session.attributes["topic"] = "space"
    model.context.viewports.clear()

    assert envelope == before


# --- times -------------------------------------------------------------------------------------

NEW_YORK, DELHI = timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T14:03:05Z", datetime(2026, 11, 22, 14, 3, 5, tzinfo=UTC)),
        ("2026-11-22T14:03:05+00:00", datetime(2026, 11, 22, 14, 3, 5, tzinfo=UTC)),
        ("2026-11-22T14:03:05.25Z", datetime(2026, 11, 22, 14, 3, 5, 250_000, tzinfo=UTC)),
        ("2026-11-22T14:03:05.123456789Z", datetime(2026, 11, 22, 14, 3, 5, 123_456, tzinfo=UTC)),
        ("2026-11-22T14:03:05-05:00", datetime(2026, 11, 22, 14, 3, 5, tzinfo=NEW_YORK)),
        ("2026-11-22T14:03:05.5+05:30", datetime(2026, 11, 22, 14, 3, 5, 500_000, tzinfo=DELHI)),
    ],
)
def test_times_with_and_without_fraction_and_offset(
    envelope: Envelope, text: str, moment: datetime
) -> None:
    envelope["request"]["timestamp"] = text

    ours, theirs = read(envelope), STOCK.deserialize(json.dumps(envelope), RequestEnvelope)

    assert ours.request.timestamp == moment
    assert ours.request.timestamp.utcoffset() == moment.utcoffset()
    assert not difference(theirs, ours)


@pytest.mark.parametrize("text", ["10", "yesterday", "Sat 21 Nov 2026", "", 1795300000000, []])
def test_what_is_no_time(envelope: Envelope, text: object) -> None:
    envelope["request"]["timestamp"] = text

    with pytest.raises(DecodeError):
        read(envelope)


# --- writing -----------------------------------------------------------------------------------


def test_values_that_are_no_models() -> None:
    class Numbers(list[int]):
        pass

    value = {
        "whole": Decimal(5),
        "half": Decimal("0.5"),
        "day": date(2026, 11, 22),
        "moment": datetime(2026, 11, 22, 14, 3, tzinfo=UTC),
        "word": DialogState.STARTED,
        "two": (1, SimpleCard(title="t")),
        "some": Numbers([1]),
        "safe": mark_safe("<speak/>"),  # Django's own kind of text
        "none": None,
        "card": [SimpleCard(title="t")],
    }

    assert not difference(STOCK.serialize(value), CODEC.serialize(value))
    assert json.loads(CODEC.to_json(value)) == json.loads(json.dumps(STOCK.serialize(value)))


def test_text_is_compact_and_not_escaped() -> None:
    card = SimpleCard(title="Größe 数", content="a / b")

    assert CODEC.to_json(card) == '{"type":"Simple","title":"Größe 数","content":"a / b"}'


def test_what_cannot_be_written() -> None:
    circle: dict[str, Any] = {}
    circle["circle"] = circle
    unfit = Response()
    vars(unfit)["card"] = object()

    for value in (object(), {1, 2}, unfit, [unfit], circle):
        with pytest.raises((TypeError, RecursionError)):
            CODEC.serialize(value)
        with pytest.raises((TypeError, RecursionError)):
            CODEC.to_json(value)
    for value in (float("nan"), b"bytes", {(1, 2): 3}):
        with pytest.raises((TypeError, ValueError)):
            CODEC.to_json(value)


# --- plans -------------------------------------------------------------------------------------


def test_many_threads_that_all_read_first(
    envelope: Envelope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads the whole, although every plan is missing and others are making them."""
    expected = read(envelope)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            monkeypatch.setattr(codec_reading, "_plans", codec_reading._Plans())
            assert _read_in_threads(envelope, 8) == [expected, expected.request] * 4
    finally:
        sys.setswitchinterval(switch)


def _read_in_threads(envelope: Envelope, count: int) -> list[Any]:
    """By half of them the envelope, by the others its request: a part of the same plan."""
    start = threading.Barrier(count)

    def once(number: int) -> Any:
        start.wait()
        if number % 2:
            return CODEC.deserialize(envelope["request"], Request)
        return read(envelope)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(once, range(count)))


AHEAD = """
import sys
from skill_endpoint.codec import CompiledSerializer, compile_ahead
from ask_sdk_model.request import Request
compile_ahead()
before = set(sys.modules)
for kind in Request.discriminator_value_class_map:
    model = CompiledSerializer().deserialize({"type": kind}, Request)
    CompiledSerializer().serialize(model)
print(len(set(sys.modules) - before), sum(name.startswith("ask_sdk_model.") for name in before))
"""


def test_after_compiling_ahead_no_request_imports_anything() -> None:
    """In a process of its own: here the other tests have imported it all."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::SyntaxWarning", "-c", AHEAD],
        capture_output=True,
        text=True,
        check=True,
    )

    late, ahead = map(int, done.stdout.split())
    assert late == 0
    assert ahead > 400
