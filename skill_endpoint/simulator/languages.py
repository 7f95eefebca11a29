"""The language that the skill answers a device in."""

from __future__ import annotations

from django.utils import translation

from skill_endpoint.locales import locale_of
from skill_endpoint.speech import account

ENGLISH = "en"


def answer_language(locale: object) -> str:
    """As Django writes it: fr-ca; English where the skill's sentences are not translated."""
    language = locale_of(locale).language
    return language if _is_translated(language) else ENGLISH


def has_texts(locale: str) -> bool:
    return _is_translated(locale_of(locale).language)


def _is_translated(language: str) -> bool:
    if language.partition("-")[0] == ENGLISH:
        return True
    with translation.override(ENGLISH):
        in_english = account.card_sent()
    with translation.override(language):
        return account.card_sent() != in_english
