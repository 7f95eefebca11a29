"""Measures that people read differently: "[80 kilometers|50 miles]" in a text, metric first.

One of the two is spoken, both are shown. Written out by whoever writes the text: rounding and
grammar are a writer's, "about three feet" is no product of a factor.
"""

from __future__ import annotations

import re

_CHOICE = re.compile(r"\[([^\[\]|]+)\|([^\[\]|]+)\]")


def spoken(text: str, *, imperial: bool) -> str:
    return _CHOICE.sub(r"\2" if imperial else r"\1", text)


def shown(text: str) -> str:
    return _CHOICE.sub(r"\1 (\2)", text)


def is_balanced(text: str) -> bool:
    """Whether every bracket and bar belongs to a choice."""
    return not re.search(r"[\[\]|]", _CHOICE.sub("", text))


def longest(text: str) -> int:
    """Characters of the longer reading."""
    return max(len(spoken(text, imperial=False)), len(spoken(text, imperial=True)))
