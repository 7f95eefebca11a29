"""Two versions of a fact or topic, as a person compares them: field by field, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from skill_endpoint.facts.models import Fact, FactText, Topic
from skill_endpoint.facts.snapshot import Table

# letters of scripts without spaces stand for a word each
_WORDS = re.compile(
    r"\s+|[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]|[^\s\u3040-\u30ff\u3400-\u9fff]+"
)
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    language: str  # of the text; empty for what has none
    before: list[Piece]
    after: list[Piece]


def changes(before: Table, after: Table) -> list[Change]:
    """What differs, in the order of the fields; empty where nothing does."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return [
        Change(_label(path), _language(path), *_compared(old.get(path, ""), new.get(path, "")))
        for path in [*new, *(path for path in old if path not in new)]
        if old.get(path, "") != new.get(path, "")
    ]


def _flat(content: Table, path: Path = ()) -> Iterator[tuple[Path, str]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, (*path, name))
        else:
            yield (*path, name), _written(value)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return " · ".join(map(str, value))
    return "" if value is None else str(value)


_SPOKEN_FORMS = {"name": gettext_lazy("name"), "spoken": gettext_lazy("name in a sentence")}


def _label(path: Path) -> str:
    """texts, fr, headline: headline"""
    name = path[-1]
    if len(path) > 1 and path[0] == "names":
        return str(_SPOKEN_FORMS.get(name, name))
    for model in (FactText,) if len(path) > 1 else (Fact, Topic):
        if name in {field.name for field in model._meta.concrete_fields}:
            return str(getattr(model._meta.get_field(name), "verbose_name", name))
    return name


def _language(path: Path) -> str:
    return path[1] if len(path) > 1 else ""


def _compared(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    left, right = [], []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left.append(Piece("".join(old[a:b]), what != "equal"))
        right.append(Piece("".join(new[c:d]), what != "equal"))
    return [piece for piece in left if piece.text], [piece for piece in right if piece.text]
