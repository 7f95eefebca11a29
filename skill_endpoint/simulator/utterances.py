"""Typed words to intent and slots, by the skill's own interaction model.

Alexa's language understanding guesses; this does not: a sentence is a sample of the model or it
falls back, with the nearest samples as a hint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from skill_endpoint.simulator import interaction_model, wording
from skill_endpoint.simulator.envelopes import Envelope, resolved_slot
from skill_endpoint.simulator.interaction_model import SPACELESS, Model, Sample, normal

FALLBACK_INTENT = "AMAZON.FallbackIntent"
LAUNCH = "LaunchRequest"
CANDIDATES = 3
_FITS = 0.5  # the score that any sample reaches that fits, and none that does not
_LIKE = 0.15  # score of what is like the sentence at all; anything less is no hint


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An intent that the words might mean, by the sample of it that suits them best.

    `score` is 1 where the sample fits and its slots hold values of their types. Where it fits with
    new words in them, it is less by half the share that these have of the sentence. Where it does
    not fit, it is below a half: half of how like the sentence it is.
    """

    intent: str
    sample: str
    slots: dict[str, str] = field(default_factory=dict)  # name to the words said for it
    score: float


@dataclass(frozen=True, kw_only=True)
class Understood:
    intent: str  # an intent's name, or LAUNCH
    slots: dict[str, Envelope] = field(default_factory=dict)
    nearest: tuple[str, ...] = ()  # samples like it, where nothing matched
    candidates: tuple[Candidate, ...] = ()  # the best ones, the best first, each intent once


@dataclass(frozen=True, kw_only=True)
class _Match:
    candidate: Candidate
    types: dict[str, str]  # of the slots
    rank: tuple[float, int, int]  # the higher, the better

    @classmethod
    def of(cls, sample: Sample, score: float, slots: dict[str, str] | None = None) -> _Match:
        return cls(
            candidate=Candidate(
                intent=sample.intent, sample=sample.text, slots=slots or {}, score=score
            ),
            types=sample.slots,
            # of two that fit, the one that leaves less open: "words and languages" is one topic
            # rather than two, and a sample's own words count more than a slot's
            rank=(score, -len(sample.slots), sample.literal),
        )


def resolve(text: str, locale: str) -> Understood:
    """What Alexa would make of these words. Raises OSError or ValueError without a model."""
    model = interaction_model.load(locale)
    said = normal(text, model.language)
    if _is_launch(said, model, locale):
        launch = Candidate(intent=LAUNCH, sample=model.invocation, score=1.0)
        return Understood(intent=LAUNCH, candidates=(launch,))
    sayings = list(_without_frame(said, model, locale))
    if not sayings:  # punctuation and symbols only
        return Understood(intent=FALLBACK_INTENT)
    for saying in sayings:
        if fitting := _fitting(saying, model, locale):
            return _understood(saying, model, fitting)
    return _understood(sayings[-1], model, _fitting_with_new_words(sayings[-1], model))


def whole_sentence(text: str, locale: str) -> str:
    """How the words reach the skill outside a session; empty where they name it already, or where
    there is no word.

    Raises OSError or ValueError without a model.
    """
    model = interaction_model.load(locale)
    said = normal(text, model.language)
    if not said or normal(model.invocation, model.language) in said:
        return ""
    words = wording.of(model.language)
    request = text.strip()
    sentence = words.frame(said.partition(" ")[0]).format(
        name=model.invocation, request=request[:1].lower() + request[1:]
    )
    return words.calling.format(sentence=sentence)


def _understood(said: str, model: Model, fitting: list[_Match]) -> Understood:
    """By the best of what fits; what does not is told as candidates and nearest samples only."""
    like = _like(said, model)
    found: dict[str, Candidate] = {}
    for match in sorted([*fitting, *like], key=lambda match: match.rank, reverse=True):
        found.setdefault(match.candidate.intent, match.candidate)
    candidates = tuple(found.values())[:CANDIDATES]
    if not fitting:
        nearest = tuple(match.candidate.sample for match in like[:CANDIDATES])
        return Understood(intent=FALLBACK_INTENT, nearest=nearest, candidates=candidates)
    best = max(fitting, key=lambda match: match.rank)
    slots = {
        name: _slot(name, spoken, best.types[name], model)
        for name, spoken in best.candidate.slots.items()
    }
    return Understood(intent=best.candidate.intent, slots=slots, candidates=candidates)


def _is_launch(said: str, model: Model, locale: str) -> bool:
    said = _without_wake_word(said, model, locale)
    launches = {
        normal(frame.format(name=model.invocation), model.language)
        for words in _wordings(locale)
        for frame in words.launches
    }
    return said in launches or said == normal(model.invocation, model.language)


