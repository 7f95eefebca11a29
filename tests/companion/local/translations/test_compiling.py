from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from companion.local.translations import compiling

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "companion" / "locale" / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + 'msgid "Facts"\nmsgstr "Fakten"\n', encoding="utf-8")
    return path


def test_it_finds_the_catalogues_of_our_packages(tmp_path: Path, catalogue: Path) -> None:
    assert compiling.catalogues(tmp_path) == [catalogue]


def test_it_compiles_what_gettext_reads(catalogue: Path) -> None:
    assert list(compiling.compile_catalogue(catalogue)) == []

    with catalogue.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Facts") == "Fakten"


def test_it_reports_a_placeholder_that_was_translated(catalogue: Path) -> None:
    message = '#, python-format\nmsgid "%(count)s facts"\nmsgstr "%(zahl)s Fakten"\n'
    catalogue.write_text(HEADER + message, encoding="utf-8")

    [problem] = compiling.compile_catalogue(catalogue)

    assert problem.startswith(f"{catalogue}:")
    assert "zahl" in problem


def test_it_reports_a_file_that_is_not_a_catalogue(catalogue: Path) -> None:
    catalogue.write_text('msgid "Facts\n', encoding="utf-8")

    [problem] = compiling.compile_catalogue(catalogue)

    assert problem.startswith(str(catalogue))


def test_it_compiles_the_catalogues_of_this_project() -> None:
    assert [
        line for path in compiling.catalogues() for line in compiling.compile_catalogue(path)
    ] == []
