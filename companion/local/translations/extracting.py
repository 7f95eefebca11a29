"""Find the sentences of sources: gettext and its relatives in Python and in templates."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation import templatize

from companion.local.translations.folders import Folder

KEYWORDS = DEFAULT_KEYWORDS | {
    f"{name}{ending}": DEFAULT_KEYWORDS[name]
    for name in ("gettext", "ngettext", "pgettext", "npgettext")
    for ending in ("_lazy", "_noop")
}
COMMENT = "Translators:"  # a comment that starts so is for them


def sentences(folder: Folder) -> Catalog:
    """All of a folder's sentences, untranslated, by file and in the order they stand there."""
    found = Catalog()
    for path in folder.sources:
        name = path.relative_to(folder.path, walk_up=True).as_posix()
        for _, message, comments, context in _sentences_in(path):
            # the line is left out: catalogues shall not change with every line of code
            found.add(message, locations=[(name, 1)], auto_comments=comments, context=context)
    return found


def _sentences_in(path: Path) -> Sequence[Any]:
    """(line, sentence or (singular, plural), comments, context) for each."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into calls of gettext, with markup as words between; without
        # the markup's indentation, Python's tokenizer can read that
        calls = templatize(text, origin=str(path))
        text = "\n".join(line.lstrip() for line in calls.splitlines())
    source = io.BytesIO(text.encode())
    return list(extract("python", source, KEYWORDS, [COMMENT], strip_comment_tags=True))
