"""New sentences come in, old ones leave, and what is translated stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.plurals import get_plural

from companion.local.translations import __main__ as command
from companion.local.translations import folders
from companion.local.translations.updating import BrokenCatalogue, read, update
from skill_endpoint.locales import LANGUAGES


def updated(base: Path, *only: str) -> list[Path]:
    return list(update(folders.find(base), only))


def catalogue(base: Path, language: str) -> Path:
    return base / f"skill_endpoint/speech/locale/{language}/LC_MESSAGES/django.po"


def translate(path: Path, sentence: str, translation: str) -> None:
    text = path.read_text(encoding="utf-8")
    empty = f'msgid "{sentence}"\nmsgstr ""\n'
    assert empty in text
    new = f'msgid "{sentence}"\nmsgstr "{translation}"\n'
    path.write_text(text.replace(empty, new), encoding="utf-8")


def test_it_makes_a_catalogue_for_each_language_of_the_skill(base: Path) -> None:
    assert set(updated(base)) == {
        catalogue(base, language) for language in LANGUAGES if language != "en"
    }


def test_it_makes_only_those_that_are_named(base: Path) -> None:
    assert updated(base, "de", "fr") == [catalogue(base, "de"), catalogue(base, "fr")]


@pytest.mark.parametrize("language", ["ar", "de", "fr", "ja", "pt"])
def test_each_has_the_plural_forms_of_its_language(base: Path, language: str) -> None:
    updated(base, language)

    text = catalogue(base, language).read_text(encoding="utf-8")
    assert f'"Plural-Forms: {get_plural(language).plural_forms}\\n"' in text
    assert text.count("\nmsgstr[") == get_plural(language).num_plurals


def test_a_second_time_changes_nothing(base: Path) -> None:
    updated(base)

    assert updated(base) == []


def test_what_is_translated_stays_and_the_rest_of_the_file_too(base: Path) -> None:
    updated(base, "de")
    path = catalogue(base, "de")
    translate(path, "Hello, {name}.", "Hallo {name}.")
    before = path.read_text(encoding="utf-8")
    source = base / "skill_endpoint/speech/saved.py"
    lines = source.read_text(encoding="utf-8")
    changed = lines.replace('_("Would', '_("New.")\n    _("Would')
    source.write_text("\n\n" + changed, encoding="utf-8")

    assert updated(base, "de") == [path]

    new = '#: saved.py\nmsgid "New."\nmsgstr ""\n\n'
    after = path.read_text(encoding="utf-8")
    assert after.replace(new, "") == before
    assert after.index("Hallo") < after.index("New.") < after.index("Would")


def test_a_sentence_that_is_gone_leaves_no_trace(base: Path) -> None:
    updated(base, "de")
    path = catalogue(base, "de")
    translate(path, "Hello, {name}.", "Hallo {name}.")
    source = base / "skill_endpoint/speech/saved.py"
    lines = source.read_text(encoding="utf-8")
    source.write_text(lines.replace("Hello, {name}.", "Hi, {name}."), encoding="utf-8")

    updated(base, "de")

    text = path.read_text(encoding="utf-8")
    assert "Hallo" not in text
    assert 'msgid "Hi, {name}."\nmsgstr ""' in text


def test_a_plural_that_says_something_else_is_marked(base: Path) -> None:
    updated(base, "ja")
    path = catalogue(base, "ja")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('msgstr[0] ""', 'msgstr[0] "{topic}{count}"'), encoding="utf-8")
    source = base / "skill_endpoint/speech/saved.py"
    lines = source.read_text(encoding="utf-8")
    source.write_text(lines.replace("} facts about", "} wonders about"), encoding="utf-8")

    updated(base, "ja")

    [message] = [message for message in read(path, "ja") if message.pluralizable]
    assert message.fuzzy
    assert tuple(message.string or ()) == ("{topic}{count}",)


def test_forms_that_the_language_does_not_have_are_dropped(base: Path) -> None:
    path = catalogue(base, "de")
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Plural-Forms: nplurals=3; plural=n;\\n"\n\n'
        'msgid "{count} fact about {topic}."\nmsgid_plural "{count} facts about {topic}."\n'
        'msgstr[0] "eins"\nmsgstr[1] "zwei"\nmsgstr[2] "drei"\n',
        encoding="utf-8",
    )

    updated(base, "de")

    [message] = [message for message in read(path, "de") if message.pluralizable]
    assert tuple(message.string or ()) == ("eins", "zwei")
    assert "nplurals=2" in path.read_text(encoding="utf-8")


def test_a_region_keeps_only_what_it_says_otherwise(base: Path) -> None:
    path = catalogue(base, "fr_CA")
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid "Hello, {name}."\nmsgstr "Allô {name}."\n\nmsgid "Gone."\nmsgstr "Parti."\n',
        encoding="utf-8",
    )

    updated(base, "fr_CA")

    [message] = [message for message in read(path, "fr_CA") if message.id]
    assert message.string == "Allô {name}."


def test_it_makes_no_region(base: Path) -> None:
    assert updated(base, "fr_CA") == []


def test_a_broken_catalogue_is_left_as_it_is(base: Path) -> None:
    path = catalogue(base, "de")
    path.parent.mkdir(parents=True)
    path.write_text('msgid "Hello\n', encoding="utf-8")

    with pytest.raises(BrokenCatalogue, match=str(path)):
        updated(base, "de")

    assert path.read_text(encoding="utf-8") == 'msgid "Hello\n'


def test_the_command_knows_no_other_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["publish"])

    assert "publish" in capsys.readouterr().err
