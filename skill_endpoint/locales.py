"""The locales that Alexa has skills in, and what each is answered in.

https://developer.amazon.com/en-US/docs/alexa/custom-skills/develop-skills-in-multiple-languages.html
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.units import Units


@dataclass(frozen=True, slots=True)
class Locale:
    code: str  # as Alexa writes it: fr-CA
    language: str  # of catalogue and content, as Django writes it: fr-ca, whose parent is fr
    units: Units = Units.METRIC  # what people there measure in, until they choose

    @property
    def parent(self) -> str:
        """The language without its region: the one that sources and translations are kept in."""
        return self.language.partition("-")[0]


# The first of a language stands in for regions of it that Alexa may add.
_LOCALES = (
    Locale("en-US", "en", Units.IMPERIAL),
    # British spelling on cards; what is spoken differs little
    Locale("en-GB", "en-gb"),
    Locale("en-AU", "en-gb"),
    Locale("en-CA", "en-gb"),
    Locale("en-IN", "en-gb"),
    Locale("fr-FR", "fr"),
    Locale("fr-CA", "fr-ca"),
    Locale("es-ES", "es"),
    Locale("es-MX", "es-mx"),
    Locale("es-US", "es-mx", Units.IMPERIAL),
    Locale("it-IT", "it"),
    Locale("de-DE", "de"),
    Locale("ja-JP", "ja"),
    Locale("pt-BR", "pt-br"),
    Locale("nl-NL", "nl"),
    Locale("hi-IN", "hi"),
    Locale("ar-SA", "ar"),
)
LOCALES = {locale.code: locale for locale in _LOCALES}
LANGUAGES = tuple(dict.fromkeys(locale.parent for locale in _LOCALES))
DEFAULT = _LOCALES[0]


def locale_of(code: object) -> Locale:
    """The locale of a request, which may be missing, unknown or nonsense.

    A region that we do not know is answered as another one of its language, anything else in
    English.
    """
    if not isinstance(code, str):
        return DEFAULT
    if found := LOCALES.get(code):
        return found
    language, _, region = code.replace("_", "-").partition("-")
    known = LOCALES.get(f"{language.lower()}-{region.upper()}")
    same_language = (each for each in _LOCALES if each.parent == language.lower())
    return known or next(same_language, DEFAULT)
