"""The skill's interaction models, as Alexa reads them: Amazon's JSON, one file a locale."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parent.parent / "interaction_models"
FALLBACK_LOCALE = "en-US"
_SLOT = re.compile(r"\{\s*(\w+)\s*\}")
_SLOT_MARK = "zzslotzz"  # survives normal()
SPACELESS = {"ja"}  # words are not separated: compare without spaces


@dataclass(frozen=True)
class Value:
    name: str
    id: str
    spoken: frozenset[str]


@dataclass(frozen=True)
class Sample:
    intent: str
    text: str
    pattern: re.Pattern[str]
    slots: dict[str, str]  # name -> type
    literal: int  # characters outside slots: the more, the surer the match


@dataclass(frozen=True)
class Model:
    language: str
    invocation: str
    intents: tuple[str, ...]
    samples: tuple[Sample, ...]
    types: dict[str, tuple[Value, ...]]


@dataclass(frozen=True)
class Chip:
    """A sentence to press: a sample with its slots filled in."""

    intent: str
    text: str


def normal(text: str, language: str = "en") -> str:
    """Case, punctuation and spacing do not count; apostrophes vanish."""
    kept = []
    for letter in unicodedata.normalize("NFKC", text).casefold():
        if letter in "'’ʼ":
            continue
        # P: punctuation, S: symbols, Z: spaces, C: control; marks (M) belong to the letters
        kept.append(" " if unicodedata.category(letter)[0] in "PSZC" else letter)
    return ("" if language in SPACELESS else " ").join("".join(kept).split())


def model_path(locale: str) -> Path:
    path = MODELS / f"{locale}.json"
    return path if path.is_file() else MODELS / f"{FALLBACK_LOCALE}.json"


def load(locale: str) -> Model:
    """The locale's model, else that of en-US. Raises OSError or ValueError."""
    path = model_path(locale)
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, changed: int) -> Model:
    return parse(json.loads(path.read_text(encoding="utf-8")), path.stem.partition("-")[0])


def parse(document: dict[str, Any], language: str) -> Model:
    model = document["interactionModel"]["languageModel"]
    types = {
        kind["name"]: tuple(_value(value, language) for value in kind.get("values", []))
        for kind in model.get("types", [])
    }
    return Model(
        language=language,
        invocation=model["invocationName"],
        intents=tuple(intent["name"] for intent in model["intents"]),
        samples=tuple(
            _sample(intent, text, language)
            for intent in model["intents"]
            for text in intent.get("samples", [])
        ),
        types=types,
    )


def chips(locale: str) -> list[Chip]:
    """For each intent of the model a sentence without slots and one with, where there are such."""
    model = load(locale)
    seen: dict[tuple[str, bool], Chip] = {}
    for sample in model.samples:
        text = sample.text
        for name, kind in sample.slots.items():
            text = text.replace(f"{{{name}}}", _example(model, kind))
        seen.setdefault((sample.intent, bool(sample.slots)), Chip(sample.intent, text))
    order = [(intent, has_slots) for intent in model.intents for has_slots in (False, True)]
    return [seen[key] for key in order if key in seen]


def _value(value: dict[str, Any], language: str) -> Value:
    name = value["name"]["value"]
    spoken = frozenset(
        normal(word, language) for word in (name, *value["name"].get("synonyms", []))
    )
    return Value(name, str(value.get("id") or name), spoken)


def _sample(intent: dict[str, Any], text: str, language: str) -> Sample:
    types = {slot["name"]: slot["type"] for slot in intent.get("slots", [])}
    slots = {name: types[name] for name in _SLOT.findall(text)}
    first, *others = normal(_SLOT.sub(_SLOT_MARK, text), language).split(_SLOT_MARK)
    pattern = re.escape(first)
    for name, literal in zip(slots, others, strict=True):
        pattern += f"(?P<{name}>.+?){re.escape(literal)}"
    return Sample(intent["name"], text, re.compile(pattern), slots, sum(map(len, (first, *others))))


def _example(model: Model, kind: str) -> str:
    values = model.types.get(kind)
    return values[0].name if values else "…"
