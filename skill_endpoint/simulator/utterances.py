"""Typed words to intent and slots, by the skill's own interaction model.

Alexa's language understanding guesses; this does not: a sentence is a sample of the model or it
falls back, with the nearest samples as a hint.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

from skill_endpoint.simulator import interaction_model, wording
from skill_endpoint.simulator.envelopes import Envelope, resolved_slot
from skill_endpoint.simulator.interaction_model import SPACELESS, Model, normal

FALLBACK_INTENT = "AMAZON.FallbackIntent"
LAUNCH = "LaunchRequest"
_ANY_WORDS = "AMAZON."  # slots of Amazon's own types take any words


@dataclass(frozen=True, kw_only=True)
class Understood:
    intent: str  # an intent's name, or LAUNCH
    slots: dict[str, Envelope] = field(default_factory=dict)
    nearest: tuple[str, ...] = ()  # samples like it, where nothing matched


def resolve(text: str, locale: str) -> Understood:
    """What Alexa would make of these words. Raises OSError or ValueError without a model."""
    model = interaction_model.load(locale)
    if _is_launch(normal(text, model.language), model, locale):
        return Understood(intent=LAUNCH)
    sayings = list(_without_frame(normal(text, model.language), model, locale))
    for saying in sayings:
        if found := _match(saying, model) or _built_in(saying, model, locale):
            return found
    return _match(sayings[-1], model, values_known=False) or Understood(
        intent=FALLBACK_INTENT, nearest=_nearest(sayings[-1], model)
    )


def whole_sentence(text: str, locale: str) -> str:
    """How the words reach the skill outside a session; empty where they name it already.

    Raises OSError or ValueError without a model.
    """
    model = interaction_model.load(locale)
    said = normal(text, model.language)
    if normal(model.invocation, model.language) in said:
        return ""
    words = wording.of(model.language)
    first = said.partition(" ")[0]
    if first in words.questions:
        joining = ""
    else:
        joining = words.joining[0] if first in words.things or not words.things else "to"
    request = text.strip()
    parts = (words.asking[0], model.invocation, joining, request[:1].lower() + request[1:])
    return f"Alexa, {' '.join(filter(None, parts))}"


def _is_launch(said: str, model: Model, locale: str) -> bool:
    name = normal(model.invocation, model.language)
    said = _without_wake_word(said)
    verbs = [*_wording(locale, "opening"), *_wording(locale, "asking")]
    words = {normal(verb, model.language) for verb in verbs}
    gap = "" if model.language in SPACELESS else " "
    return said == name or any(
        said in {f"{word}{gap}{name}", f"{name}{gap}{word}"} for word in words
    )


def _without_wake_word(said: str) -> str:
    return said.removeprefix("alexa").strip()


def _without_frame(said: str, model: Model, locale: str) -> Iterator[str]:
    """The words as they are, then without "Alexa, ask NAME for"."""
    yield said
    said = _without_wake_word(said)
    yield said
    name = normal(model.invocation, model.language)
    verbs = [normal(word, model.language) for word in _wording(locale, "asking")]
    openers = [normal(word, model.language) for word in _wording(locale, "opening")]
    for verb in [*verbs, *openers, ""]:
        frame = f"{verb} {name}".strip()
        rest = said.removeprefix(frame)
        if rest == said:
            continue
        rest = rest.strip()
        if not rest:
            continue
        yield rest
        for word in _wording(locale, "joining"):
            if rest.startswith(f"{word} "):
                yield rest.removeprefix(word).strip()


def _wording(locale: str, kind: str) -> list[str]:
    """Of the locale's language, then English, which every tester has at hand."""
    return [*getattr(wording.of(locale), kind), *getattr(wording.ENGLISH, kind)]


def _match(said: str, model: Model, *, values_known: bool = True) -> Understood | None:
    """The sample with the most words of its own; with `values_known` no new words in its slots."""
    best, best_literal = None, -1
    for sample in model.samples:
        match = sample.pattern.fullmatch(said)
        if not match or sample.literal <= best_literal:
            continue
        if not sample.literal and not values_known:
            continue  # a bare "{answer}" would swallow every sentence
        slots, known = {}, True
        for name, spoken in match.groupdict().items():
            slots[name], found = _slot(name, spoken, sample.slots[name], model)
            known = known and found
        if known or not values_known:
            best, best_literal = Understood(intent=sample.intent, slots=slots), sample.literal
    return best


def _slot(name: str, spoken: str, kind: str, model: Model) -> tuple[Envelope, bool]:
    for value in model.types.get(kind, ()):
        if spoken in value.spoken:
            return resolved_slot(name, spoken, value.name, value.id), True
    slot: Envelope = {
        "name": name,
        "value": spoken,
        "confirmationStatus": "NONE",
        "source": "USER",
    }
    if kind.startswith(_ANY_WORDS) and kind not in model.types:
        return slot, True
    slot["resolutions"] = {
        "resolutionsPerAuthority": [
            {
                "authority": f"amzn1.er-authority.echo-sdk.simulator.{kind}",
                "status": {"code": "ER_SUCCESS_NO_MATCH"},
            }
        ]
    }
    return slot, False


def _built_in(said: str, model: Model, locale: str) -> Understood | None:
    for words in (wording.of(locale), wording.ENGLISH):
        for intent, sayings in words.built_in.items():
            if intent in model.intents and said in {normal(s, model.language) for s in sayings}:
                return Understood(intent=intent)
    return None


def _nearest(said: str, model: Model) -> tuple[str, ...]:
    texts = {normal(sample.text, model.language): sample.text for sample in model.samples}
    close = difflib.get_close_matches(said, texts, n=3, cutoff=0.3)
    return tuple(texts[text] for text in close)
