"""Alexa's JSON into the SDK's models and back, by a plan that is made once for each class.

CompiledSerializer takes the place of ask_sdk_core's DefaultSerializer. Both make the same objects
and the same JSON, except where a request holds what the models do not foresee:

* a word that an enum does not have stays text, and an object of a kind that is not known (a new
  viewport, a new value of a slot) stays a dict: one thing that Amazon added does not cost the turn.
  A request of an unknown type is an error, there is no handler for it;
* an unknown member becomes an attribute, but never in place of a method or of a member;
* a time is ISO 8601, not words; NaN and infinity are no JSON; an object, a list and a word of an
  enum are nothing else.

What does not fit raises DecodeError and nothing else. Its text quotes nothing of what was read,
which may hold somebody's token. Writing raises what json does: that is a mistake of ours.
"""

from __future__ import annotations

import functools
import json
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NoReturn

from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope
from ask_sdk_model.services.serializer import Serializer

from skill_endpoint.codec_reading import DecodeError, reader

__all__ = ["CompiledSerializer", "DecodeError", "compile_ahead"]

# What int(), str(), datetime and json say of a value that does not fit, and a plan of no model
_MISFITS = (
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    ImportError,
    RecursionError,
)


class CompiledSerializer(Serializer):
    """The SDK's interface. It keeps nothing: one may serve all threads."""

    def deserialize(self, payload: object, obj_type: Any) -> Any:
        """`payload` as a model class or a type such as "list[a.b.C]"; None for null.

        It is JSON, as text or as UTF-8, or what json made of it: that is not changed, but members
        of no declared shape are handed on as they are, not copied. Raises DecodeError.
        """
        try:
            if isinstance(payload, bytes):
                payload = payload.decode()
            if isinstance(payload, str):
                payload = _DECODER.decode(payload)
            return None if payload is None else reader(obj_type)(payload)
        except _MISFITS as error:
            raise DecodeError(f"cannot be read: {type(error).__name__}") from None

    def serialize(self, obj: object) -> Any:
        """`obj` as json takes it: models become dicts, without members that are None.

        Raises TypeError for what is neither a model nor of JSON.
        """
        return _plain(obj)

    def to_json(self, obj: object) -> str:
        """`obj` as text: json.dumps of serialize(obj) in two thirds of the time.

        json walks through it and asks only about models, so that documents of screens, which are
        plain dicts, are walked through once and not by us. Raises TypeError, and ValueError for a
        number that JSON does not have.
        """
        return _ENCODER.encode(obj)


def compile_ahead() -> None:
    """Import and plan all that an envelope can hold, so that nobody's turn has to wait for it."""
    for envelope in (RequestEnvelope, ResponseEnvelope):
        reader(envelope)


def _refuse(constant: str) -> NoReturn:
    raise DecodeError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)

# --- writing -----------------------------------------------------------------------------------

_AS_IT_IS = frozenset({str, int, float, bool, bytes, type(None)})


def _plain(value: Any) -> Any:
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, dict):
        return {
            key: item if type(item) in _AS_IT_IS else _plain(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [item if type(item) in _AS_IT_IS else _plain(item) for item in value]
    cls: Any = type(value)
    members = _members(cls)
    if members is not None:
        attributes = vars(value)
        return {
            key: item if type(item) in _AS_IT_IS else _plain(item)
            for name, key in members
            if (item := attributes[name]) is not None
        }
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, (str, int, float, bytes)):
        return value
    return _scalar(value)


def _apart(value: Any) -> Any:
    """What json asks for: a model as its members, written by json in their turn."""
    cls: Any = type(value)
    members = _members(cls)
    if members is None:
        return _scalar(value)
    attributes = vars(value)
    return {key: item for name, key in members if (item := attributes[name]) is not None}


@functools.cache
def _members(cls: Any) -> list[tuple[str, str]] | None:
    """Attributes of a model class with their names in JSON; None for another class."""
    if not hasattr(cls, "deserialized_types"):
        return None
    keys = getattr(cls, "attribute_map", {})
    return [(name, keys.get(name, name)) for name in cls.deserialized_types]


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value % 1 == 0 else float(value)
    raise TypeError(f"{type(value).__name__} is not a model")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,  # a circle ends in a RecursionError
    allow_nan=False,
    separators=(",", ":"),
    default=_apart,
)
