"""What each of Alexa's locales says: its own language's sentences, never silently another's.

Django is held to what stands in the catalogues themselves, through its whole chain: fr-ca, fr, en.
"""

from __future__ import annotations

import gettext as standard
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.test import override_settings
from django.utils import translation

from companion.local.translations import compiling, folders
from companion.local.translations.extracting import sentences
from companion.local.translations.updating import read, render
from skill_endpoint.locales import LANGUAGES, LOCALES, Locale

SPEECH = next(folder for folder in folders.find() if folder.is_speech)
SENTENCES = [message for message in sentences(SPEECH) if message.id]
COUNTS = range(201)
LANGUAGES_TO_TRANSLATE = sorted(set(LANGUAGES) - {"en"})


@cache
def own(language: str) -> tuple[Catalog, Callable[[int], int]]:
    """A language's own catalogue, empty where it has none, and the plural form of a number."""
    name = translation.to_locale(language)
    catalogue = read(SPEECH.catalogue(name), name)
    return catalogue, standard.c2py(catalogue.plural_expr)


def forms(strings: str | Sequence[str] | None) -> tuple[str, ...]:
    return (strings or "",) if isinstance(strings, str | None) else tuple(strings)


def in_the_catalogues(locale: Locale, message: Message, count: int) -> str:
    """The region's own words, else the language's, else for English the source's."""
    for language in dict.fromkeys((locale.language, locale.parent)):
        catalogue, form_of = own(language)
        if found := catalogue.get(message.id, message.context):
            translated = forms(found.string)
            return translated[form_of(count)] if message.pluralizable else translated[0]
    source = forms(message.id) if locale.parent == "en" else ("",)
    return source[0] if count == 1 else source[-1]


def said(message: Message, count: int) -> str:
    """What the skill says in the active language."""
    if not message.pluralizable:
        [sentence] = forms(message.id)
        if message.context:
            return translation.pgettext(message.context, sentence)
        return translation.gettext(sentence)
    singular, plural = forms(message.id)
    if message.context:
        return translation.npgettext(message.context, singular, plural, count)
    return translation.ngettext(singular, plural, count)


def compiled_into(target: Path, sources: Path) -> None:
    """The catalogues of a folder `locale`, as an installation has them."""
    for path in sources.glob("*/LC_MESSAGES/django.po"):
        mo = target / path.relative_to(sources).with_suffix(".mo")
        assert list(compiling.compile_catalogue(path, mo)) == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Django with catalogues that are compiled now: an older `.mo` must not answer."""
    source = SPEECH.path / "locale"
    target = tmp_path_factory.mktemp("compiled") / "locale"
    compiled_into(target, source)
    paths = [target if Path(path) == source else path for path in settings.LOCALE_PATHS]
    assert target in paths
    with override_settings(LOCALE_PATHS=paths):
        yield


@pytest.mark.parametrize("language", LANGUAGES_TO_TRANSLATE)
def test_every_language_of_alexa_has_its_catalogue(language: str) -> None:
    assert SPEECH.catalogue(language).is_file()


@pytest.mark.parametrize("locale", LOCALES.values(), ids=list(LOCALES))
def test_each_locale_says_every_sentence_in_its_own_words(installed: None, locale: Locale) -> None:
    if locale.parent != "en" and not SPEECH.catalogue(locale.parent).is_file():
        pytest.skip("no catalogue yet: another test asks for it")
    with translation.override(locale.language):
        differing = {
            (message.id, count): (said(message, count), words)
            for message in SENTENCES
            for count in (COUNTS if message.pluralizable else [1])
            if (words := in_the_catalogues(locale, message, count)) == ""
            or said(message, count) != words
        }
    assert differing == {}


# --- the chain itself, with catalogues made for it ---------------------------------------------

MADE = {
    "fr": (
        'msgid "Plain."\nmsgstr "Simple."\n\nmsgid "Regional."\nmsgstr "Fin de semaine : fr."\n\n'
        'msgid "{n} fact"\nmsgid_plural "{n} facts"\n'
        'msgstr[0] "{n} fait"\nmsgstr[1] "{n} faits"\n'
    ),
    "fr_CA": 'msgid "Regional."\nmsgstr "Fin de semaine : ca."\n',
    "es": 'msgid "Plain."\nmsgstr "Simple (es)."\n\nmsgid "Regional."\nmsgstr "Coche."\n',
    "es_MX": 'msgid "Regional."\nmsgstr "Carro."\n',
    "pt": (
        'msgid "Plain."\nmsgstr "Simples."\n\nmsgid "{n} fact"\nmsgid_plural "{n} facts"\n'
        'msgstr[0] "{n} fato"\nmsgstr[1] "{n} fatos"\n'
    ),
    "en_GB": 'msgid "Regional."\nmsgstr "Colour."\n',
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[None]:
    source = tmp_path / "source"
    for language, entries in MADE.items():
        path = source / language / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True)
        path.write_text(entries, encoding="utf-8")
        path.write_bytes(render(read(path, language)))
    compiled_into(tmp_path / "locale", source)
    with override_settings(LOCALE_PATHS=[tmp_path / "locale"]):
        yield


@pytest.mark.parametrize(
    ("language", "sentence", "words"),
    [
        ("fr", "Regional.", "Fin de semaine : fr."),
        ("fr-ca", "Regional.", "Fin de semaine : ca."),
        ("fr-ca", "Plain.", "Simple."),
        ("fr-ca", "Only in the source.", "Only in the source."),
        ("es-mx", "Regional.", "Carro."),
        ("es-mx", "Plain.", "Simple (es)."),
        ("pt-br", "Plain.", "Simples."),
        ("en-gb", "Regional.", "Colour."),
        ("en-gb", "Plain.", "Plain."),
        ("en", "Regional.", "Regional."),
        ("de", "Plain.", "Plain."),
    ],
)
def test_a_region_falls_back_to_its_language_and_that_to_english(
    made: None, language: str, sentence: str, words: str
) -> None:
    with translation.override(language):
        assert translation.gettext(sentence) == words


@pytest.mark.parametrize("language", ["fr", "fr-ca", "pt-br"])
def test_a_plural_falls_back_too(made: None, language: str) -> None:
    singular, plural = ("fato", "fatos") if language == "pt-br" else ("fait", "faits")
    with translation.override(language):
        said = [translation.ngettext("{n} fact", "{n} facts", count) for count in COUNTS]

    assert said[1:] == [f"{{n}} {singular}", *[f"{{n}} {plural}"] * 199]
