"""How codec reads: JSON to the SDK's models, by a plan that is made once for each class.

`reader` gives the function that reads what a member of a model is declared to be. Besides
DecodeError such a function raises what int(), str() and datetime raise for a value that does not
fit; codec makes one error of them.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from ask_sdk_core.exceptions import SerializationException
from ask_sdk_model.request import Request

Reader = Callable[[Any], Any]  # a value of JSON, not null, to what the model holds
Field = tuple[str, type | None, Reader]  # attribute, the type that needs no reading, reader


class DecodeError(SerializationException):
    """This is not JSON, or not of the shape of its model."""


def reader(declared: type | str) -> Reader:
    """Of a model class, or of a type as models declare it: "list[a.b.C]", "datetime".

    Finished plans only: models refer to each other, and one half made reads half.
    """
    global _plans
    read = _plans.readers.get(declared)
    if read is None:
        with _planning:
            plans = _Plans(_plans)
            read = plans.reader(declared)
            _plans = plans
    return read


class _Plans:
    """A reader for each type that a model can name, with those of all types below it."""

    def __init__(self, known: _Plans | None = None) -> None:
        # by what a member declares, and by the class that is made
        self.readers: dict[type | str, Reader] = dict(known.readers) if known else {}
        self.builders: dict[type, Reader] = dict(known.builders) if known else {}

    def reader(self, declared: type | str) -> Reader:
        if declared not in self.readers:
            self.readers[declared] = self._new_reader(declared)
        return self.readers[declared]

    def _new_reader(self, declared: type | str) -> Reader:
        if not isinstance(declared, str):
            return self._class_reader(declared)
        if declared.startswith("list["):
            return _list(self.reader(declared[5:-1].strip()))
        if declared.startswith("dict("):
            return _dict(self.reader(declared[5:-1].partition(",")[2].strip()))
        return _SIMPLE.get(declared) or self.reader(_load(declared))

    def _class_reader(self, cls: Any) -> Reader:
        if issubclass(cls, Enum):
            return _enum(cls)
        if hasattr(cls, "discriminator_value_class_map"):
            return self._by_discriminator(cls)
        return self._builder(cls)

    def _by_discriminator(self, cls: Any) -> Reader:
        """Of a class whose JSON names the subclass to be made in one of its members."""
        builders: dict[object, Reader] = {}
        read = self.readers[cls] = _discriminated(cls, builders)  # before those that name it
        for kind, name in cls.discriminator_value_class_map.items():
            builders[kind] = self._builder(_load(name))
        return read

    def _builder(self, cls: Any) -> Reader:
        if cls not in self.builders:
            fields: dict[str, Field] = {}
            self.builders[cls] = _model(cls, fields)  # before those that name it
            keys = cls.attribute_map
            for attribute, declared in cls.deserialized_types.items():
                field = (attribute, _AS_THEY_ARE.get(declared), self.reader(declared))
                fields[keys.get(attribute, attribute)] = field
        return self.builders[cls]


def _load(name: str) -> type:
    module, _, attribute = name.rpartition(".")
    cls: type = getattr(importlib.import_module(module), attribute)
    return cls


def _model(cls: Any, fields: dict[str, Field]) -> Reader:
    """Objects of a class without its __init__: a copy of what that sets, and the JSON over it."""
    defaults = vars(cls())
    reserved = frozenset(dir(cls)) | defaults.keys()
    new, copy, get = cls.__new__, defaults.copy, fields.get

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise DecodeError(f"{cls.__name__} is not an object")
        attributes = copy()
        for key, item in value.items():
            field = get(key)
            if field is not None:
                attribute, as_it_is, convert = field
                if item is None or type(item) is as_it_is:
                    attributes[attribute] = item
                else:
                    attributes[attribute] = convert(item)
            elif key not in reserved:
                attributes[key] = item
        model = new(cls)
        model.__dict__ = attributes
        return model

    return read


def _discriminated(cls: Any, builders: dict[object, Reader]) -> Reader:
    key: str = cls.json_discriminator_key
    is_request = issubclass(cls, Request)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise DecodeError(f"{cls.__name__} is not an object")
        kind = value.get(key)
        build = builders.get(kind) if type(kind) is str else None
        if build is not None:
            return build(value)
        if is_request:
            raise DecodeError("the type of the request is not known")
        return value

    return read


def _enum(cls: type[Enum]) -> Reader:
    members: dict[str, Enum] = {member.value: member for member in cls}

    def read(value: Any) -> Any:
        if type(value) is not str:
            raise DecodeError(f"{cls.__name__} is not a word")
        return members.get(value, value)

    return read


def _list(read_item: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise DecodeError("not a list")
        return [None if item is None else read_item(item) for item in value]

    return read


def _dict(read_item: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise DecodeError("not an object")
        return {key: None if item is None else read_item(item) for key, item in value.items()}

    return read


def _primitive(cls: Any) -> Reader:
    def read(value: Any) -> Any:
        try:
            return cls(value)  # 5 becomes "5", as the SDK has it
        except TypeError:
            return value

    return read


_AS_THEY_ARE: dict[str, type] = {"str": str, "int": int, "long": int, "float": float, "bool": bool}
_SIMPLE: dict[str, Reader] = {
    **{name: _primitive(cls) for name, cls in _AS_THEY_ARE.items()},
    "object": lambda value: value,
    "datetime": datetime.fromisoformat,
    "date": lambda value: datetime.fromisoformat(value).date(),
}


_plans = _Plans()
_planning = threading.Lock()
