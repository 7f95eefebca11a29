"""The content that was read and found in order, to rows."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from django.db import models, transaction

from skill_endpoint.facts import history
from skill_endpoint.facts.content import ENGLISH, FactContent, TopicContent
from skill_endpoint.facts.models import Fact, FactText, Topic, Version
from skill_endpoint.facts.snapshot import FACT, TEXT, Table, fact_content, only, topic_content


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


def load(
    topics: list[TopicContent],
    report: Callable[[str], object] = lambda line: None,
    *,
    overwrite: bool = False,
) -> Loaded:
    """Write what `content.read` returned, in one transaction. What operators unpublished stays so.

    A topic or fact that differs from what was loaded last was edited in the admin: it is kept,
    unless `overwrite` says otherwise; then its history has what was overwritten.
    """
    return _Loading(overwrite=overwrite).load(topics, report)


class _Loading:
    def __init__(self, *, overwrite: bool) -> None:
        self.overwrite = overwrite
        self.rows: Counter[str] = Counter()
        self.edited: list[str] = []

    @transaction.atomic
    def load(self, topics: list[TopicContent], report: Callable[[str], object]) -> Loaded:
        present = {fact.slug: fact for fact in Fact.objects.with_text()}
        for source in topics:
            before = self.rows["added"]
            topic = self._put_topic(source)
            for fact in source.facts:
                self._put_fact(topic, fact, present.get(fact.slug))
            added = self.rows["added"] - before
            name = source.names[ENGLISH].name
            report(f"{name}: {len(source.facts)} facts ({added} rows added)")
        in_files = {fact.slug for source in topics for fact in source.facts}
        left_alone = tuple(sorted(set(present) - in_files))
        return Loaded(self.rows, tuple(self.edited), left_alone)

    def _put_topic(self, source: TopicContent) -> Topic:
        values = {
            "name": source.names[ENGLISH].name,
            "spoken_name": source.names[ENGLISH].spoken,
            "names": {
                language: asdict(name)
                for language, name in source.names.items()
                if language != ENGLISH
            },
            "position": source.position,
        }
        present = Topic.objects.filter(slug=source.slug).first()
        content = topic_content(present) if present else values
        is_edited = present is not None and content != values and _is_edited(present, content)
        if present and is_edited:
            if not self._overwrites(present):
                self.rows["kept"] += 1
                return present
            history.keep([present], Version.How.FOUND)
        topic = _put(Topic, {"slug": source.slug}, values, present, self.rows)
        _remember(topic, topic_content(topic))
        if is_edited:
            history.keep([topic], Version.How.LOADED)
        return topic

    def _put_fact(self, topic: Topic, source: FactContent, present: Fact | None) -> None:
        values = {**only(source, *FACT), "topic": topic}
        texts = {language: only(text, *TEXT) for language, text in source.texts.items()}
        present_texts = {text.language: text for text in present.texts.all()} if present else {}
        is_edited = False
        if present:
            content, wanted = (
                fact_content(present),
                {**values, "topic": topic.slug, "texts": texts},
            )
            is_edited = content != wanted and _is_edited(present, content)
            if content == wanted or (is_edited and not self._overwrites(present)):
                self.rows["kept"] += 1 + len(texts)
                if content == wanted:
                    _remember(present, content)
                return
            if is_edited:
                history.keep([present], Version.How.FOUND)
        fact = _put(Fact, {"slug": source.slug}, values, present, self.rows)
        for language, text in texts.items():
            key = {"fact": fact, "language": language}
            _put(FactText, key, text, present_texts.get(language), self.rows)
        written = Fact.objects.with_text().get(pk=fact.pk)
        _remember(written, fact_content(written))
        if is_edited:
            history.keep([written], Version.How.LOADED)

    def _overwrites(self, row: Topic | Fact) -> bool:
        """Whether the files' text is taken although the row was edited; else it is named."""
        if not self.overwrite:
            self.edited.append(row.slug)
        return self.overwrite


def _is_edited(row: Topic | Fact, content: Table) -> bool:
    """Whether the row was edited since it was loaded."""
    return _digest(content) != row.loaded_digest


def _digest(content: Table) -> str:
    written = json.dumps(_filled(content), sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()


# columns that came later: empty they do not count, so that rows loaded before count as unedited
LATER = {"spoken_name", "names", "question", "options"}


def _filled(content: Table) -> Table:
    return {
        name: _filled(value) if isinstance(value, dict) else value
        for name, value in content.items()
        if value or name not in LATER
    }


def _remember(row: Topic | Fact, content: Table) -> None:
    digest = _digest(content)
    if row.loaded_digest != digest:
        row.loaded_digest = digest
        row.save(update_fields=["loaded_digest"])


def _put[Row: models.Model](
    model: type[Row], key: Table, values: Table, present: Row | None, rows: Counter[str]
) -> Row:
    if present is None:
        rows["added"] += 1
        return model._default_manager.create(**key, **values)
    changed = [name for name, value in values.items() if getattr(present, name) != value]
    for name in changed:
        setattr(present, name, values[name])
    if changed:
        present.save(update_fields=changed)
    rows["changed" if changed else "kept"] += 1
    return present
