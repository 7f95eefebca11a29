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
# the pages, the admin and the names of tables are one text, wherever they stand
SITE = "companion"
# a developer's tool, in English only
UNTRANSLATED = ("skill_endpoint/simulator", "templates/simulator")
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
    """The skill's speech and the site, even before they have a `locale`, and what else has one."""
    with_locale = {path.parent for root in ROOTS for path in (base / root).rglob("locale")}
    speech, site = base / SPEECH, base / SITE
    with_locale |= {path for path in (speech, site) if path.is_dir()}
    sources: dict[Path, list[Path]] = {path: [] for path in with_locale}
    for path in _sources(base):
        nearest = next((above for above in path.parents if above in sources), site)
        if nearest in sources:
            sources[nearest].append(path)
    return [_folder(path, sources[path], base) for path in sorted(sources)]


def _folder(path: Path, sources: list[Path], base: Path) -> Folder:
    there = {found.parts[-3] for found in (path / "locale").glob("*/LC_MESSAGES/django.po")}
    overlays = {language for language in there if "_" in language}
    is_speech = path == base / SPEECH
    is_ours = is_speech or path == base / SITE
    complete = (there - overlays) | (SPOKEN if is_ours else set())
    return Folder(
        path, tuple(sorted(sources)), tuple(sorted(complete)), tuple(sorted(overlays)), is_speech
    )


def _sources(base: Path) -> Iterator[Path]:
    untranslated = [base / folder for folder in UNTRANSLATED]
    for root in ROOTS:
        for path in (base / root).rglob("*"):
            is_tool = any(folder in path.parents for folder in untranslated)
            if path.suffix in SOURCES and path.is_file() and not is_tool:
                yield path
