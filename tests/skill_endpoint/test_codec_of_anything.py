"""Any JSON in any place of an envelope: models, or the codec's own error and no other."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ask_sdk_core.exceptions import SerializationException
from ask_sdk_model.request import Request
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope
from hypothesis import given, settings
from hypothesis import strategies as st

from skill_endpoint.codec import CompiledSerializer, DecodeError
from tests.skill_endpoint.sdk_models import STOCK, Filler, Json, difference, kinds, load

CODEC = CompiledSerializer()
Place = tuple[Any, Any]  # a dict or a list, and a key or an index in it

_TEXT = st.text(max_size=12) | st.sampled_from(["type", "APL", "to_dict", "__class__", "1e400"])
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_TEXT, below, max_size=4),
    max_leaves=12,
)


def whole() -> list[tuple[type, Json]]:
    filler = Filler()
    envelopes: list[tuple[type, Json]] = [
        (ResponseEnvelope, filler.document(ResponseEnvelope)) for _ in range(20)
    ]
    filler.depth = 3
    for name in kinds(Request).values():
        request = filler.document(load(name), 1)
        envelopes.append((RequestEnvelope, filler.document(RequestEnvelope) | {"request": request}))
    return envelopes


WHOLE = whole()


def places(document: Json) -> Iterator[Place]:
    keys = document if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield document, key
        if isinstance(document[key], (dict, list)):
            yield from places(document[key])


def survives(payload: Json, cls: type) -> None:
    """What was read can be written as well."""
    try:
        model = CODEC.deserialize(payload, cls)
    except DecodeError:
        return
    assert isinstance(CODEC.serialize(model), dict)
    with suppress(ValueError):  # "1e400", read as a float, is no number of JSON
        CODEC.to_json(model)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_anything_in_any_place_of_an_envelope(
    whole: tuple[type, Json], data: st.DataObject
) -> None:
    cls, document = whole[0], copy.deepcopy(whole[1])
    for _ in range(data.draw(st.integers(1, 3))):
        parent, key = data.draw(st.sampled_from(list(places(document))))
        parent[key] = data.draw(ANYTHING)

    survives(document, cls)
    survives(json.dumps(document), cls)


@settings(max_examples=200, deadline=None)
@given(st.one_of(ANYTHING, st.text(), st.binary()), st.sampled_from([RequestEnvelope, Request]))
def test_anything_at_all(payload: Json, cls: type) -> None:
    with suppress(DecodeError):
        CODEC.deserialize(payload, cls)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_what_both_read_both_read_alike(whole: tuple[type, Json], data: st.DataObject) -> None:
    """Whatever stands in place of a single value: a number for text, null, a dict for a list."""
    cls, document = whole[0], copy.deepcopy(whole[1])
    parent, key = data.draw(st.sampled_from(list(places(document))))
    parent[key] = data.draw(st.none() | st.booleans() | st.integers() | st.just("1.5"))
    try:
        theirs = STOCK.deserialize(json.dumps(document), cls)
        ours = CODEC.deserialize(document, cls)
    except (SerializationException, AttributeError, TypeError):
        return  # of the SDK's serializer the latter two come through, of ours neither does: above

    assert not difference(theirs, ours)
