"""The skill's interaction models, as Alexa reads them: Amazon's JSON, built once a locale."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from skill_endpoint.interaction_models.intents import AMAZON

FALLBACK_LOCALE = "en-US"
# A folder of files like en-US.json, to try out models that were not built of the sources.
MODELS: Path | None = None
_SLOT = re.compile(r"\{\s*(\w+)\s*\}")
_SLOT_MARK = "zzslotzz"  # survives normal()
SPACELESS = {"ja"}  # words are not separated: compare without spaces


@dataclass(frozen=True)
class Value:
    name: str
    id: str


@dataclass(frozen=True)
class Sample:
    intent: str
    text: str
    slots: dict[str, str]  # name -> type, in the order of the text
    literals: tuple[str, ...]  # what is said around the slots: one more than there are slots

    @property
    def literal(self) -> int:
        """Letters outside slots: the more, the surer the match."""
        return sum(map(len, self.literals))

    @property
    def is_bare(self) -> bool:
        """Nothing but slots: it fits whatever is said, in as many words."""
        return not "".join(self.literals).strip()


@dataclass(frozen=True)
class Model:
    language: str
    invocation: str
    intents: tuple[str, ...]
    samples: tuple[Sample, ...]
    types: dict[str, dict[str, Value]]  # by what is said for them, as normal() has it

    def value(self, kind: str, spoken: str) -> Value | None:
        return self.types.get(kind, {}).get(spoken)

    def is_value(self, kind: str, spoken: str) -> bool:
        """Amazon's own types have more values than a model adds to them: any words will do."""
        return kind.startswith(AMAZON) or spoken in self.types.get(kind, {})


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


def has_own_model(locale: str) -> bool:
    """Whether the locale's language has a model; if not, that of en-US serves."""
    if MODELS:
        return (MODELS / f"{locale}.json").is_file()
    return locale in _sources()


def model_path(locale: str) -> Path:
    """What the file of the model that serves a locale is called."""
    return (MODELS or Path()) / f"{locale if has_own_model(locale) else FALLBACK_LOCALE}.json"


def load(locale: str) -> Model:
    """The locale's model, else that of en-US. Raises OSError or ValueError."""
    path = model_path(locale)
    return _read(path, path.stat().st_mtime_ns) if MODELS else _built(path.stem)


@cache
def _sources() -> frozenset[str]:
    """The locales that models can be built for."""
    # here and not above: it brings Django, which must not be needed to import the simulator
    from skill_endpoint.interaction_models import source
    from skill_endpoint.locales import LOCALES

    languages = source.languages()
    return frozenset(code for code, locale in LOCALES.items() if locale.parent in languages)


@cache
def _built(code: str) -> Model:
    from skill_endpoint.interaction_models import build  # here: see _sources

    return parse(build.document(code), code.partition("-")[0])


@cache
def _read(path: Path, changed: int) -> Model:
    return parse(json.loads(path.read_text(encoding="utf-8")), path.stem.partition("-")[0])


def parse(document: dict[str, Any], language: str) -> Model:
    model = document["interactionModel"]["languageModel"]
    types = {
        kind["name"]: _values(kind.get("values", []), language) for kind in model.get("types", [])
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
        for position, (name, kind) in enumerate(sample.slots.items()):
            text = text.replace(f"{{{name}}}", _example(model, kind, position))
        seen.setdefault((sample.intent, bool(sample.slots)), Chip(sample.intent, text))
    order = [(intent, has_slots) for intent in model.intents for has_slots in (False, True)]
    return [seen[key] for key in order if key in seen]


def _values(values: list[dict[str, Any]], language: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for each in values:
        name = each["name"]["value"]
        value = Value(name, str(each.get("id") or name))
        for word in (name, *each["name"].get("synonyms", [])):
            found.setdefault(normal(word, language), value)
    return found


def _sample(intent: dict[str, Any], text: str, language: str) -> Sample:
    types = {slot["name"]: slot["type"] for slot in intent.get("slots", [])}
    slots = {name: types[name] for name in _SLOT.findall(text)}
    literals = normal(_SLOT.sub(_SLOT_MARK, text), language).split(_SLOT_MARK)
    if len(literals) != len(slots) + 1:
        raise ValueError(f"“{text}” has a slot twice")
    return Sample(intent["name"], text, slots, tuple(literals))


def _example(model: Model, kind: str, position: int) -> str:
    """The name of a value; another one for each slot of a sentence."""
    names = list(dict.fromkeys(value.name for value in model.types.get(kind, {}).values()))
    return names[position % len(names)] if names else "…"
