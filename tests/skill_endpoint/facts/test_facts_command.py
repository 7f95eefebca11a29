from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from skill_endpoint.facts import content, coverage
from skill_endpoint.facts.content import LIMITS
from skill_endpoint.facts.management.commands.facts import Command
from skill_endpoint.facts.models import Fact, FactText, Topic

TOPIC = """\
slug = "space"
name = "Space"
spoken = "outer space"
position = 1
"""
FACT = """
[[facts]]
slug = "venus"
checked_on = 2026-11-20
child_safe = true
source = { title = "Venus", publisher = "Press", locator = "chapter 1" }

[facts.texts.en]
headline = "On Venus"
speech = "Venus is odd."
more = "Very odd."
question = "Which planet is odd?"
options = ["Venus", "Mars", "Jupiter"]
"""
FRENCH = """\
name = "Espace"
spoken = "l’espace"

[facts.venus]
headline = "Sur Vénus"
speech = "Vénus est étrange."
"""

# of space and venus as version 0.2 loaded them
OLD_TOPIC_DIGEST = "7e37a2310435521466c2efefe7b88be57e960a3609aabdd208a32b6a78c1d15f"
OLD_FACT_DIGEST = "f49d1d799dd1ab736bbefe27f8ebc1ba7ba28cb40a7cf181c771847292cce08a"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "space.toml").write_text(TOPIC + FACT)
    return tmp_path


def run(action: str, folder: Path, *options: str) -> str:
    out = StringIO()
    call_command("facts", action, str(folder), *options, stdout=out)
    return out.getvalue()


def load(folder: Path, *options: str) -> str:
    return run("load", folder, *options)


def translate(folder: Path, text: str = FRENCH, *, language: str = "fr") -> None:
    (folder / language).mkdir()
    (folder / language / "space.toml").write_text(text)


def test_it_loads_topic_fact_and_text(folder: Path, db: None) -> None:
    assert "Space: 1 facts" in load(folder)

    fact = Fact.objects.get()
    assert (fact.topic.slug, fact.slug, fact.source_publisher) == ("space", "venus", "Press")
    assert fact.is_published
    assert fact.text("en-us").more == "Very odd."


def test_a_second_run_changes_nothing(folder: Path, db: None) -> None:
    assert "3 added, 0 changed, 0 kept" in load(folder)
    assert "0 added, 0 changed, 3 kept" in load(folder)

    assert (Topic.objects.count(), Fact.objects.count(), FactText.objects.count()) == (1, 1, 1)


def test_it_writes_what_changed(folder: Path, db: None) -> None:
    load(folder)
    (folder / "space.toml").write_text(TOPIC + FACT.replace("Venus is odd.", "Venus is slow."))

    assert "0 added, 1 changed, 2 kept" in load(folder)
    assert FactText.objects.get().speech == "Venus is slow."


def test_what_an_operator_unpublished_stays_so(folder: Path, db: None) -> None:
    load(folder)
    Fact.objects.update(is_published=False)

    load(folder)

    assert not Fact.objects.get().is_published


def test_it_keeps_what_operators_edited_and_says_so(folder: Path, db: None) -> None:
    load(folder)
    FactText.objects.update(speech="Venus is slower.")
    Topic.objects.update(name="Sky")
    (folder / "space.toml").write_text(
        TOPIC.replace('"Space"', '"Outer space"') + FACT.replace('"Press"', '"House"')
    )

    summary = load(folder)

    assert "0 added, 0 changed, 3 kept" in summary
    assert "Kept, edited here: space, venus (--overwrite takes the files’ text)" in summary
    assert FactText.objects.get().speech == "Venus is slower."
    assert Fact.objects.get().source_publisher == "Press"
    assert Topic.objects.get().name == "Sky"
    assert "Kept, edited here: space, venus" in load(folder)  # and the next time too


def test_it_takes_the_files_text_again_when_it_is_told_to(folder: Path, db: None) -> None:
    load(folder)
    FactText.objects.update(speech="Venus is slower.")
    Topic.objects.update(name="Sky")

    assert "0 added, 2 changed, 1 kept" in load(folder, "--overwrite")

    assert FactText.objects.get().speech == "Venus is odd."
    assert Topic.objects.get().name == "Space"
    assert "edited here" not in load(folder)


def test_it_keeps_a_fact_of_the_same_slug_that_an_operator_wrote(folder: Path, db: None) -> None:
    load(folder)
    Fact.objects.update(loaded_digest="")
    FactText.objects.update(headline="Mine")

    assert "edited here: venus" in load(folder)
    assert FactText.objects.get().headline == "Mine"


def test_an_edit_that_came_into_the_files_is_none_any_more(folder: Path, db: None) -> None:
    load(folder)
    FactText.objects.update(speech="Venus is slow.")
    (folder / "space.toml").write_text(TOPIC + FACT.replace("Venus is odd.", "Venus is slow."))
    assert "edited here" not in load(folder)

    (folder / "space.toml").write_text(TOPIC + FACT)
    assert "0 added, 1 changed, 2 kept" in load(folder)


