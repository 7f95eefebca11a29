"""How long a text takes to say, about."""

from __future__ import annotations

import re

# Letters without spaces between words are counted one by one, everything else by words. Both are
# what a calm voice says in a second; long words make for fewer.
_LETTERS_A_SECOND = {"ja": 6.5}
_WORDS_A_SECOND = {"ar": 2.0, "de": 2.2, "es": 2.7, "fr": 2.8, "hi": 2.7, "it": 2.6, "nl": 2.4}
_WORDS_A_SECOND_ELSEWHERE = 2.8
_BREAK = re.compile(r"""<break\b[^>]{0,60}\btime=["'](\d{1,5})(ms|s)["']""")


def seconds(text: str, language: str, ssml: str = "") -> float:
    """About how long it takes to say the text, with the pauses that its markup asks for."""
    parent = language.partition("-")[0]
    if rate := _LETTERS_A_SECOND.get(parent):
        spoken = sum(letter.isalnum() for letter in text) / rate
    else:
        words = sum(any(map(str.isalnum, word)) for word in text.split())
        spoken = words / _WORDS_A_SECOND.get(parent, _WORDS_A_SECOND_ELSEWHERE)
    pauses = sum(int(time) / (1000 if unit == "ms" else 1) for time, unit in _BREAK.findall(ssml))
    return spoken + pauses
