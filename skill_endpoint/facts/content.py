"""The content as it is written: TOML files, read and validated; no database.

One file a topic, with the facts, their sources and the English texts: data/space.toml shows the
shape. One folder a language with one file a topic for the translations: data/fr/space.toml. Where a
language has no facts yet, the file has the topic's name alone: data/nl/space.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from skill_endpoint.facts.answers import are_apart
from skill_endpoint.facts.measures import is_balanced, longest

DATA = Path(__file__).resolve().parent / "data"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2})?")
_ADDRESS = re.compile(r"https?:|www\.|\w\.(com|org|net|edu|gov)\b|@", re.IGNORECASE)
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_UNSEEN = re.compile(r"[\t\r\n]")  # browsers read an address without them
# of identifiers that people cite by, beside addresses of pages
LOCATOR_SCHEMES = {"http", "https", "doi", "hdl", "isbn", "issn", "urn", "arxiv", "pmid", "pmcid"}
ENGLISH = "en"
OPTIONS = 3  # answers that a quiz question offers, the right one first

# characters: of a measure written both ways the longer one counts
LIMITS = {
    "slug": 80,
    "name": 60,
    "spoken": 60,
    "title": 200,
    "publisher": 120,
    "locator": 300,
    "headline": 80,
    "speech": 220,  # one breath: UX guide, voice rule 1
    "more": 440,
    "question": 110,
    "option": 30,
}

Table = dict[str, Any]


class ContentErrors(Exception):
    """What is wrong with the content files; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TopicName:
    name: str  # a title
    spoken: str  # as it stands in a sentence: "Here's one about …"


@dataclass(frozen=True, slots=True)
class TextContent:
    headline: str
    speech: str
    more: str = ""
    question: str = ""  # of the quiz; with it come three options
    options: tuple[str, ...] = ()  # the first is right


@dataclass(frozen=True, slots=True)
class FactContent:
    slug: str
    source_title: str
    source_publisher: str
    source_locator: str
    checked_on: date | None  # when somebody compared it with a text
    child_safe: bool
    texts: dict[str, TextContent]


@dataclass(frozen=True, slots=True)
class TopicContent:
    slug: str
    position: int
    names: dict[str, TopicName]
    facts: tuple[FactContent, ...]


def read(folder: Path = DATA) -> list[TopicContent]:
    """The topics of a folder in their order, with their facts; ContentErrors names all faults."""
    problems: list[str] = []
    topics: dict[str, Table] = {}
    for path in sorted(folder.glob("*.toml")):
        if (topic := _parsed(path, path.name, problems)) is None:
            continue
        if found := [f"{path.name}: {problem}" for problem in _topic_problems(topic, path.stem)]:
            problems += found
        else:
            topics[path.stem] = topic
    if not topics and not problems:
        problems.append(f"{folder} holds no .toml file")
    if not problems:
        for path in sorted(folder.glob("*/*.toml")):
            label = f"{path.parent.name}/{path.name}"
            if (translation := _parsed(path, label, problems)) is None:
                continue
            found = list(_translation_problems(translation, topics.get(path.stem), path))
            problems += (f"{label}: {problem}" for problem in found)
            if not found:
                _merge(topics[path.stem], path.parent.name, translation)
    if not problems:
        problems += _duplicates(topics.values())
    if problems:
        raise ContentErrors(problems)
    return sorted(map(_topic, topics.values()), key=lambda topic: (topic.position, topic.slug))


def is_locator(text: str) -> bool:
    """Whether it is an address of a page, an identifier or words; no `javascript:`, no `data:`."""
    scheme = _SCHEME.match(_UNSEEN.sub("", text))
    return scheme is None or scheme[1].lower() in LOCATOR_SCHEMES


def languages(topics: list[TopicContent], *, named: bool = False) -> list[str]:
    """Those that any of the facts has a text in, or a topic a name; English first."""
    found = {language for topic in topics for fact in topic.facts for language in fact.texts}
    if named:
        found |= {language for topic in topics for language in topic.names}
    return sorted(found, key=lambda language: (language != ENGLISH, language))


def _parsed(path: Path, label: str, problems: list[str]) -> Table | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{label}: cannot be read as TOML in UTF-8: {error}")
        return None


def _merge(topic: Table, language: str, translation: Table) -> None:
    topic.setdefault("names", {})[language] = translation
    for fact in topic["facts"]:
        if text := translation.get("facts", {}).get(fact["slug"]):
            fact["texts"][language] = text


def _topic(topic: Table) -> TopicContent:
    names = {ENGLISH: topic, **topic.get("names", {})}
    return TopicContent(
        slug=topic["slug"],
        position=topic["position"],
        names={each: TopicName(named["name"], named["spoken"]) for each, named in names.items()},
        facts=tuple(
            FactContent(
                slug=fact["slug"],
                **{f"source_{part}": fact["source"][part] for part in SOURCE},
                checked_on=fact.get("checked_on"),
                child_safe=fact["child_safe"],
                texts={
                    language: TextContent(**{**text, "options": tuple(text.get("options", ()))})
                    for language, text in fact["texts"].items()
                },
            )
            for fact in topic["facts"]
        ),
    )


SOURCE = ("title", "publisher", "locator")
TOPIC_KEYS = {"slug": str, "name": str, "spoken": str, "position": int, "facts": list}
FACT_KEYS = {"slug": str, "child_safe": bool, "source": dict, "texts": dict}
TEXT_KEYS = {"headline": str, "speech": str}
TEXT_MORE_KEYS = {"more": str, "question": str, "options": list}
TRANSLATION_KEYS = {"name": str, "spoken": str}


