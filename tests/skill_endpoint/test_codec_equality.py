"""The codec and the SDK's own serializer make the same of everything that an envelope can hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ask_sdk_core.exceptions import SerializationException
from ask_sdk_model.request import Request
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skill_endpoint.codec import CompiledSerializer, DecodeError
from tests.skill_endpoint.sdk_models import (
    STOCK,
    Filler,
    Json,
    difference,
    documents,
    enums,
    kinds,
    load,
    models,
    name_of,
    reachable,
)

CODEC = CompiledSerializer()
# documents of all that the SDK has are large, and some of its classes have no members to draw
ANY = settings(deadline=None, suppress_health_check=list(HealthCheck))


def check(document: Json, cls: type) -> None:
    """Both directions, from text and from what json made of it; or both refuse."""
    text = json.dumps(document)
    try:
        theirs = STOCK.deserialize(text, cls)
    except SerializationException:
        with pytest.raises(DecodeError):
            CODEC.deserialize(document, cls)
        return
    for payload in (document, text, text.encode()):
        ours = CODEC.deserialize(payload, cls)
        assert not difference(theirs, ours)
        assert ours == theirs
    assert json.dumps(document) == text  # reading changed nothing

    written = CODEC.serialize(ours)
    assert not difference(STOCK.serialize(theirs), written)
    assert json.loads(CODEC.to_json(ours)) == json.loads(json.dumps(written))
    again = STOCK.deserialize(json.dumps(written), cls)
    assert not difference(again, CODEC.deserialize(written, cls))


def whole_documents(filler: Filler) -> Iterator[tuple[type, Json]]:
    """A request of each type and some answers; each model alone, until each word had its turn."""
    filler.depth = 5
    for name in kinds(Request).values():
        request = filler.document(load(name), 1)
        yield RequestEnvelope, filler.document(RequestEnvelope) | {"request": request}
    for cls in [ResponseEnvelope] * 5 + models():
        yield cls, filler.document(cls)
    filler.depth = 1
    for cls in models() * 10:
        yield cls, filler.document(cls)


def test_whole_documents_with_every_class_and_every_word() -> None:
    filler = Filler()
    for cls, document in whole_documents(filler):
        check(document, cls)
        model = CODEC.deserialize(document, cls)
        assert CODEC.deserialize(CODEC.serialize(model), cls) == model

    assert reachable() - filler.classes == set()
    assert {name_of(word) for cls in enums() for word in cls} - filler.words == set()


def test_there_is_as_much_to_read_as_we_think() -> None:
    """A walk that lost its way would find little, and everything above would hold."""
    assert len(kinds(Request)) >= 59
    assert len(models()) >= 330
    assert sum(len(cls) for cls in enums()) >= 190


@pytest.mark.parametrize("cls", models(), ids=lambda cls: cls.__qualname__)
def test_each_model_with_anything_left_out_or_null_or_added(cls: Any) -> None:
    @settings(ANY, max_examples=4)
    @given(documents(cls))
    def holds(document: Json) -> None:
        check(document, cls)

    holds()


@settings(ANY, max_examples=60)
@given(st.data())
def test_any_envelope(data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from([RequestEnvelope, ResponseEnvelope]))
    check(data.draw(documents(cls, depth=6)), cls)


def test_each_word_of_each_enum() -> None:
    for cls in enums():
        for word in cls:
            assert CODEC.deserialize(json.dumps(word.value), cls) is word
            assert CODEC.serialize(word) == word.value


SLOT: Json = {"name": "topic", "value": "space"}


@pytest.mark.parametrize(
    ("declared", "document"),
    [
        ("ask_sdk_model.slot.Slot", SLOT),
        ("list[ask_sdk_model.slot.Slot]", [SLOT, None]),
        ("dict(str, ask_sdk_model.slot.Slot)", {"a": SLOT, "b": None}),
        ("dict(str, list[ask_sdk_model.slot.Slot])", {"a": [SLOT], "b": []}),
        ("dict(str, object)", {"a": SLOT}),
        ("list[int]", ["5", 5.5, None]),
        ("list[date]", ["2026-11-21", "2026-11-21T23:41:07Z"]),
    ],
)
def test_types_as_models_declare_them(declared: str, document: Json) -> None:
    theirs = STOCK.deserialize(json.dumps(document), declared)

    assert not difference(theirs, CODEC.deserialize(document, declared))
