"""Content files to rows. Everything is validated before anything is written.

One TOML file a topic; skill_endpoint/facts/data/space.toml shows the shape.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import models, transaction

from skill_endpoint.facts.models import Fact, FactText, Topic

DATA = Path(__file__).resolve().parent / "data"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2})?")

Table = dict[str, Any]


class ContentErrors(Exception):
    """What is wrong with the content files; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Loaded:
    """Counts of rows by what happened to them; what was kept, and what no file has any more."""

    rows: Counter[str] = field(default_factory=Counter)
    edited: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = ", ".join(f"{self.rows[word]} {word}" for word in ("added", "changed", "kept"))
        text = f"Topics, facts and texts: {counts}."
        if self.edited:
            text += (
                f" Kept, edited here: {', '.join(self.edited)} (--overwrite takes the files’ text)."
            )
        if self.left_alone:
            text += (
                " Left alone, because no file has them any more (unpublish them in the admin): "
                f"{', '.join(self.left_alone)}."
            )
        return text


def read(folder: Path = DATA) -> list[Table]:
    """The topics of a folder in their order, with their facts; ContentErrors names all faults."""
    problems: list[str] = []
    topics: list[Table] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            topic = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: not TOML in UTF-8: {error}")
            continue
        problems += [f"{path.name}: {problem}" for problem in _topic_problems(topic, path.stem)]
        topics.append(topic)
    if not topics and not problems:
        problems.append(f"{folder} holds no .toml file")
    if not problems:
        problems += _duplicates(topics)
    if problems:
        raise ContentErrors(problems)
    return sorted(topics, key=lambda topic: topic["position"])


def load(
    topics: list[Table],
    report: Callable[[str], object] = lambda line: None,
    *,
    overwrite: bool = False,
) -> Loaded:
    """Write what `read` returned, in one transaction. What operators unpublished stays so.

    A topic or fact that differs from what was loaded last was edited in the admin: it is kept,
    unless `overwrite` says otherwise.
    """
    return _Loading(overwrite=overwrite).load(topics, report)


class _Loading:
    def __init__(self, *, overwrite: bool) -> None:
        self.overwrite = overwrite
        self.rows: Counter[str] = Counter()
        self.edited: list[str] = []

    @transaction.atomic
    def load(self, topics: list[Table], report: Callable[[str], object]) -> Loaded:
        for source in topics:
            before = self.rows["added"]
            topic = self._put_topic(source)
            for fact in source["facts"]:
                self._put_fact(topic, fact)
            added = self.rows["added"] - before
            report(f"{source['name']}: {len(source['facts'])} facts ({added} rows added)")
        in_files = {fact["slug"] for source in topics for fact in source["facts"]}
        rest = Fact.objects.exclude(slug__in=in_files).order_by("slug")
        left_alone = tuple(rest.values_list("slug", flat=True))
        return Loaded(self.rows, tuple(self.edited), left_alone)

    def _put_topic(self, source: Table) -> Topic:
        key, values = {"slug": source["slug"]}, _only(source, "name", "position")
        present = Topic.objects.filter(**key).first()
        if present and self._keeps(present, _content_of_topic(present), values):
            self.rows["kept"] += 1
            return present
        topic = _put(Topic, key, values, self.rows)
        _remember(topic, _content_of_topic(topic))
        return topic

    def _put_fact(self, topic: Topic, source: Table) -> None:
        key = {"slug": source["slug"]}
        values = {
            **{f"source_{part}": source["source"][part] for part in SOURCE},
            **_only(source, "checked_on", "child_safe"),
            "topic": topic,
        }
        texts = {name: {"more": "", **text} for name, text in source["texts"].items()}
        present = Fact.objects.with_text().filter(**key).first()
        if present:
            content = _content_of_fact(present)
            if self._keeps(present, content, {**values, "topic": topic.slug, "texts": texts}):
                self.rows["kept"] += 1 + len(texts)
                return
        fact = _put(Fact, key, values, self.rows)
        for language, text in texts.items():
            _put(FactText, {"fact": fact, "language": language}, text, self.rows)
        _remember(fact, _content_of_fact(fact))

    def _keeps(self, row: Topic | Fact, content: Table, wanted: Table) -> bool:
        """Whether the row was edited since it was loaded, and not to what the files say."""
        if self.overwrite or content == wanted or _digest(content) == row.loaded_digest:
            return False
        self.edited.append(row.slug)
        return True


