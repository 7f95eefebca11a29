"""Which sources a folder's catalogues translate, and into which languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from companion.local.environment import BASE_DIR
from skill_endpoint.locales import LANGUAGES

ROOTS = ("accounts", "companion", "skill_endpoint", "templates")
SOURCES = {".py", ".html", ".txt"}
SOURCE_LANGUAGE = "en"
# what the skill says: it has to speak every language that Alexa has skills in
SPEECH = "skill_endpoint/speech"
SPOKEN = frozenset(LANGUAGES) - {SOURCE_LANGUAGE}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder X with `X/locale/<language>/LC_MESSAGES/django.po`."""

    path: Path
    sources: tuple[Path, ...]
    complete: tuple[str, ...]  # languages that must have every sentence: de
    overlays: tuple[str, ...] = ()  # regions that hold only what differs from the parent: fr_CA
    is_speech: bool = False

    def catalogue(self, language: str) -> Path:
        return self.path / "locale" / language / "LC_MESSAGES" / "django.po"


def parent_of(language: str) -> str:
    """fr_CA: fr, and en_GB: en, which are the sentences of the sources themselves."""
    return language.partition("_")[0]


def find(base: Path = BASE_DIR) -> list[Folder]:
    """Every folder with a `locale`, and the skill's speech even before it has one."""
    with_locale = {path.parent for root in ROOTS for path in (base / root).rglob("locale")}
    speech = base / SPEECH
    if speech.is_dir():
        with_locale.add(speech)
    sources: dict[Path, list[Path]] = {path: [] for path in with_locale}
    for path in _sources(base):
        if nearest := next((above for above in path.parents if above in sources), None):
            sources[nearest].append(path)
    return [_folder(path, sources[path], path == speech) for path in sorted(sources)]


def _folder(path: Path, sources: list[Path], is_speech: bool) -> Folder:
    there = {found.parts[-3] for found in (path / "locale").glob("*/LC_MESSAGES/django.po")}
    overlays = {language for language in there if "_" in language}
    complete = (there - overlays) | (SPOKEN if is_speech else set())
    return Folder(
        path, tuple(sorted(sources)), tuple(sorted(complete)), tuple(sorted(overlays)), is_speech
    )


def _sources(base: Path) -> Iterator[Path]:
    for root in ROOTS:
        for path in (base / root).rglob("*"):
            if path.suffix in SOURCES and path.is_file():
                yield path