def _topic_problems(topic: Table, stem: str) -> Iterator[str]:
    if problems := list(_shape_problems(topic, TOPIC_KEYS)):
        yield from problems
        return
    if topic["slug"] != stem or not SLUG.fullmatch(stem):
        yield f"slug {topic['slug']!r} must be the file's name, lower case"
    if not 0 <= topic["position"] < 2**15:
        yield "position must be a small number"
    yield from _length_problems(topic, "name", "spoken")
    for number, fact in enumerate(topic["facts"], 1):
        label = fact.get("slug", f"fact {number}") if isinstance(fact, dict) else f"fact {number}"
        yield from (f"{label}: {problem}" for problem in _fact_problems(fact))


def _translation_problems(translation: Table, topic: Table | None, path: Path) -> Iterator[str]:
    if not LANGUAGE.fullmatch(path.parent.name) or path.parent.name == ENGLISH:
        yield "the folder is named like fr or fr-ca"
        return
    if topic is None:
        yield f"there is no topic {path.stem}"
        return
    if problems := list(_shape_problems(translation, TRANSLATION_KEYS, {"facts": dict})):
        yield from problems
        return
    yield from _length_problems(translation, "name", "spoken")
    known = {fact["slug"] for fact in topic["facts"]}
    for slug, text in translation.get("facts", {}).items():
        if slug not in known:
            yield f"{slug}: {topic['slug']} has no such fact"
        yield from (f"{slug}: {problem}" for problem in _text_problems(text))


def _fact_problems(fact: object) -> Iterator[str]:
    if problems := list(_shape_problems(fact, FACT_KEYS, optional={"checked_on": date})):
        yield from problems
        return
    assert isinstance(fact, dict)  # noqa: S101 - for the type checker; _shape_problems saw to it
    if not SLUG.fullmatch(fact["slug"]):
        yield "the slug takes lower-case letters, digits and hyphens"
    yield from _length_problems(fact, "slug")
    if fact.get("checked_on", date.min) > date.today():  # noqa: DTZ011 - a day's slip does no harm
        yield "checked_on lies in the future"
    if problems := list(_shape_problems(fact["source"], dict.fromkeys(SOURCE, str))):
        yield from (f"source: {problem}" for problem in problems)
    else:
        yield from (f"source: {problem}" for problem in _length_problems(fact["source"], *SOURCE))
        if not is_locator(fact["source"]["locator"]):
            yield "source: locator is neither an address (http, https) nor plain text"
    if ENGLISH not in fact["texts"]:
        yield "texts.en is missing"
    for language, text in fact["texts"].items():
        if not LANGUAGE.fullmatch(language):
            yield f"texts.{language}: the language is written like en or fr-ca"
        yield from (f"texts.{language}: {problem}" for problem in _text_problems(text))


def _text_problems(text: object) -> Iterator[str]:
    if problems := list(_shape_problems(text, TEXT_KEYS, optional=TEXT_MORE_KEYS)):
        yield from problems
        return
    assert isinstance(text, dict)  # noqa: S101 - as above
    yield from _length_problems(text, *TEXT_KEYS, "more", "question")
    options = text.get("options", [])
    if bool(text.get("question")) != bool(options):
        yield "question and options come together"
    elif options:
        yield from _option_problems(options)


def _option_problems(options: list[Any]) -> Iterator[str]:
    if not all(isinstance(option, str) and option.strip() == option != "" for option in options):
        yield "options must be words"
        return
    if len(options) != OPTIONS or not are_apart(options):
        yield f"options must be {OPTIONS} different ones"
    if any(len(option) > LIMITS["option"] for option in options):
        yield f"an option has more than {LIMITS['option']} characters"


def _shape_problems(
    table: object, keys: Mapping[str, type], optional: Mapping[str, type] | None = None
) -> Iterator[str]:
    """Missing, unknown, mistyped and blank entries."""
    if not isinstance(table, dict):
        yield "is not a table"
        return
    known = {**keys, **(optional or {})}
    yield from (f"{name} is missing" for name in keys if name not in table)
    yield from (f"{name} is not a known key" for name in table if name not in known)
    for name, kind in known.items():
        if name in table and type(table[name]) is not kind:
            yield f"{name} must be {kind.__name__}"
        elif name in keys and table.get(name) in ("", [], {}):
            yield f"{name} is empty"


def _length_problems(table: Table, *names: str) -> Iterator[str]:
    for name in names:
        text = table.get(name, "")
        if longest(text) > LIMITS[name]:
            yield f"{name} has {longest(text)} characters, at most {LIMITS[name]} fit"
        if text != text.strip():
            yield f"{name} begins or ends with white space"
        if name == "locator":
            continue  # the only one that nobody hears
        if _ADDRESS.search(text):
            yield f"{name}: nobody wants to hear an address"
        if not is_balanced(text):
            yield f"{name}: two measures are written like [80 kilometers|50 miles]"


def _duplicates(topics: Any) -> Iterator[str]:
    facts = [fact for topic in topics for fact in topic["facts"]]
    for slug, count in Counter(fact["slug"] for fact in facts).items():
        if count > 1:
            yield f"{slug}: {count} facts have this slug"
    headlines = Counter(
        (language, text["headline"].casefold())
        for fact in facts
        for language, text in fact["texts"].items()
    )
    for (language, headline), count in headlines.items():
        if count > 1:
            yield f"{language}: {count} facts have the headline “{headline}”"
