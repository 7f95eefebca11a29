"""A word as a regular expression that finds it with and without accents, in any case.

SQLite compares letters beyond ASCII to the letter and PostgreSQL knows accents only with an
extension; both match the same simple expressions (Django's iregex).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache

# Latin-1 to Latin Extended-B, Arabic letters with hamza, Latin Extended Additional
_ACCENTED = (range(0x00C0, 0x0250), range(0x0622, 0x0627), range(0x1E00, 0x1F00))
_MARKS = range(0x0300, 0x0370)  # accents that follow their letter
# written as one letter or as two, whichever of them is typed
_PAIRS = {"oe": "œ", "ae": "æ", "ss": "ß"}
_APOSTROPHES = "'’‘ʼ"
# by language: what a plural adds; every reader may also type English, French or Spanish
_PLURALS = {"de": ("en", "er", "e", "n"), "nl": ("en",)}
_LONG_ENOUGH = 3  # letters: the beginning of a word stands for it, and so does a stem
# no spaces between words, or articles that are written as one with them
_RUN_TOGETHER = re.compile(r"[\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff]")


def words_like(word: str, language: str) -> str:
    """An expression for words that begin with this one, and for its singular as a whole word.

    `whales` -> Whales, whalesong, whale; `mars` -> Mars, but not March. Shorter than three letters
    it is the whole word. German and Dutch put words together: there it may also end one.
    """
    if not word[0].isalnum() or _RUN_TOGETHER.search(word):
        return pattern_of(word)
    # \b is written otherwise in PostgreSQL; these mean the same in both
    begin, end = r"(^|\W)", r"(\W|$)"
    typed = pattern_of(word)
    if len(word) < _LONG_ENOUGH:
        return f"{begin}{typed}{end}"
    stems = [pattern_of(stem) for stem in _singulars(word.lower(), language)]
    found = [f"{begin}{typed}", *(f"{begin}{stem}{end}" for stem in stems)]
    if plurals := _PLURALS.get(language.partition("-")[0]):
        found += [f"{each}({'|'.join(plurals)})?{end}" for each in (typed, *stems)]
    return "|".join(found)


def _singulars(word: str, language: str) -> list[str]:
    """What the word may be the plural of: `volcanoes` -> volcanoe, volcano."""
    endings = ("s", "es", *_PLURALS.get(language.partition("-")[0], ()))
    stems = [word.removesuffix(ending) for ending in endings if word.endswith(ending)]
    if word.endswith("ies"):
        stems.append(f"{word.removesuffix('ies')}y")
    return [stem for stem in stems if len(stem) >= _LONG_ENOUGH]


def pattern_of(word: str) -> str:
    """`Île` -> an expression for île, ile, ILE; everything that is not a letter means itself."""
    text = unicodedata.normalize("NFC", word).lower()
    for pair, letter in _PAIRS.items():
        text = text.replace(letter, pair)
    parts: list[str] = []
    while text:
        if text[:2] in _PAIRS:
            first, second = map(_one, text[:2])
            letter = _PAIRS[text[:2]]
            parts.append(f"({first}{second}|{letter}|{letter.upper()})")
            text = text[2:]
            continue
        if ord(text[0]) not in _MARKS:
            parts.append(_one(text[0]))
        text = text[1:]
    return "".join(parts)


def _one(character: str) -> str:
    if character in _APOSTROPHES:
        return f"[{_APOSTROPHES}]"
    forms = _forms().get(_base(character), character)
    # PostgreSQL folds case by its locale, which may know ASCII only: both cases are named
    cases = {form for each in forms for form in (each, each.upper()) if len(form) == 1}
    return f"[{''.join(sorted(cases))}]" if len(cases) > 1 else re.escape(character)


def _base(character: str) -> str:
    """The letter without its accents; others as they are."""
    return _bases().get(character, character)


@cache
def _bases() -> dict[str, str]:
    decomposed = (
        (chr(code), unicodedata.normalize("NFD", chr(code))) for each in _ACCENTED for code in each
    )
    return {
        letter: parts[0].lower()
        for letter, parts in decomposed
        if len(parts) > 1 and parts[0].isalpha()
    }


@cache
def _forms() -> dict[str, str]:
    """Base letter -> itself and all its accented forms."""
    forms: defaultdict[str, str] = defaultdict(str)
    for letter, base in _bases().items():
        forms[base] += letter
    return {base: base + letters for base, letters in forms.items()}
