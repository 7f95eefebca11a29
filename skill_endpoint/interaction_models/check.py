"""What is wrong with an interaction model, beyond what Amazon's JSON schema sees.

The rules are those of
https://developer.amazon.com/en-US/docs/alexa/custom-skills/choose-the-invocation-name-for-a-custom-skill.html
https://developer.amazon.com/en-US/docs/alexa/custom-skills/create-intents-utterances-and-slots.html
https://developer.amazon.com/en-US/docs/alexa/smapi/interaction-model-schema.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

from skill_endpoint.interaction_models.build import Document, as_json
from skill_endpoint.interaction_models.intents import AMAZON, BARE

type Table = dict[str, Any]

# Said on Amazon's pages of years ago; unconfirmed on those of today.
MOST_LETTERS_OF_A_SAMPLE = 200
MOST_LETTERS_OF_A_VALUE = 140
MOST_INTENTS = 250
MOST_BYTES = 1_500_000

# Official samples declare them all. That a build fails without one is unconfirmed; a skill that
# cannot be stopped fails certification.
REQUIRED = (
    "AMAZON.CancelIntent",
    "AMAZON.HelpIntent",
    "AMAZON.StopIntent",
    "AMAZON.NavigateHomeIntent",
    "AMAZON.FallbackIntent",
)
# Of Amazon's those that we use; that the youngest locales (nl-NL, ar-SA) have it is unconfirmed.
AMAZON_TYPES = {"AMAZON.FirstName"}

WAKE_WORDS = {"alexa", "amazon", "echo", "computer", "アレクサ", "अलेक्सा", "أليكسا"}
LAUNCH_WORDS = {"ask", "tell", "enable", "launch", "open", "start", "load", "begin", "skill", "app"}
# Of the other languages our own reading of the rule, which names English words.
LAUNCH_WORDS_IN = {
    "ar": {"افتح", "شغل", "ابدأ", "اسأل"},
    "de": {"öffne", "starte", "beginne", "frage", "frag", "sage"},
    "es": {"abre", "inicia", "lanza", "pregunta", "pide", "dile"},
    "fr": {"ouvre", "lance", "démarre", "demande", "dis"},
    "hi": {"खोलो", "पूछो"},
    "it": {"apri", "avvia", "lancia", "chiedi"},
    "ja": {"開いて", "起動して", "聞いて"},
    "nl": {"begin", "vraag"},
    "pt": {"abra", "abrir", "inicie", "peça", "pergunte"},
}
# Articles and prepositions, which a name of two words must not have.
LITTLE_WORDS_IN = {
    "de": {"der", "die", "das", "ein", "eine", "für", "zu", "von"},
    "en": {"the", "a", "an", "for", "to", "of"},
    "es": {"el", "la", "los", "las", "un", "una", "de", "del", "a", "para", "por"},
    "fr": {"le", "la", "les", "un", "une", "de", "du", "des", "à", "pour"},
    "it": {"il", "lo", "la", "i", "gli", "le", "un", "una", "di", "a", "per", "da"},
    "nl": {"de", "het", "een", "voor", "van", "te", "naar"},
    "pt": {"o", "a", "os", "as", "um", "uma", "de", "do", "da", "para", "por"},
}
# German compounds are one word by Amazon's own exception; Japanese writes no spaces.
ONE_WORD_WILL_DO = {"de", "ja"}

_SLOT = re.compile(r"\{([^{}]*)\}")
_JOINERS = "\u200c\u200d"  # letters of Devanagari and Arabic script are joined or parted by them


def problems(document: Document, locale: str) -> Iterator[str]:
    """One line for each fault of a model that Amazon's schema has nothing against."""
    model = document["interactionModel"]["languageModel"]
    language = locale.partition("-")[0]
    yield from _of_size(document, model)
    yield from _of_name(model["invocationName"], language)
    yield from _of_intents(model)
    yield from _of_samples(model)
    yield from _of_types(model)
    yield from _of_dialog(document["interactionModel"], model)


