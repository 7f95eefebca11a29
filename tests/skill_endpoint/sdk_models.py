"""Every class that an envelope of the SDK can hold, JSON for each, and how two objects differ."""

from __future__ import annotations

import functools
import importlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response_envelope import ResponseEnvelope
from hypothesis import strategies as st

STOCK = DefaultSerializer()
Json = Any


def load(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def kinds(cls: Any) -> dict[str, str]:
    """Of a class that stands for its subclasses: their names by the word in the JSON."""
    words: dict[str, str] = vars(cls).get("discriminator_value_class_map", {})
    return words


def word_of(cls: Any) -> dict[str, str]:
    """Of one of these subclasses: what its JSON says that it is."""
    words = getattr(cls, "discriminator_value_class_map", {})
    own = [word for word in words if load(words[word]) is cls]
    return {cls.json_discriminator_key: own[0]} if own else {}


def members(cls: Any) -> dict[str, str]:
    """The declared types by their names in JSON."""
    return {cls.attribute_map[name]: kind for name, kind in cls.deserialized_types.items()}


def inner(declared: str) -> tuple[str, str]:
    """ "list[X]" as ("list", "X"), "dict(str, X)" as ("dict", "X"), X as ("", "X")."""
    if declared.startswith(("list[", "dict(")):
        return declared[:4], declared[5:-1].removeprefix("str, ")
    return "", declared


@functools.cache
def reachable() -> frozenset[type]:
    """The models and enums that a request or a response can hold, at any depth."""
    found: set[type] = set()
    todo: list[Any] = [RequestEnvelope, ResponseEnvelope]
    while todo:
        cls = todo.pop()
        if cls in found:
            continue
        found.add(cls)
        if not issubclass(cls, Enum):
            todo += map(load, kinds(cls).values())
            named = (_innermost(declared) for declared in members(cls).values())
            todo += (load(name) for name in named if "." in name)
    return frozenset(found)


def models() -> list[Any]:
    return sorted((cls for cls in reachable() if not issubclass(cls, Enum)), key=str)


def enums() -> list[type[Enum]]:
    return sorted((cls for cls in reachable() if issubclass(cls, Enum)), key=str)


def name_of(word: Enum) -> str:
    """The SDK's enums cannot be in a set."""
    return f"{type(word).__module__}.{word}"


def _innermost(declared: str) -> str:
    shape, name = inner(declared)
    return _innermost(name) if shape else name


# --- whole documents: each member filled, each subclass and each word in its turn --------------

TIMES = (
    "2026-11-21T23:41:07Z",
    "2026-11-21T23:41:07.5Z",
    "2026-11-21T23:41:07.123456Z",
    "2026-11-21T23:41:07.123456789Z",
    "2026-11-21T23:41:07+05:30",
    "2026-11-21T23:41:07.25-08:00",
    "2026-11-21T23:41:07+00:00",
    "2026-11-21T23:41:07",
)


class Filler:
    """Writes documents, and keeps what they hold: classes, words of enums."""

    def __init__(self) -> None:
        self.depth = 5  # models below it are left out; some hold each other
        self.classes: set[type] = set()
        self.words: set[str] = set()
        self._turns: dict[type, Iterator[Any]] = {}
        self._numbers = itertools.count(1)

    def document(self, cls: Any, level: int = 0) -> Json:
        """Of a class, or of the next of its subclasses."""
        self.classes.add(cls)
        if kinds(cls):
            return self.document(load(self._next(cls, kinds(cls).values())), level)
        document: Json = {}
        for key, declared in members(cls).items():
            if level < self.depth or "." not in declared:
                document[key] = self._value(declared, level + 1)
        return document | word_of(cls)

    def _value(self, declared: str, level: int) -> Json:
        shape, name = inner(declared)
        if shape:
            values = [self._value(name, level), self._value(name, level)]
            return values if shape == "list" else dict(zip(("one", "zwei ä"), values, strict=True))
        number = next(self._numbers)
        match name:
            case "str":
                return f"text {number} \u00e9\u6c34"
            case "int" | "long":
                return number
            case "float":
                return number + 0.5
            case "bool":
                return number % 2 == 0
            case "object":
                return {"raw": [number, None, {"deep": True}]}
            case "datetime":
                return TIMES[number % len(TIMES)]
        cls = load(name)
        if not issubclass(cls, Enum):
            return self.document(cls, level)
        word = self._next(cls, cls)
        self.classes.add(cls)
        self.words.add(name_of(word))
        return word.value

    def _next(self, cls: type, choices: Any) -> Any:
        return next(self._turns.setdefault(cls, itertools.cycle(list(choices))))


# --- any documents: members left out, null, of another type, and members that nobody knows -----

TEXTS = st.text(max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
RAW = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
    max_leaves=5,
)
MOMENTS = st.builds(
    lambda seconds, spec, zone: (
        datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec=spec) + zone
    ),
    st.floats(min_value=0, max_value=4e9),
    st.sampled_from(["seconds", "milliseconds", "microseconds"]),
    st.sampled_from(["Z", "+00:00", "+05:30", "-08:00", ""]),
)
VALUES: dict[str, st.SearchStrategy[Json]] = {
    # the SDK makes of a value what is declared, as far as Python does
    "str": TEXTS | RAW,
    "int": NUMBERS | st.booleans() | st.integers().map(str) | st.just([]) | st.just("no number"),
    "float": NUMBERS | NUMBERS.map(str) | st.just({}) | st.just("no number"),
    "bool": st.booleans() | RAW,
    "object": RAW,
    "datetime": MOMENTS,
}
VALUES["long"] = VALUES["int"]