def test_a_text_that_an_operator_added_or_deleted_is_an_edit(folder: Path, db: None) -> None:
    load(folder)
    french = FactText.objects.create(
        fact=Fact.objects.get(), language="fr", headline="Vénus", speech="Vénus est lente."
    )
    assert "edited here: venus" in load(folder)
    french.delete()
    assert "edited here" not in load(folder)
    FactText.objects.all().delete()
    assert "edited here: venus" in load(folder)


@pytest.mark.parametrize("command", ["facts load", "prune"])
def test_a_database_without_tables_is_one_sentence(tmp_path: Path, command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}",
        },
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr == (
        "CommandError: The database has no tables yet: run manage.py migrate first. For the "
        "database of make demo, load its settings: set -a; . .local/demo.env; set +a\n"
    )


def test_the_help_says_what_the_folder_is_for() -> None:
    usage = Command().create_parser("manage.py", "facts").format_help()
    assert "with content of your own" in usage


def test_it_names_and_leaves_alone_what_no_file_has(folder: Path, db: None) -> None:
    load(folder)
    (folder / "space.toml").write_text(TOPIC + FACT.replace('"venus"', '"mars"'))

    summary = load(folder)

    assert "Left alone" in summary
    assert "venus" in summary
    assert Fact.objects.filter(slug="venus", is_published=True).exists()


def test_check_only_validates(folder: Path, db: None) -> None:
    assert "1 facts are fine" in run("check", folder)
    assert not Topic.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('speech = "Venus is odd."', f'speech = "{"x" * (LIMITS["speech"] + 1)}"', "at most 220"),
        ('headline = "On Venus"', f'headline = "{"x" * 81}"', "at most 80"),
        ('more = "Very odd."', f'more = "{"x" * 441}"', "at most 440"),
        ('publisher = "Press", ', "", "source: publisher is missing"),
        ('"Venus", p', '"", p', "source: title is empty"),
        ("[facts.texts.en]", "[facts.texts.fr]", "texts.en is missing"),
        ("[facts.texts.en]", "[facts.texts.EN]", "written like en or fr-ca"),
        ('slug = "venus"', 'slug = "Venus!"', "lower-case letters"),
        ('slug = "venus"', "", "slug is missing"),
        ("child_safe = true", 'child_safe = "yes"', "child_safe must be bool"),
        ("checked_on = 2026-11-20", "checked_on = 2999-01-01", "in the future"),
        ("checked_on = 2026-11-20", 'checked_on = "yesterday"', "checked_on must be date"),
        ("child_safe = true", "child_safe = true\ncolour = 1", "colour is not a known key"),
        ('"Venus is odd."', '"Venus is odd. "', "white space"),
        ('slug = "space"', 'slug = "stars"', "must be the file's name"),
        ("position = 1", "", "position is missing"),
        ("[[facts]]", "[facts]", "facts must be list"),
        ("position = 1", "position =", "cannot be read as TOML"),
        ("position = 1", "position = 99999", "a small number"),
        ('"Press"', '"press.com"', "publisher: nobody wants to hear an address"),
        ('"Very odd."', '"See https://x.test"', "more: nobody wants to hear an address"),
        ('"Venus is odd."', '"[1 km|' + "x" * 221 + ']"', "at most 220"),
        ('"Venus is odd."', '"It is [1 km] big."', "two measures are written like"),
        ('question = "Which planet is odd?"', "", "come together"),
        ('["Venus", "Mars", "Jupiter"]', '["Venus", "Mars"]', "3 different ones"),
        ('["Venus", "Mars", "Jupiter"]', '["Venus", "Mars", "venus"]', "3 different ones"),
        ('["Venus", "Mars", "Jupiter"]', '["Venus", "Mars", 3]', "must be words"),
        ('["Venus", "Mars", "Jupiter"]', f'["Venus", "Mars", "{"x" * 31}"]', "more than 30"),
    ],
)
def test_it_refuses_files_with_a_fault_and_writes_nothing(
    folder: Path, db: None, old: str, new: str, problem: str
) -> None:
    whole = TOPIC + FACT
    assert old in whole
    shutil.copy(folder / "space.toml", folder / "a-good-one.toml")
    (folder / "a-good-one.toml").write_text(
        whole.replace('"space"', '"a-good-one"').replace('"venus"', '"fine"')
    )
    (folder / "space.toml").write_text(whole.replace(old, new, 1))

    with pytest.raises(CommandError, match="The content has faults") as refused:
        load(folder)

    assert problem in str(refused.value)
    assert "space.toml" in str(refused.value)
    assert not Topic.objects.exists()


def test_it_refuses_a_slug_that_two_topics_use(folder: Path, db: None) -> None:
    (folder / "stars.toml").write_text(TOPIC.replace('"space"', '"stars"') + FACT)

    with pytest.raises(CommandError, match="venus: 2 facts have this slug"):
        load(folder)


