"""What people say in a language, read from its source. sources/en.toml explains the format."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skill_endpoint.interaction_models.expansion import expand, parts_in, with_parts
from skill_endpoint.interaction_models.intents import ALL_TOPICS, ANSWERS, INTENTS
from skill_endpoint.locales import LOCALES, Locale

SOURCES = Path(__file__).resolve().parent / "sources"

type Table = dict[str, Any]
type Sayings = dict[str, tuple[str, ...]]  # of an intent, or the words of a slot value

_KEYS = {
    "invocation_name": str,
    "names": list,
    "parts": dict,
    "intents": dict,
    "topics": dict,
    "answers": dict,
    "regions": dict,
}
_OPTIONAL = {"parts", "regions"}
_TABLES = ("intents", "topics", "answers")
_REGION_KEYS = {"invocation_name": str, "parts": dict, "more": dict, "less": dict}
_KINDS: dict[type, str] = {str: "text", list: "a list", dict: "a table"}
_PART_NAME = re.compile(r"[a-z][a-z_]*")


class SourceError(ValueError):
    """What is wrong with a source; `problems` has one line for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Spoken:
    """What people of one locale say, all alternatives written out."""

    invocation_name: str
    names: tuple[str, ...]
    intents: Sayings
    topics: Sayings  # by slug, the name of the topic first; ALL_TOPICS means all
    answers: Sayings  # by ANSWERS


@dataclass
class _Reading:
    """One source on its way; faults are collected, so that one run shows all of them."""

    label: str
    problems: list[str] = field(default_factory=list)

    def fault(self, *where: str) -> None:
        self.problems.append(": ".join((self.label, *where)))

    def done(self) -> None:
        if self.problems:
            raise SourceError(self.problems)


def source_path(language: str, folder: Path | None = None) -> Path:
    return (folder or SOURCES) / f"{language}.toml"


def languages(folder: Path | None = None) -> list[str]:
    """Those that there is a source for."""
    return sorted(path.stem for path in (folder or SOURCES).glob("*.toml"))


def read(locale: Locale, topics: Collection[str], folder: Path | None = None) -> Spoken:
    """The source of the locale's language with what its region says differently.

    `topics` are the slugs that there is content for. Raises SourceError, FileNotFoundError where
    the language has no source.
    """
    path = source_path(locale.parent, folder)
    reading = _Reading(path.name)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError([f"{path.name}: not TOML in UTF-8: {error}"]) from error
    _check_shape(reading, "", table, _KEYS, optional=_OPTIONAL)
    reading.done()
    _check_keys(reading, table, topics)
    regions = table.get("regions", {})
    for code, region in regions.items():
        _check_region(reading, code, region, locale.parent, topics)
    reading.done()
    region = regions.get(locale.code, {})
    spoken = _spoken(reading, table, region)
    reading.done()
    return spoken


def _spoken(reading: _Reading, table: Table, region: Table) -> Spoken:
    raw_parts = {**table.get("parts", {}), **region.get("parts", {})}
    parts = _whole_parts(reading, raw_parts)
    _check_parts_used(reading, table, parts)
    more, less = region.get("more", {}), region.get("less", {})
    written_out: dict[str, Sayings] = {
        name: {
            key: _merged(
                reading,
                f"{name}.{key}",
                parts,
                sayings,
                more.get(name, {}).get(key, ()),
                less.get(name, {}).get(key, ()),
            )
            for key, sayings in _with_missing(table[name], more.get(name, {})).items()
        }
        for name in _TABLES
    }
    return Spoken(
        invocation_name=str(region.get("invocation_name") or table["invocation_name"]),
        names=tuple(table["names"]),
        **written_out,
    )


def _with_missing(sayings: Table, more: Table) -> Table:
    """A built-in intent may have sayings in a region only."""
    return {**sayings, **{key: [] for key in more if key not in sayings}}


def _merged(
    reading: _Reading,
    label: str,
    parts: Mapping[str, str],
    sayings: Collection[str],
    more: Collection[str],
    less: Collection[str],
) -> tuple[str, ...]:
    said = _written_out(reading, label, parts, sayings)
    for text in _written_out(reading, f"less.{label}", parts, less):
        if text in said:
            del said[text]
        else:
            reading.fault(f"less.{label}", f"“{text}” is not said anyway")
    return tuple({**said, **_written_out(reading, f"more.{label}", parts, more)})


