"""What the columns of the content take; each raises ValidationError with a sentence for a form."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _

from skill_endpoint.facts.answers import are_apart
from skill_endpoint.facts.content import ENGLISH, LIMITS, OPTIONS, is_locator
from skill_endpoint.facts.measures import is_balanced, longest
from skill_endpoint.locales import LOCALES


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


def known_languages() -> list[str]:
    """Those that some locale of Alexa is answered in, regions included; English first."""
    known = {language for each in LOCALES.values() for language in (each.parent, each.language)}
    return sorted(known, key=lambda language: (language != ENGLISH, language))


def known_language(language: str) -> None:
    if language not in known_languages():
        raise ValidationError(
            _("The skill speaks no “%(language)s”."), params={"language": language[:12]}
        )


def source_locator(text: str) -> None:
    if not is_locator(text):
        raise ValidationError(
            _("Write a web address with http or https, or plain text like a DOI or a page.")
        )


def names_by_language(names: object) -> None:
    """Raises ValidationError for anything but {language: {"name": text, "spoken": text}}."""
    fine = isinstance(names, dict) and all(
        isinstance(name, dict)
        and set(name) == {"name", "spoken"}
        and all(_is_sayable(text, LIMITS["name"]) for text in name.values())
        for name in names.values()
    )
    if not fine or not isinstance(names, dict):
        raise ValidationError(_("Each language needs a “name” and a “spoken” form, and no more."))
    for language in names:
        known_language(language)


def three_answers(options: object) -> None:
    """Raises ValidationError for anything but three answers that can be told apart, or none."""
    if not options:
        return
    fine = (
        isinstance(options, list)
        and len(options) == OPTIONS
        and all(_is_sayable(option, LIMITS["option"]) for option in options)
        and are_apart(options)
    )
    if not fine:
        raise ValidationError(
            _("Three answers that sound different, each of at most %(limit)s characters."),
            params={"limit": LIMITS["option"]},
        )


def _is_sayable(text: object, limit: int) -> bool:
    """A short line of text, without what no page, no markup and no database takes."""
    return isinstance(text, str) and 0 < len(text.strip()) <= limit and text.isprintable()
