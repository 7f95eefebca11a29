"""The store's texts: how they are read, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from skill_endpoint.locales import LANGUAGES, LOCALES
from skill_endpoint.skill_package import texts
from skill_endpoint.skill_package.texts import Phrase, TextsInvalid

GERMAN = """
name = "Kleine Wunder"
summary = "Jeden Tag etwas."
description = \"\"\"
Erster Absatz.

Zweiter.
\"\"\"
keywords = ["Fakten"]
wake_word = "Alexa"
[[phrases]]
say = "{wake_word}, öffne {invocation}"
[[phrases]]
say = "{wake_word}, frage {invocation} nach {sample}"
sample = "dem Fakt des Tages"
"""


def read(folder: Path, content: str | bytes, language: str = "de") -> dict[str, texts.StoreText]:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / f"{language}.toml").write_bytes(data)
    return texts.read(language, folder)


def test_a_language_is_read_for_each_of_its_locales(tmp_path: Path) -> None:
    text = read(tmp_path, GERMAN)["de-DE"]
    assert text.name == "Kleine Wunder"
    assert text.description == "Erster Absatz.\n\nZweiter."
    assert text.keywords == ("Fakten",)
    assert text.phrases[0] == Phrase("{wake_word}, öffne {invocation}")


def test_a_region_replaces_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    region = GERMAN + '[[regions]]\nlocales = ["en-GB", "en-IN"]\nname = "Anders"\n'
    found = read(tmp_path, region, "en")
    assert {code: text.name for code, text in found.items()} == {
        "en-US": "Kleine Wunder",
        "en-GB": "Anders",
        "en-AU": "Kleine Wunder",
        "en-CA": "Kleine Wunder",
        "en-IN": "Anders",
    }
    assert found["en-GB"].summary == found["en-US"].summary


def test_a_language_that_nobody_wrote_yet_has_no_text(tmp_path: Path) -> None:
    assert texts.read("ja", tmp_path) == {}


def test_what_is_filled_in_is_not_read_for_placeholders_again() -> None:
    phrase = Phrase("{wake_word}, {invocation} {sample}", sample="{invocation}")
    spoken = phrase.spoken(wake_word="Alexa", invocation="{sample}")
    assert spoken == "Alexa, {sample} {invocation}"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("name = ", "de.toml"),
        (b'name = "\xff"', "utf-8"),
        (GERMAN.replace("summary", "sumary"), "no field 'sumary'"),
        (GERMAN.replace('summary = "Jeden Tag etwas."\n', ""), "summary is missing"),
        (GERMAN.replace('"Kleine Wunder"', "7"), "name: write a text"),
        (GERMAN.replace('"Kleine Wunder"', '" "'), "name: write a text"),
        (GERMAN.replace('"Kleine Wunder"', '"Kleine\\nWunder"'), "in one line"),
        (GERMAN.replace('"Kleine Wunder"', '"Kleine\\u0000"'), "control characters"),
        (GERMAN.replace('["Fakten"]', '"Fakten"'), "keywords: write a list"),
        (GERMAN.replace('["Fakten"]', "[]"), "keywords: write a list"),
        (GERMAN.replace("{invocation} nach", "nach"), "needs {wake_word} and {invocation}"),
        (GERMAN.replace("{invocation} nach", "{name} nach"), "needs {wake_word}"),
        (GERMAN.replace('sample = "', 'smaple = "'), "no field 'smaple'"),
        (GERMAN + '[[regions]]\nlocales = ["fr-FR"]\n', "fr-FR is not one of de-DE"),
        (GERMAN + '[[regions]]\nlocales = ["de-DE"]\n' * 2, "de-DE stands in two regions"),
        (GERMAN + '[[regions]]\nname = "X"\n', "locales of a region"),
        (GERMAN + '[[regions]]\nlocales = ["de-DE"]\ncity = "X"\n', "no field 'city'"),
        ("x = 1\n" + "#" * texts.MAX_FILE_BYTES, "larger than"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str | bytes, complaint: str) -> None:
    with pytest.raises(TextsInvalid) as refused:
        read(tmp_path, content)
    assert complaint in str(refused.value)
    assert "de.toml" in str(refused.value)


def test_only_languages_of_alexa_have_texts(tmp_path: Path) -> None:
    with pytest.raises(TextsInvalid, match="not a language of Alexa"):
        texts.read("../en", tmp_path)


def test_every_file_is_a_language_of_alexa() -> None:
    stems = {path.stem for path in texts.FOLDER.iterdir()}
    assert "en" in stems
    assert stems <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_texts_can_be_read(language: str) -> None:
    found = texts.read(language)
    if (texts.FOLDER / f"{language}.toml").exists():
        assert list(found) == [code for code in LOCALES if code.startswith(f"{language}-")]