def _content_of_topic(topic: Topic) -> Table:
    return {"name": topic.name, "position": topic.position}


def _content_of_fact(fact: Fact) -> Table:
    """What the files say of a fact; not whether it is published, which only operators say."""
    return {
        **{f"source_{part}": getattr(fact, f"source_{part}") for part in SOURCE},
        "checked_on": fact.checked_on,
        "child_safe": fact.child_safe,
        "topic": fact.topic.slug,
        "texts": {
            text.language: {"headline": text.headline, "speech": text.speech, "more": text.more}
            for text in fact.texts.all()
        },
    }


def _digest(content: Table) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _remember(row: Topic | Fact, content: Table) -> None:
    digest = _digest(content)
    if row.loaded_digest != digest:
        row.loaded_digest = digest
        row.save(update_fields=["loaded_digest"])


def _put[Row: models.Model](model: type[Row], key: Table, values: Table, rows: Counter[str]) -> Row:
    row, is_new = model._default_manager.get_or_create(**key, defaults=values)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    rows["added" if is_new else "changed" if changed else "kept"] += 1
    return row


def _only(source: Table, *names: str) -> Table:
    return {name: source[name] for name in names}


SOURCE = ("title", "publisher", "locator")
TOPIC_KEYS = {"slug": str, "name": str, "position": int, "facts": list}
FACT_KEYS = {"slug": str, "checked_on": date, "child_safe": bool, "source": dict, "texts": dict}
TEXT_KEYS = {"headline": str, "speech": str}


def _topic_problems(topic: Table, stem: str) -> Iterator[str]:
    if problems := list(_shape_problems(topic, TOPIC_KEYS)):
        yield from problems
        return
    if topic["slug"] != stem or not SLUG.fullmatch(stem):
        yield f"slug {topic['slug']!r} must be the file's name, lower case"
    yield from _length_problems(topic, Topic, {"name": "name"})
    for number, fact in enumerate(topic["facts"], 1):
        label = fact.get("slug", f"fact {number}") if isinstance(fact, dict) else f"fact {number}"
        yield from (f"{label}: {problem}" for problem in _fact_problems(fact))


def _fact_problems(fact: object) -> Iterator[str]:
    if problems := list(_shape_problems(fact, FACT_KEYS)):
        yield from problems
        return
    assert isinstance(fact, dict)  # noqa: S101 - for the type checker; _shape_problems saw to it
    if not SLUG.fullmatch(fact["slug"]):
        yield "the slug takes lower-case letters, digits and hyphens"
    yield from _length_problems(fact, Fact, {"slug": "slug"})
    if fact["checked_on"] > date.today():  # noqa: DTZ011 - a day's slip does no harm here
        yield "checked_on lies in the future"
    if problems := list(_shape_problems(fact["source"], dict.fromkeys(SOURCE, str))):
        yield from (f"source: {problem}" for problem in problems)
    else:
        lengths = {part: f"source_{part}" for part in SOURCE}
        yield from _length_problems(fact["source"], Fact, lengths)
    if "en" not in fact["texts"]:
        yield "texts.en is missing"
    for language, text in fact["texts"].items():
        yield from (f"texts.{language}: {problem}" for problem in _text_problems(language, text))


def _text_problems(language: str, text: object) -> Iterator[str]:
    if not LANGUAGE.fullmatch(language):
        yield "the language is written like en or fr-ca"
    if problems := list(_shape_problems(text, TEXT_KEYS, optional={"more": str})):
        yield from problems
        return
    assert isinstance(text, dict)  # noqa: S101 - as above
    yield from _length_problems(text, FactText, {name: name for name in text})


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


def _length_problems(
    table: Table, model: type[models.Model], fields: dict[str, str]
) -> Iterator[str]:
    for name, column in fields.items():
        limit = getattr(model._meta.get_field(column), "max_length", None)
        if limit and len(table[name]) > limit:
            yield f"{name} has {len(table[name])} characters, at most {limit} fit"
        if table[name] != table[name].strip():
            yield f"{name} begins or ends with white space"


def _duplicates(topics: list[Table]) -> list[str]:
    slugs = Counter(fact["slug"] for topic in topics for fact in topic["facts"])
    return [f"{slug}: {count} facts have this slug" for slug, count in slugs.items() if count > 1]
