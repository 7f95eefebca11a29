from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from skill_endpoint.facts import loading
from skill_endpoint.facts.management.commands.load_facts import Command
from skill_endpoint.facts.models import SPEECH_MAX_LENGTH, Fact, FactText, Topic

TOPIC = """\
slug = "space"
name = "Space"
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
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "space.toml").write_text(TOPIC + FACT)
    return tmp_path


def load(folder: Path, *options: str) -> str:
    out = StringIO()
    call_command("load_facts", str(folder), *options, stdout=out)
    return out.getvalue()


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


@pytest.mark.parametrize("command", ["load_facts", "prune"])
def test_a_database_without_tables_is_one_sentence(tmp_path: Path, command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "manage.py", command, "--settings=tests.settings"],
        env={**os.environ, "TEST_DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}"},
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
    usage = Command().create_parser("manage.py", "load_facts").format_help()
    assert "one TOML file a topic" in usage


def test_it_names_and_leaves_alone_what_no_file_has(folder: Path, db: None) -> None:
    load(folder)
    (folder / "space.toml").write_text(TOPIC + FACT.replace('"venus"', '"mars"'))

    summary = load(folder)

    assert "Left alone" in summary
    assert "venus" in summary
    assert Fact.objects.filter(slug="venus", is_published=True).exists()


def test_check_only_validates(folder: Path, db: None) -> None:
    assert "1 facts are fine" in load(folder, "--check")
    assert not Topic.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('speech = "Venus is odd."', f'speech = "{"x" * (SPEECH_MAX_LENGTH + 1)}"', "at most 220"),
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
        ("position = 1", "position =", "not TOML"),
    ],
)
def test_it_refuses_files_with_a_fault_and_writes_nothing(
    folder: Path, db: None, old: str, new: str, problem: str
) -> None:
    content = TOPIC + FACT
    assert old in content
    shutil.copy(folder / "space.toml", folder / "a-good-one.toml")
    (folder / "a-good-one.toml").write_text(
        content.replace('"space"', '"a-good-one"').replace('"venus"', '"fine"')
    )
    (folder / "space.toml").write_text(content.replace(old, new, 1))

    with pytest.raises(CommandError, match="Nothing was loaded") as refused:
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

    with pytest.raises(loading.ContentErrors) as errors:
        loading.read(folder)

    assert len(errors.value.problems) == 2


def test_it_says_so_when_there_is_nothing_to_load(tmp_path: Path, db: None) -> None:
    with pytest.raises(CommandError, match=r"holds no \.toml file"):
        load(tmp_path)


def test_the_content_of_the_project_is_in_order() -> None:
    topics = loading.read()

    assert len(topics) >= 6
    for topic in topics:
        assert len(topic["facts"]) >= 6
        for fact in topic["facts"]:
            assert fact["texts"]["en"]["more"]
            assert not any("http" in text for text in fact["texts"]["en"].values())
