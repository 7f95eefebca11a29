"""Say what is missing or wrong in the catalogues, one line each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural

from companion.local.translations.extracting import sentences
from companion.local.translations.faults import faults_of
from companion.local.translations.folders import SOURCE_LANGUAGE, Folder, parent_of
from companion.local.translations.updating import BrokenCatalogue, read


def check(folders: Iterable[Folder], only: Collection[str] = ()) -> Iterator[str]:
    """What is wrong. `only` names languages; without it, all are checked."""
    for folder in folders:
        found = sentences(folder)
        for language in (*folder.complete, *folder.overlays):
            if only and language not in only:
                continue
            path = folder.catalogue(language)
            try:
                yield from (f"{path}: {fault}" for fault in _check_one(folder, found, language))
            except BrokenCatalogue as error:  # this one, or the one whose region it is
                yield str(error)


def _check_one(folder: Folder, found: Catalog, language: str) -> Iterator[str]:
    if not folder.catalogue(language).exists():
        yield "there is no catalogue of this language"
        return
    parent = parent_of(language)
    if language in folder.overlays and parent not in {SOURCE_LANGUAGE, *folder.complete}:
        yield f"a region of {parent}, which has no catalogue"
        return
    known = read(folder.catalogue(language), language)
    over = read(folder.catalogue(parent), parent) if language in folder.overlays else None
    if known.plural_forms != get_plural(language).plural_forms:
        yield f"Plural-Forms should say {get_plural(language).plural_forms}"
    if over is None:
        yield from (
            f"missing: {_short(message)}"
            for message in found
            if message.id and known.get(message.id, message.context) is None
        )
    for message in known:
        if message.id:
            faults = _faults(folder, found, message, language, over)
            yield from (f"{fault}: {_short(message)}" for fault in faults)


def _faults(
    folder: Folder, found: Catalog, message: Message, language: str, over: Catalog | None
) -> Iterator[str]:
    source = found.get(message.id, message.context)
    if source is None or _forms(source.id) != _forms(message.id):
        yield "no source has this sentence"
        return
    if message.fuzzy:
        yield "fuzzy"
    if not all(_forms(message.string)):
        yield "untranslated"
        return
    yield from faults_of(
        _forms(message.id), _forms(message.string), language, is_speech=folder.is_speech
    )
    if over is not None and _forms(message.string) == _inherited(over, message):
        yield "says the same as the language it is a region of"


def _inherited(over: Catalog, message: Message) -> tuple[str, ...]:
    """What the region says without this entry; the source language says the sentence itself."""
    above = over.get(message.id, message.context)
    return _forms(above.string) if above else _forms(message.id)


def _forms(strings: str | Iterable[str] | None) -> tuple[str, ...]:
    return (strings or "",) if isinstance(strings, str | None) else tuple(strings)


def _short(message: Message) -> str:
    """The sentence on one line, with its context."""
    said = json.dumps(_forms(message.id)[0], ensure_ascii=False)
    return f"{said} ({message.context})" if message.context else said
