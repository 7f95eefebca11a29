from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from babel.dates import format_date, format_skeleton
from django.utils.translation import get_language, pgettext, to_locale

from skill_endpoint.facts import measures
from skill_endpoint.ssml import Ssml, fill, in_voice_of, join

# a voice for content that is not in the language of the answer
VOICES = {"en": "en-US", "de": "de-DE", "es": "es-ES", "fr": "fr-FR", "it": "it-IT", "ja": "ja-JP"}


def pick(seed: str, *wordings: str) -> str:
    """One of the wordings: always the same for the same seed."""
    digest = hashlib.sha256(f"{wordings[0]} {seed}".encode()).digest()
    return wordings[digest[0] % len(wordings)]


def and_list(words: Sequence[str]) -> Ssml:
    """space, food and history"""
    return _list(words, pgettext("the end of a list", "{words} and {last_word}"))


def or_list(words: Sequence[str]) -> Ssml:
    """Venus, Mars, or Jupiter"""
    return _list(words, pgettext("the end of a list to choose from", "{words}, or {last_word}"))


def _list(words: Sequence[str], end: str) -> Ssml:
    if len(words) < 2:
        return join(*words)
    comma = pgettext("between the words of a list", ", ")
    return fill(end, words=join(*words[:-1], by=comma), last_word=words[-1])


def month_of(day: date) -> str:
    """November 2026, as it is said in the language of the answer."""
    return str(format_skeleton("yMMMM", day, locale=_unicode_locale()))


def date_of(day: date) -> str:
    """November 22, 2026, as it is written in the language of the answer."""
    return str(format_date(day, "long", locale=_unicode_locale()))


def _unicode_locale() -> str:
    # Django's own formats give Italian months a capital, and Hindi ones an English order
    return to_locale(get_language() or "en")


def read_aloud(words: str, language: str, *, imperial: bool = False) -> Ssml:
    """Words of the content, which are in `language`; another voice where we speak another one."""
    said = fill("{words}", words=measures.spoken(words, imperial=imperial))
    parent = language.partition("-")[0]
    if parent == (get_language() or "en").partition("-")[0] or parent not in VOICES:
        return said
    return in_voice_of(VOICES[parent], said)