def _of_size(document: Document, model: Table) -> Iterator[str]:
    if (size := len(as_json(document).encode())) > MOST_BYTES:
        yield f"the model has {size} bytes, at most {MOST_BYTES} are allowed"
    if (count := len(model["intents"])) > MOST_INTENTS:
        yield f"the model has {count} intents, at most {MOST_INTENTS} are allowed"


def _of_name(name: str, language: str) -> Iterator[str]:
    label = f"invocation name “{name}”"
    words = name.split()
    if any(letter.isdecimal() for letter in name):
        yield f"{label}: numbers are written as words"
    elif not _is_spelled(name):
        yield f"{label}: letters, spaces, apostrophes and periods of abbreviations only"
    if name != name.lower():
        yield f"{label}: must be lower case"
    if name != " ".join(words):
        yield f"{label}: single spaces between words"
    if len(words) < 2 and language not in ONE_WORD_WILL_DO:
        yield f"{label}: must have two words or more"
    launching = LAUNCH_WORDS | LAUNCH_WORDS_IN.get(language, set())
    for word in words:
        if word.casefold() in WAKE_WORDS:
            yield f"{label}: “{word}” wakes Alexa"
        elif word.casefold() in launching:
            yield f"{label}: “{word}” launches skills"
    if len(words) == 2:
        for word in words:
            if word.casefold() in LITTLE_WORDS_IN.get(language, set()):
                yield f"{label}: “{word}” in a name of two words"


def _of_intents(model: Table) -> Iterator[str]:
    yield from _twice("intent", [intent["name"] for intent in model["intents"]])
    names = {intent["name"] for intent in model["intents"]}
    yield from (f"{name}: missing, every skill has it" for name in REQUIRED if name not in names)
    known = {kind["name"] for kind in model.get("types", [])} | AMAZON_TYPES
    for intent in model["intents"]:
        name, samples = intent["name"], intent.get("samples", [])
        if not samples and not name.startswith(AMAZON):
            yield f"{name}: has no samples"
        slots = {slot["name"]: slot["type"] for slot in intent.get("slots", [])}
        yield from _twice(f"{name}: slot", [slot["name"] for slot in intent.get("slots", [])])
        used = {slot for sample in samples for slot in _SLOT.findall(sample)}
        yield from (f"{name}: {{{slot}}} is no slot of it" for slot in sorted(used - {*slots}))
        for slot, kind in slots.items():
            if slot not in used:
                yield f"{name}: slot {slot} is in no sample"
            if kind not in known:
                yield f"{name}: slot {slot} has the unknown type {kind}"


def _of_samples(model: Table) -> Iterator[str]:
    heard: dict[str, list[tuple[str, str]]] = {}
    for intent in model["intents"]:
        for sample in intent.get("samples", []):
            label = f"{intent['name']}: “{sample}”"
            yield from (f"{label} {problem}" for problem in _of_sample(sample))
            alike = " ".join(_SLOT.sub("{}", sample).casefold().split())
            heard.setdefault(alike, []).append((intent["name"], sample))
    for places in heard.values():
        (first, text), *others = places
        if BARE.issuperset(places) and len(places) == len({*places}):
            continue
        for name, sample in others:
            if name == first:
                yield f"{name}: “{sample}” is there twice"
            else:
                yield f"{name}: “{sample}” is in {first}, too, as “{text}”"


def _of_sample(sample: str) -> Iterator[str]:
    bare = _SLOT.sub("", sample)
    slots = _SLOT.findall(sample)
    if len(sample) > MOST_LETTERS_OF_A_SAMPLE:
        yield f"has {len(sample)} letters, at most {MOST_LETTERS_OF_A_SAMPLE} are allowed"
    if not sample.strip():
        yield "is empty"
    if len(slots) != len({*slots}):
        yield "has a slot twice"
    if sample != " ".join(sample.split()):
        yield "has spaces at an end or two in a row"
    if bare != bare.lower():
        yield "must be lower case"
    if any(letter.isdecimal() for letter in bare):
        yield "has digits: numbers are written as words"
    elif not _is_spelled(bare):
        yield "has more than letters, spaces, apostrophes, periods, and hyphens between letters"