def _written_out(
    reading: _Reading, label: str, parts: Mapping[str, str], sayings: Collection[str]
) -> dict[str, None]:
    """The sentences in order; as keys, because one may be made twice."""
    found: dict[str, None] = {}
    for saying in sayings:
        try:
            found.update(dict.fromkeys(expand(saying, parts)))
        except ValueError as error:
            reading.fault(label, f"“{saying}” {error}")
    return found


def _whole_parts(reading: _Reading, parts: Mapping[str, str]) -> dict[str, str]:
    """Each part with those above it in place."""
    whole: dict[str, str] = {}
    for name, text in parts.items():
        try:
            whole[name] = with_parts(text, whole)
        except ValueError as error:
            reading.fault(f"parts.{name}", str(error))
            whole[name] = text
    return whole


def _check_parts_used(reading: _Reading, table: Table, parts: Mapping[str, str]) -> None:
    used = set().union(*(parts_in(text) for text in _strings(table)))
    for name in parts:
        if not _PART_NAME.fullmatch(name):
            reading.fault(f"parts.{name}", "a part is named with a to z and _")
        elif name not in used:
            reading.fault(f"parts.{name}", "is used nowhere")


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value
    return [text for child in children for text in _strings(child)]


def _check_keys(reading: _Reading, table: Table, topics: Collection[str]) -> None:
    """Everything that the skill knows has its sayings, and nothing else has."""
    wanted = {
        "intents": [intent.name for intent in INTENTS if not intent.is_built_in],
        "topics": [*topics, ALL_TOPICS],
        "answers": list(ANSWERS),
    }
    for name, keys in wanted.items():
        for key in keys:
            if not table[name].get(key):
                reading.fault(name, f"{key} is missing or empty")
        _check_sayings(reading, name, table[name], topics)
    _check_texts(reading, "names", table["names"])
    if not table["names"]:
        reading.fault("names", "is empty")
    _check_parts(reading, "parts", table.get("parts", {}))


def _check_region(
    reading: _Reading, code: str, region: object, language: str, topics: Collection[str]
) -> None:
    label = f"regions.{code}"
    if code not in LOCALES or LOCALES[code].parent != language:
        known = ", ".join(each.code for each in LOCALES.values() if each.parent == language)
        reading.fault(label, f"no locale of this language, which has {known or 'none'}")
    if not _check_shape(reading, label, region, _REGION_KEYS, optional=set(_REGION_KEYS)):
        return
    assert isinstance(region, dict)  # noqa: S101 - for the type checker; _check_shape saw to it
    _check_parts(reading, f"{label}.parts", region.get("parts", {}))
    for kind in ("more", "less"):
        tables = region.get(kind, {})
        kinds = dict.fromkeys(_TABLES, dict)
        if _check_shape(reading, f"{label}.{kind}", tables, kinds, optional=set(_TABLES)):
            for name, sayings in tables.items():
                _check_sayings(reading, f"{label}.{kind}.{name}", sayings, topics)


def _check_sayings(reading: _Reading, label: str, table: Table, topics: Collection[str]) -> None:
    known: dict[str, Collection[str]] = {
        "intents": {intent.name for intent in INTENTS},
        "topics": {*topics, ALL_TOPICS},
        "answers": set(ANSWERS),
    }
    kind = label.rpartition(".")[2]
    for key, sayings in table.items():
        if key not in known[kind]:
            reading.fault(label, f"{key} is none of the skill's {kind}")
        _check_texts(reading, f"{label}.{key}", sayings)


def _check_parts(reading: _Reading, label: str, parts: Table) -> None:
    for name, text in parts.items():
        if not isinstance(text, str):
            reading.fault(f"{label}.{name}", "must be text in quotes")


def _check_texts(reading: _Reading, label: str, texts: object) -> None:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        reading.fault(label, "must be a list of texts in quotes")


def _check_shape(
    reading: _Reading,
    label: str,
    table: object,
    keys: Mapping[str, type],
    *,
    optional: Collection[str],
) -> bool:
    """Faults for missing, unknown and mistyped entries; whether there were none."""
    before = len(reading.problems)
    where = (label,) if label else ()
    if not isinstance(table, dict):
        reading.fault(*where, "must be a table")
        return False
    for name in keys:
        if name not in table and name not in optional:
            reading.fault(*where, f"{name} is missing")
    for name, value in table.items():
        if name not in keys:
            reading.fault(*where, f"{name} is not a known key")
        elif not isinstance(value, keys[name]):
            reading.fault(*where, f"{name} must be {_KINDS[keys[name]]}")
    return len(reading.problems) == before