def test_it_names_all_faults_at_once(folder: Path, db: None) -> None:
    broken = FACT.replace('"Press"', '""').replace('"On Venus"', '""')
    (folder / "space.toml").write_text(TOPIC + broken)

    with pytest.raises(content.ContentErrors) as errors:
        content.read(folder)

    assert len(errors.value.problems) == 2


def test_it_says_so_when_there_is_nothing_to_load(tmp_path: Path, db: None) -> None:
    with pytest.raises(CommandError, match=r"holds no \.toml file"):
        load(tmp_path)


def test_a_translation_becomes_a_text_and_a_name(folder: Path, db: None) -> None:
    translate(folder)

    assert "4 added" in load(folder)

    fact = Fact.objects.get()
    assert fact.text("fr-ca").speech == "Vénus est étrange."
    assert fact.text("de").speech == "Venus is odd."
    with translation.override("fr"):
        assert (fact.topic.title, fact.topic.spoken) == ("Espace", "l’espace")
    with translation.override("de"):
        assert (fact.topic.title, fact.topic.spoken) == ("Space", "outer space")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('spoken = "l’espace"', "", "spoken is missing"),
        ("[facts.venus]", "[facts.mars]", "mars: space has no such fact"),
        ('"Vénus est étrange."', f'"{"x" * 221}"', "venus: speech has 221"),
        ('"Sur Vénus"', "7", "venus: headline must be str"),
    ],
)
def test_it_refuses_a_translation_with_a_fault(
    folder: Path, db: None, old: str, new: str, problem: str
) -> None:
    translate(folder, FRENCH.replace(old, new))

    with pytest.raises(CommandError, match=f"fr/space.toml: {problem}"):
        load(folder)
    assert not Topic.objects.exists()


def test_it_refuses_a_translation_of_a_topic_that_is_not_there(folder: Path) -> None:
    translate(folder)
    (folder / "fr" / "space.toml").rename(folder / "fr" / "stars.toml")

    with pytest.raises(CommandError, match="there is no topic stars"):
        load(folder)


def test_it_refuses_a_folder_that_is_no_language(folder: Path) -> None:
    translate(folder, language="francais")

    with pytest.raises(CommandError, match="named like fr or fr-ca"):
        load(folder)


def test_check_names_what_is_not_translated_and_fails_where_it_is_told_to(folder: Path) -> None:
    (folder / "space.toml").write_text(TOPIC + FACT + FACT.replace("enus", "ulcan"))
    translate(folder)

    assert "fr: space lacks vulcan" in run("check", folder)
    with pytest.raises(CommandError, match="fr: space lacks vulcan"):
        run("check", folder, "--complete")


def test_a_region_holds_only_what_differs(folder: Path) -> None:
    (folder / "space.toml").write_text(TOPIC + FACT + FACT.replace("enus", "ulcan"))
    translate(folder, language="fr-ca")

    run("check", folder, "--complete")


def test_two_facts_may_not_have_one_headline(folder: Path) -> None:
    second = FACT.replace('"venus"', '"vulcan"')
    (folder / "space.toml").write_text(TOPIC + FACT + second)

    with pytest.raises(CommandError, match="en: 2 facts have the headline “on venus”"):
        run("check", folder)


def test_rows_of_an_older_version_count_as_unedited(folder: Path, db: None) -> None:
    """Before there were questions and translated names, digests were made without them."""
    (folder / "space.toml").write_text(
        TOPIC + FACT.partition("question")[0].replace("Very odd.", "Rather odd.")
    )
    load(folder)
    Topic.objects.update(spoken_name="", names={}, loaded_digest=OLD_TOPIC_DIGEST)
    assert Fact.objects.get().loaded_digest == OLD_FACT_DIGEST
    (folder / "space.toml").write_text(TOPIC + FACT)

    assert "edited here" not in load(folder)
    assert FactText.objects.get().options == ["Venus", "Mars", "Jupiter"]


def test_the_report_counts_and_names_sources(folder: Path) -> None:
    second = FACT.replace("enus", "ulcan").replace("checked_on = 2026-11-20\n", "")
    (folder / "space.toml").write_text(TOPIC + FACT + second)
    translate(folder)

    lines = run("report", folder).splitlines()

    assert lines[0].split() == ["facts", "en", "fr"]
    assert lines[1].split() == ["Space", "2", "2", "1"]
    assert "1 of 2 facts were compared" in "".join(lines)
    assert "  On Venus · Press: Venus · chapter 1 · checked 2026-11-20" in lines
    assert "  On Vulcan · Press: Vulcan · chapter 1 · not checked yet" in lines


def test_the_content_of_the_project_is_whole() -> None:
    topics = content.read()

    assert content.languages(topics)[:1] == ["en"]
    assert {"de", "en", "es", "fr", "it", "ja", "pt"} <= set(content.languages(topics))
    assert list(coverage.missing(topics)) == []
    assert len(topics) >= 10
    for topic in topics:
        assert len(topic.facts) >= 12
        for fact in topic.facts:
            for text in fact.texts.values():
                assert text.more
                assert text.question
                assert "http" not in f"{text.speech} {text.more} {text.headline}"
