"""Measures that people read differently: "[80 kilometers|50 miles]" in a text, metric first.

One of the two is spoken, both are shown. Written out by whoever writes the text: rounding and
grammar are a writer's, "about three feet" is no product of a factor.
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _

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


@deconstructible
class EachReading:
    """Validates that either reading of a text fits, and that its choices are written as such."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, text: str) -> None:
        if not is_balanced(text):
            raise ValidationError(
                _("Two measures are written like [80 kilometers|50 miles], metric first.")
            )
        if longest(text) > self.limit:
            raise ValidationError(
                _("It has %(length)s characters when it is spoken; at most %(limit)s fit."),
                params={"length": longest(text), "limit": self.limit},
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EachReading) and other.limit == self.limit

    def __hash__(self) -> int:
        return hash(self.limit)
