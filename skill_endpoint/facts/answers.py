"""Answers of a quiz by ear: without case, punctuation and spaces."""

from __future__ import annotations

import re
import unicodedata


def words(text: str) -> list[str]:
    """ "The Moon!" -> ["the", "moon"]"""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def sound(text: str) -> str:
    """ "The Moon!" -> "themoon"; empty for what nobody can say"""
    return "".join(words(text))


def are_apart(options: list[str]) -> bool:
    """Whether each can be said, and told from the others by what is heard."""
    heard = {sound(option) for option in options}
    return len(heard) == len(options) and "" not in heard