def documents(cls: Any, depth: int = 3) -> st.SearchStrategy[Json]:
    """JSON for a class that the SDK reads, or refuses for a number that is none."""
    if issubclass(cls, Enum):
        return st.sampled_from([word.value for word in cls])
    if kinds(cls):
        subclasses = list(kinds(cls).values())
        return st.sampled_from(subclasses).flatmap(lambda name: documents(load(name), depth))
    known: dict[Any, st.SearchStrategy[Json]] = {
        key: st.none() | _values(declared, depth - 1)
        for key, declared in members(cls).items()
        if depth > 0 or "." not in declared
    }
    own = dir(cls()) + list(known)
    unknown = st.dictionaries(TEXTS.filter(lambda key: key not in own), RAW, max_size=2)
    word = word_of(cls)
    optional = {key: values for key, values in known.items() if key not in word}
    return st.builds(
        lambda extra, document: {**extra, **document, **word},
        unknown,
        st.fixed_dictionaries({}, optional=optional),
    )


def _values(declared: str, depth: int) -> st.SearchStrategy[Json]:
    shape, name = inner(declared)
    if shape:
        items = st.none() | _values(name, depth)
        if shape == "list":
            return st.lists(items, max_size=2)
        return st.dictionaries(TEXTS, items, max_size=2)
    return VALUES[name] if name in VALUES else st.deferred(lambda: documents(load(name), depth))


# --- comparing ---------------------------------------------------------------------------------


def difference(a: object, b: object, where: str = "") -> str:
    """The first place where two objects differ in type or value; empty if there is none.

    Finer than `==`, which takes 1 for True and one zone for another.
    """
    if isinstance(a, datetime) and isinstance(b, datetime):
        return "" if (a, a.utcoffset()) == (b, b.utcoffset()) else f"{where}: {a!r} is not {b!r}"
    if type(a) is not type(b):
        return f"{where}: {type(a).__name__} is not {type(b).__name__}"
    if isinstance(a, Enum) or not hasattr(a, "__dict__"):
        if isinstance(a, list) and isinstance(b, list):
            a, b = dict(enumerate(a)), dict(enumerate(b))
        if not isinstance(a, dict) or not isinstance(b, dict):
            return "" if a == b else f"{where}: {a!r} is not {b!r}"
    else:
        a, b = vars(a), vars(b)
    if a.keys() != b.keys():
        return f"{where}: only one has {a.keys() ^ b.keys()}"
    return next(filter(None, (difference(a[k], b[k], f"{where}.{k}") for k in a)), "")
