"""Write the sentences of the sources into every catalogue, and keep what is translated."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po

from companion.local.translations.extracting import sentences
from companion.local.translations.folders import Folder
from companion.local.translations.writing import write


class BrokenCatalogue(Exception):
    """A file that is no catalogue; says which and why."""


def update(folders: Iterable[Folder], only: Collection[str] = ()) -> Iterator[Path]:
    """The catalogues that changed. `only` names languages; without it, all are updated.

    A region's catalogue gets no new sentences: it holds what differs from its parent, by hand.
    """
    for folder in folders:
        found = sentences(folder)
        for language in (*folder.complete, *folder.overlays):
            if only and language not in only:
                continue
            path = folder.catalogue(language)
            merged = merge(found, read(path, language), keep_empty=language in folder.complete)
            if write(path, render(merged)):
                yield path


def read(path: Path, language: str) -> Catalog:
    """A catalogue, empty where there is no file. Raises BrokenCatalogue."""
    try:
        if not path.exists():
            return Catalog(locale=language)
        with path.open("rb") as source:
            return read_po(source, locale=language, abort_invalid=True)
    except (PoFileError, UnknownLocaleError, UnicodeDecodeError) as error:
        raise BrokenCatalogue(f"{path}: cannot be read: {error}") from error


def merge(found: Catalog, known: Catalog, *, keep_empty: bool) -> Catalog:
    """The sentences that were found, in their order, with the translations that are known."""
    merged = Catalog(locale=known.locale)
    for message in found:
        if not message.id:
            continue
        old = known.get(message.id, message.context)
        translated = _translation(message, old, merged.num_plurals)
        if not keep_empty and not any(translated):
            continue
        is_fuzzy = old is not None and (old.fuzzy or _is_reworded(message, old))
        merged.add(
            message.id,
            translated if message.pluralizable else translated[0],
            locations=message.locations,
            flags={"fuzzy"} if is_fuzzy and any(translated) else (),
            auto_comments=message.auto_comments,
            user_comments=old.user_comments if old else (),
            context=message.context,
        )
    return merged


def _translation(message: Message, old: Message | None, forms: int) -> tuple[str, ...]:
    """One string for each form. A sentence that got forms, or lost them, starts anew."""
    if not message.pluralizable:
        forms = 1
    if old is None or message.pluralizable != old.pluralizable:
        return ("",) * forms
    strings = (old.string,) if isinstance(old.string, str) else tuple(old.string or ())
    return (*strings, *("",) * forms)[:forms]


def _is_reworded(message: Message, old: Message) -> bool:
    """Found by its singular, but the plural says something else now."""
    return message.pluralizable and old.pluralizable and tuple(message.id) != tuple(old.id)


def render(catalogue: Catalog) -> bytes:
    """A file whose differences are small: no dates, no line numbers, no wrapped lines."""
    header = {
        "Language": str(catalogue.locale),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": catalogue.plural_forms,
    }
    body = io.BytesIO()
    write_po(body, catalogue, width=0, omit_header=True, include_lineno=False)
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in header.items())
    return f'msgid ""\nmsgstr ""\n{lines}\n'.encode() + body.getvalue().rstrip() + b"\n"
