from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from skill_endpoint import skill
from skill_endpoint.facts import content
from skill_endpoint.interaction_models import build, check, source
from skill_endpoint.interaction_models.intents import INTENTS
from skill_endpoint.locales import LANGUAGES, LOCALES

PRESENT = [code for code, locale in LOCALES.items() if locale.parent in source.languages()]


def language_model(locale: str) -> dict[str, Any]:
    model: dict[str, Any] = build.document(locale)["interactionModel"]["languageModel"]
    return model


def values(locale: str, kind: str) -> list[dict[str, Any]]:
    (found,) = (each for each in language_model(locale)["types"] if each["name"] == kind)
    return list(found["values"])


def test_there_is_a_source_for_english_and_for_no_language_that_alexa_has_not() -> None:
    assert {"en"} <= {*source.languages()} <= {*LANGUAGES}


@pytest.mark.parametrize("locale", PRESENT)
def test_the_model_of_a_locale_is_good(locale: str) -> None:
    assert list(check.problems(build.document(locale), locale)) == []


def test_model_and_skill_have_the_same_intents() -> None:
    assert {intent.name for intent in INTENTS} == set(skill.INTENTS)


@pytest.mark.parametrize("locale", PRESENT)
def test_every_locale_has_the_same_intents_slots_and_ids(locale: str) -> None:
    def shape(code: str) -> Any:
        model = language_model(code)
        intents = [(each["name"], each.get("slots")) for each in model["intents"]]
        ids = [
            [value.get("id") for value in kind["values"] if "id" in value]
            for kind in model["types"]
        ]
        return intents, ids

    assert shape(locale) == shape("en-US")


def test_the_topics_are_those_of_the_content_in_its_order_and_all_of_them() -> None:
    slugs = [topic.slug for topic in content.read()]

    assert [value["id"] for value in values("en-US", "Topic")] == [*slugs, "all"]


def test_the_answers_of_the_quiz_are_known_after_the_numbers() -> None:
    known = values("en-US", "Answer")
    words = {
        word.casefold()
        for value in known
        for word in (value["name"]["value"], *value["name"].get("synonyms", []))
    }
    options = {
        option.casefold()
        for topic in content.read()
        for fact in topic.facts
        for option in fact.texts["en"].options
    }

    assert [value["id"] for value in known[:3]] == ["1", "2", "3"]
    assert not any("id" in value for value in known[3:])
    assert options <= words


def quiz(*options: str, **more: tuple[str, ...]) -> list[content.TopicContent]:
    """A topic with one fact and these options; `more` by language."""
    texts = {
        language: content.TextContent("h", "s", question="q?", options=each)
        for language, each in {"en": options, **more}.items()
    }
    fact = content.FactContent("f", "t", "p", "l", None, True, texts)
    return [content.TopicContent("space", 1, {}, (fact,))]


@pytest.mark.parametrize(
    ("locale", "names"),
    [
        ("en-US", ["Venus", "the Moon"]),
        ("de-DE", ["Mond", "Sonne"]),  # in the language
        ("fr-CA", ["Lune"]),  # in its parent
        ("it-IT", ["Venus", "the Moon"]),  # in English, for want of it
    ],
)
def test_options_are_those_of_the_language(locale: str, names: list[str]) -> None:
    topics = quiz("Venus", "ONE", "venus", "the Moon", de=("Mond", "Sonne"), fr=("Lune",))
    spoken = source.Spoken(
        invocation_name="n",
        names=("Bob",),
        intents={},
        topics={"space": ("space",), "all": ("all",)},
        answers={"1": ("one",), "2": ("two",), "3": ("three", "third")},
    )
    document = build.compose(spoken, topics, LOCALES[locale])
    (answers,) = (
        kind["values"]
        for kind in document["interactionModel"]["languageModel"]["types"]
        if kind["name"] == "Answer"
    )

    assert [value["name"]["value"] for value in answers[3:]] == names


def test_it_is_the_same_bytes_in_every_process() -> None:
    program = (
        "import sys\n"
        "from skill_endpoint.interaction_models import build\n"
        "sys.stdout.buffer.write(build.as_json(build.document('en-GB')).encode())"
    )
    built = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }

    assert len(built) == 1
    assert built == {build.as_json(build.document("en-GB")).encode()}


def test_a_file_is_written_as_people_read_it() -> None:
    text = build.as_json({"a": ["é", {}]})

    assert text == '{\n  "a": [\n    "é",\n    {}\n  ]\n}\n'
    assert json.loads(text) == {"a": ["é", {}]}


def test_faults_of_the_content_are_faults_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text("slug =", encoding="utf-8")

    with pytest.raises(source.SourceError, match=r"space\.toml: cannot be read as TOML"):
        build.document("en-US", data=tmp_path)


def test_a_locale_that_alexa_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        build.document("fr-BE")
