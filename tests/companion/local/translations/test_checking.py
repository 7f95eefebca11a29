"""Each fault that a catalogue can have is named, and a good one has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.local.translations import folders
from companion.local.translations.checking import check
from companion.local.translations.faults import faults_of, forms_of_one_number
from companion.local.translations.updating import update

GOOD = {
    "Hello, {name}.": "Hallo {name}.",
    "Would you like another?": "Noch einer?",
}
FORMS = ("Ein Fakt über {topic}.", "{count} Fakten über {topic}.")


def catalogue(base: Path, language: str = "de") -> Path:
    return base / f"skill_endpoint/speech/locale/{language}/LC_MESSAGES/django.po"


@pytest.fixture
def german(base: Path) -> Path:
    """The catalogue with every sentence translated."""
    list(update(folders.find(base), ["de"]))
    path = catalogue(base)
    text = path.read_text(encoding="utf-8")
    for sentence, said in GOOD.items():
        text = text.replace(f'"{sentence}"\nmsgstr ""', f'"{sentence}"\nmsgstr "{said}"')
    text = text.replace('msgid ", "\nmsgstr ""', 'msgid ", "\nmsgstr ", "')
    for form, said in enumerate(FORMS):
        text = text.replace(f'msgstr[{form}] ""', f'msgstr[{form}] "{said}"')
    path.write_text(text, encoding="utf-8")
    return path


def problems(base: Path, language: str = "de") -> list[str]:
    """What is said of a catalogue, without its path."""
    found = list(check(folders.find(base), [language]))
    start = f"{catalogue(base, language)}: "
    assert all(line.startswith(start) and "\n" not in line for line in found)
    return [line.removeprefix(start) for line in found]


def test_a_good_catalogue_has_no_fault(base: Path, german: Path) -> None:
    assert problems(base) == []


def test_a_language_without_catalogue_is_missing(base: Path, german: Path) -> None:
    assert problems(base, "ja") == ["there is no catalogue of this language"]
    assert len(list(check(folders.find(base)))) == len(folders.SPOKEN) - 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgid "Hello, {name}."\nmsgstr "Hallo {name}."\n', "", "missing"),
        ('"Hallo {name}."', '""', "untranslated"),
        ('"{count} Fakten über {topic}."', '""', "untranslated"),
        ('"Hello, {name}."', '"Hi, {name}."', "no source has this sentence"),
        ('"{count} facts about', '"{count} wonders about', "no source has this sentence"),
        ("#, python-brace-format", "#, fuzzy", "fuzzy"),
        ("Hallo {name}.", "Hallo {nombre}.", "lacks {name}"),
        ("Hallo {name}", "Hallo {name} {topic}", "unknown {topic}"),
        ("Hallo {name}", "Hallo {name!r}", "lacks {name}"),
        ("Hallo {name}", "Hallo {name}, {", "format() cannot read"),
        ("Hallo {name}", "Hallo <b>{name}</b>", "Alexa has no <b>"),
        ("Hallo {name}", "Hallo <speak>{name}</speak>", "Alexa has no <speak>"),
        ("Hallo {name}", "Hallo <break> {name}", "not well-formed"),
        ("Hallo {name}", "Hallo & {name}", "not well-formed"),
        ("Hallo {name}.", "Hallo {name}. ", "white space"),
        ("Noch einer?", "Noch einer.", "no longer a question"),
        ("über {topic}", "darüber", "lacks {topic} in form 0"),
        ("{count} Fakten", "Viele Fakten", "lacks {count} in form 1"),
        ("plural=(n != 1)", "plural=(n > 1)", "Plural-Forms"),
        ("nplurals=2", "nplurals=3", "Plural-Forms"),
        ('msgstr[1] "', 'msgstr[2] "zu viel"\nmsgstr[1] "', "cannot be read"),
        ('msgid "Hello', 'Hello "', "cannot be read"),
    ],
)
def test_a_fault_is_named(base: Path, german: Path, old: str, new: str, fault: str) -> None:
    text = german.read_text(encoding="utf-8")
    start, middle, end = text.partition(old)
    assert middle
    german.write_text(start + new + end, encoding="utf-8")

    assert any(fault in problem for problem in problems(base))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hallo {name}", '<lang xml:lang=\\"en-US\\">Hello</lang> {name}'),
        ("Noch einer?", "«Noch einer?»"),
        ("Noch einer?", "もう一つ？"),
        ("Noch einer?", "هل تريد أخرى؟"),
        ('msgstr ", "', 'msgstr "、"'),
    ],
)
def test_what_other_languages_write_otherwise_is_no_fault(
    base: Path, german: Path, old: str, new: str
) -> None:
    text = german.read_text(encoding="utf-8")
    assert old in text
    german.write_text(text.replace(old, new), encoding="utf-8")

    assert problems(base) == []


# --- regions -----------------------------------------------------------------------------------


def region(base: Path, entry: str, language: str = "de_AT") -> None:
    path = catalogue(base, language)
    path.parent.mkdir(parents=True)
    path.write_text(entry, encoding="utf-8")


def test_a_region_may_lack_sentences(base: Path, german: Path) -> None:
    region(base, 'msgid "Hello, {name}."\nmsgstr "Servus {name}."\n')

    assert problems(base, "de_AT") == []


@pytest.mark.parametrize(
    ("language", "entry", "fault"),
    [
        ("de_AT", 'msgid "Hello, {name}."\nmsgstr "Hallo {name}."\n', "says the same"),
        ("en_GB", 'msgid "Hello, {name}."\nmsgstr "Hello, {name}."\n', "says the same"),
        ("de_AT", 'msgid "Hi."\nmsgstr "Servus."\n', "no source has this sentence"),
        ("de_AT", 'msgid "Hello, {name}."\nmsgstr "Servus."\n', "lacks {name}"),
        ("sv_FI", 'msgid "Hello, {name}."\nmsgstr "Hej {name}."\n', "has no catalogue"),
    ],
)
def test_a_fault_of_a_region_is_named(
    base: Path, german: Path, language: str, entry: str, fault: str
) -> None:
    region(base, entry, language)

    [problem] = problems(base, language)
    assert fault in problem


# --- forms that are said of one number alone ---------------------------------------------------


@pytest.mark.parametrize(
    ("language", "forms"),
    [("de", {0}), ("ar", {0, 1, 2}), ("fr", set()), ("ja", set()), ("pt", {0})],
)
def test_only_a_form_of_one_number_may_leave_it_out(language: str, forms: set[int]) -> None:
    assert forms_of_one_number(language) == forms


def test_the_number_is_what_the_singular_leaves_out() -> None:
    source = ("{topic}: one fact.", "{topic}: {count} facts.")
    translated = ("{topic}: ein Fakt.", "{topic}: {count} Fakten.")

    assert list(faults_of(source, translated, "de", is_speech=True)) == []


def test_percent_placeholders_are_compared_too() -> None:
    said = ("Seite %(page)s von %(number)s",)

    faults = list(faults_of(("Page %(number)s of %(pages)s",), said, "de", is_speech=False))

    assert faults == ["lacks %(pages)s", "has an unknown %(page)s"]


def test_a_page_may_have_its_own_tags() -> None:
    source, said = ("A <b>bold</b> word &",), ("Ein <b>fettes</b> Wort &",)

    assert list(faults_of(source, said, "de", is_speech=False)) == []
