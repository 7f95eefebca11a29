"""Match words to the samples of an interaction model, by the letter: Alexa herself guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from skill_endpoint.simulator.interaction_model import normal

AMAZON = "AMAZON."  # slots of Amazon's own types take any words
_SLOT = re.compile(r"\{\s*(\w+)\s*\}")
_MARK = "zzslotzz"  # survives normal()


def is_sample(words: str, document: Mapping[str, Any], language: str) -> bool:
    """Whether the words are a sample of the model, with values of its types in their slots.

    Case and punctuation do not count. A sample that is nothing but a slot does not count either:
    what fits it is a word, and no sentence to try.
    """
    model = document["interactionModel"]["languageModel"]
    said = normal(words, language)
    types = {
        kind["name"]: frozenset(_values(kind, language))
        for kind in model.get("types", [])
        if not kind["name"].startswith(AMAZON)
    }
    return any(
        _fits(said, sample, {slot["name"]: slot["type"] for slot in intent.get("slots", [])}, types)
        for intent in model["intents"]
        for sample in _marked(intent, language)
    )


def _values(kind: Mapping[str, Any], language: str) -> Iterator[str]:
    for value in kind.get("values", []):
        for word in (value["name"]["value"], *value["name"].get("synonyms", [])):
            yield normal(word, language)


def _marked(intent: Mapping[str, Any], language: str) -> Iterator[tuple[list[str], list[str]]]:
    """Of each sample the words around its slots, and the names of those."""
    for sample in intent.get("samples", []):
        literals = normal(_SLOT.sub(_MARK, sample), language).split(_MARK)
        if any(literals):
            yield literals, _SLOT.findall(sample)


def _fits(
    said: str,
    sample: tuple[list[str], list[str]],
    slots: Mapping[str, str],
    types: Mapping[str, frozenset[str]],
) -> bool:
    literals, names = sample
    match = re.fullmatch("(.+?)".join(map(re.escape, literals)), said)
    return match is not None and all(
        slots[name] not in types or spoken.strip() in types[slots[name]]
        for name, spoken in zip(names, match.groups(), strict=True)
    )