def _without_wake_word(said: str, model: Model, locale: str) -> str:
    gap = "" if model.language in SPACELESS else " "
    for words in _wordings(locale):
        wake_word = normal(words.calling.format(sentence=""), model.language)
        if said.startswith(wake_word + gap):
            return said.removeprefix(wake_word).strip()
    return said


def _without_frame(said: str, model: Model, locale: str) -> Iterator[str]:
    """The words as they are, then without "Alexa, ask NAME for"; the fewest last."""
    rest = _without_wake_word(said, model, locale)
    gap = "" if model.language in SPACELESS else " "
    requests = {rest}
    for words in _wordings(locale):
        for frame in words.frames:
            before, after = (
                normal(part.format(name=model.invocation), model.language)
                for part in frame.split(wording.REQUEST)
            )
            before, after = before and before + words.gap(frame, gap), after and gap + after
            if rest.startswith(before) and rest.endswith(after):
                requests.add(rest[len(before) : len(rest) - len(after)].strip())
    yield from sorted({said, *requests} - {""}, key=lambda text: (-len(text), text))


def _wordings(locale: str) -> tuple[wording.Wording, ...]:
    """Of the locale's language, then English, which every tester has at hand."""
    return wording.of(locale), wording.ENGLISH


def _fitting(said: str, model: Model, locale: str) -> list[_Match]:
    """Samples that fit, with values of their types in the slots, and what Alexa knows herself."""
    found = [
        _Match.of(sample, 1.0, slots)
        for sample in model.samples
        if (slots := _fit(said, sample, model.is_value)) is not None
    ]
    for words in _wordings(locale):
        for intent, sayings in words.built_in.items():
            for saying in sayings if intent in model.intents else ():
                if said == normal(saying, model.language):
                    found.append(_Match.of(Sample(intent, saying, {}, (said,)), 1.0))
    return found


def _fitting_with_new_words(said: str, model: Model) -> list[_Match]:
    """Samples that fit with whatever words in their slots."""
    found = []
    for sample in model.samples:
        # a bare "{answer}" would swallow every sentence
        slots = None if sample.is_bare else _fit(said, sample, lambda kind, spoken: True)
        if slots is None:
            continue
        new = sum(
            len(spoken)
            for name, spoken in slots.items()
            if not model.is_value(sample.slots[name], spoken)
        )
        found.append(_Match.of(sample, 1 - (1 - _FITS) * new / len(said), slots))
    return found


def _fit(said: str, sample: Sample, is_value: Callable[[str, str], bool]) -> dict[str, str] | None:
    """What is said for each slot, if the sample fits so that each is a value of its type."""
    literals, kinds = sample.literals, tuple(sample.slots.values())

    def rest_fits(slot: int, start: int) -> tuple[str, ...] | None:
        """The words from `start` on, where the slot of that number begins."""
        if slot == len(kinds):
            return () if start == len(said) else None
        literal = literals[slot + 1]
        # the last slot ends where its sample's last words begin, another one wherever it can
        is_last = slot + 1 == len(kinds)
        first_end = max(start + 1, len(said) - len(literal)) if is_last else start + 1
        for end in range(first_end, len(said) - len(literal) + 1):
            if not said.startswith(literal, end) or not is_value(kinds[slot], said[start:end]):
                continue
            if (others := rest_fits(slot + 1, end + len(literal))) is not None:
                return said[start:end], *others
        return None

    if not said.startswith(literals[0]):
        return None
    spoken = rest_fits(0, len(literals[0]))
    return None if spoken is None else dict(zip(sample.slots, spoken, strict=True))


def _slot(name: str, spoken: str, kind: str, model: Model) -> Envelope:
    if value := model.value(kind, spoken):
        return resolved_slot(name, spoken, value.name, value.id)
    slot: Envelope = {
        "name": name,
        "value": spoken,
        "confirmationStatus": "NONE",
        "source": "USER",
    }
    if kind in model.types:
        slot["resolutions"] = {
            "resolutionsPerAuthority": [
                {
                    "authority": f"amzn1.er-authority.echo-sdk.simulator.{kind}",
                    "status": {"code": "ER_SUCCESS_NO_MATCH"},
                }
            ]
        }
    return slot


def _like(said: str, model: Model) -> list[_Match]:
    """Samples like the sentence, the likest first, each with a score below _FITS."""
    found = []
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(said)  # the one that it prepares for
    for sample in model.samples:
        matcher.set_seq1("".join(sample.literals))
        # a ratio is dear, its upper bounds are cheap; one of 1 leaves out what must stand in slots
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) * _FITS < _LIKE:
            continue
        score = min(matcher.ratio(), 0.99) * _FITS
        if score >= _LIKE:
            found.append(_Match.of(sample, score))
    return sorted(found, key=lambda match: match.rank, reverse=True)
