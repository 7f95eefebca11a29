from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.utils.translation import pgettext


def pick(seed: str, *wordings: str) -> str:
    """One of the wordings: always the same for the same seed."""
    digest = hashlib.sha256(f"{wordings[0]} {seed}".encode()).digest()
    return wordings[digest[0] % len(wordings)]


def and_list(words: Sequence[str]) -> str:
    """space, food and history"""
    if len(words) < 2:
        return "".join(words)
    return pgettext("the end of a list", "{words} and {last_word}").format(
        words=pgettext("between the words of a list", ", ").join(words[:-1]), last_word=words[-1]
    )


def topic_name(name: str) -> str:
    """A topic's name for the middle of a sentence: translated, without the capital of a title."""
    translated = pgettext("topic", name)
    is_title = translated[:1].isupper() and translated[1:].islower()
    return translated.lower() if is_title and translated == name else translated
