"""Read the store's texts: one TOML file a language, with tables for regions (texts/en.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skill_endpoint.locales import LANGUAGES, LOCALES

FOLDER = Path(__file__).resolve().parent / "texts"
MAX_FILE_BYTES = 256 * 1024
FIELDS = ("name", "summary", "description", "keywords", "wake_word", "phrases")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class TextsInvalid(ValueError):
    """The file cannot be read as store texts. Says the file and what to mend."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence to try. `sample` is empty where it only opens the skill."""

    say: str
    sample: str = ""

    def spoken(self, *, wake_word: str, invocation: str) -> str:
        values = {"wake_word": wake_word, "invocation": invocation, "sample": self.sample}
        # in one pass: what is filled in is not read for placeholders again
        return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), self.say)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreText:
    """What the store shows of the skill in one locale. Nothing of it was checked for length."""

    name: str
    summary: str
    description: str
    keywords: tuple[str, ...]
    wake_word: str
    phrases: tuple[Phrase, ...]


def read(language: str, folder: Path = FOLDER) -> dict[str, StoreText]:
    """Locale code to text, of every locale of the language; empty where nobody wrote it yet.

    Raises TextsInvalid, or OSError for a file that is there and cannot be read.
    """
    path = folder / f"{language}.toml"
    if language not in LANGUAGES:
        raise TextsInvalid(f"{path.name}: not a language of Alexa: {', '.join(LANGUAGES)}")
    if not path.exists():
        return {}
    if path.stat().st_size > MAX_FILE_BYTES:
        raise TextsInvalid(f"{path.name}: larger than {MAX_FILE_BYTES} bytes")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of TOML, and of UTF-8
        raise TextsInvalid(f"{path.name}: {error}") from error
    return _by_locale(document, language, path.name)


def _by_locale(document: dict[str, Any], language: str, where: str) -> dict[str, StoreText]:
    codes = [locale.code for locale in LOCALES.values() if locale.parent == language]
    regions = _tables(document.pop("regions", []), f"{where}: regions")
    own: dict[str, dict[str, Any]] = {}
    for region in regions:
        for code in _words(region.pop("locales", None), f"{where}: locales of a region"):
            if code not in codes:
                raise TextsInvalid(f"{where}: {code} is not one of {', '.join(codes)}")
            if code in own:
                raise TextsInvalid(f"{where}: {code} stands in two regions")
            own[code] = region
    return {code: _text(document | own.get(code, {}), f"{where}: {code}") for code in codes}


def _text(fields: Mapping[str, Any], where: str) -> StoreText:
    for name in fields:
        if name not in FIELDS:
            raise TextsInvalid(f"{where}: no field {name!r}, only {', '.join(FIELDS)}")
    for name in FIELDS:
        if name not in fields:
            raise TextsInvalid(f"{where}: {name} is missing")
    return StoreText(
        name=_line(fields["name"], f"{where}: name"),
        summary=_line(fields["summary"], f"{where}: summary"),
        description=_string(fields["description"], f"{where}: description"),
        keywords=_words(fields["keywords"], f"{where}: keywords"),
        wake_word=_line(fields["wake_word"], f"{where}: wake_word"),
        phrases=tuple(
            _phrase(table, f"{where}: phrases")
            for table in _tables(fields["phrases"], f"{where}: phrases")
        ),
    )


def _phrase(table: Mapping[str, Any], where: str) -> Phrase:
    if unknown := table.keys() - {"say", "sample"}:
        raise TextsInvalid(f"{where}: no field {min(unknown)!r}, only say and sample")
    say = _line(table.get("say"), f"{where}: say")
    sample = _line(table["sample"], f"{where}: sample") if "sample" in table else ""
    wanted = ["wake_word", "invocation", *(["sample"] if sample else [])]
    if sorted(PLACEHOLDER.findall(say)) != sorted(wanted):
        names = " and ".join(f"{{{name}}}" for name in wanted)
        raise TextsInvalid(f"{where}: {say!r} needs {names}, each once, and no other")
    return Phrase(say, sample)


def _tables(value: object, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise TextsInvalid(f"{where}: write them as [[tables]]")
    return [dict(table) for table in value]


def _words(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise TextsInvalid(f"{where}: write a list of texts")
    return tuple(_line(word, where) for word in value)


def _line(value: object, where: str) -> str:
    text = _string(value, where)
    if "\n" in text:
        raise TextsInvalid(f"{where}: write it in one line")
    return text


def _string(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TextsInvalid(f"{where}: write a text")
    text = value.strip()
    if any(ord(letter) < 32 and letter != "\n" for letter in text):
        raise TextsInvalid(f"{where}: takes no tabs or other control characters")
    return text
