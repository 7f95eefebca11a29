"""What the columns of the content take; each raises ValidationError with a sentence for a form."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _

from skill_endpoint.facts.content import LIMITS, OPTIONS
from skill_endpoint.facts.measures import is_balanced, longest


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


def names_by_language(names: object) -> None:
    """Raises ValidationError for anything but {language: {"name": text, "spoken": text}}."""
    fine = isinstance(names, dict) and all(
        isinstance(name, dict)
        and set(name) == {"name", "spoken"}
        and all(isinstance(text, str) and 0 < len(text) <= LIMITS["name"] for text in name.values())
        for name in names.values()
    )
    if not fine:
        raise ValidationError(_("Each language needs a “name” and a “spoken” form, and no more."))


def three_answers(options: object) -> None:
    """Raises ValidationError for anything but three different short answers, or none."""
    if not options:
        return
    fine = (
        isinstance(options, list)
        and all(isinstance(each, str) and 0 < len(each) <= LIMITS["option"] for each in options)
        and len({each.casefold() for each in options}) == len(options) == OPTIONS
    )
    if not fine:
        raise ValidationError(
            _("Three different answers, each of at most %(limit)s characters."),
            params={"limit": LIMITS["option"]},
        )