def _is_spelled(text: str) -> bool:
    """Whether it is written with what Alexa hears: letters with their marks and spaces.

    Besides these apostrophes (also at an end, as in players' or Italian po'), periods after a
    letter (abbreviations) and hyphens between two letters, which some languages cannot do without
    (French est-ce, Portuguese diga-me). That hyphens are accepted in every locale is unconfirmed.
    """
    for before, letter, after in zip(f" {text}", text, f"{text} "[1:], strict=False):
        kind = unicodedata.category(letter)[0]
        if kind in "LM" or letter == " " or letter in _JOINERS:
            continue
        if letter == "'" and (_is_letter(before) or _is_letter(after)):
            continue
        if letter == "." and _is_letter(before):
            continue
        if letter == "-" and _is_letter(before) and _is_letter(after):
            continue
        return False
    return True


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM"


def _of_types(model: Table) -> Iterator[str]:
    types = model.get("types", [])
    yield from _twice("type", [kind["name"] for kind in types])
    used = {slot["type"] for intent in model["intents"] for slot in intent.get("slots", [])}
    for kind in types:
        name, values = kind["name"], kind.get("values", [])
        if name not in used:
            yield f"type {name}: no slot has it"
        if name.startswith(AMAZON) and name not in AMAZON_TYPES:
            yield f"type {name}: none of Amazon's that we know"
        if not values:
            yield f"type {name}: has no values"
        yield from _twice(f"type {name}: id", [value["id"] for value in values if "id" in value])
        yield from _of_values(name, values)


def _of_values(kind: str, values: list[Table]) -> Iterator[str]:
    meanings: dict[str, str] = {}
    for value in values:
        main = value["name"]["value"]
        for word in (main, *value["name"].get("synonyms", [])):
            if not word.strip() or word != " ".join(word.split()) or {*"{}|()<>"} & {*word}:
                yield f"type {kind}: “{word}” is not written as words"
            if len(word) > MOST_LETTERS_OF_A_VALUE:
                yield f"type {kind}: “{word}” has more than {MOST_LETTERS_OF_A_VALUE} letters"
            other = meanings.setdefault(word.casefold(), main)
            if other is not main:
                yield f"type {kind}: “{word}” means “{other}” and “{main}”"
        own = [value["name"]["value"], *value["name"].get("synonyms", [])]
        yield from _twice(f"type {kind}: {main}: word", [word.casefold() for word in own])


def _of_dialog(interaction: Table, model: Table) -> Iterator[str]:
    """Dialog and prompts refer to intents, slots and each other; ours has none of them."""
    known = {prompt["id"] for prompt in interaction.get("prompts", [])}
    asked: set[str] = set()
    slots = {each["name"]: _slot_names(each) for each in model["intents"]}
    dialog = interaction.get("dialog")
    if dialog is not None and not dialog.get("intents"):
        yield "dialog: has no intents; leave it out"
    for intent in (dialog or {}).get("intents", []):
        name = intent["name"]
        asked.update(intent.get("prompts", {}).values())
        if name not in slots:
            yield f"dialog: {name} is none of the intents"
        for slot in intent.get("slots", []):
            asked.update(slot.get("prompts", {}).values())
            if slot["name"] not in slots.get(name, {slot["name"]}):
                yield f"dialog: {name} has no slot {slot['name']}"
    yield from (f"dialog: there is no prompt {each}" for each in sorted(asked - known))
    yield from (f"prompts: nothing asks {each}" for each in sorted(known - asked))


def _slot_names(intent: Table) -> Collection[str]:
    return {slot["name"] for slot in intent.get("slots", [])}


def _twice(label: str, names: list[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{label} {name} is there twice"
