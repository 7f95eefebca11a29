from __future__ import annotations

from pathlib import Path

import pytest

from skill_endpoint.interaction_models import source
from skill_endpoint.interaction_models.intents import INTENTS
from skill_endpoint.interaction_models.source import SourceError
from skill_endpoint.locales import LOCALES

SAYINGS = {intent.name: ["x <that>"] for intent in INTENTS if not intent.is_built_in}
WHOLE = "\n".join(
    [
        'invocation_name = "small wonders"',
        'names = ["Bob"]',
        "[parts]",
        'it = "it"',
        'that = "(that|<it>)"',
        "[intents]",
        *(f"{name} = {sayings}" for name, sayings in SAYINGS.items()),
        "[topics]",
        'space = ["space", "star(s|)"]',
        'all = ["everything"]',
        "[answers]",
        '1 = ["one"]',
        '2 = ["two"]',
        '3 = ["three"]',
        "",
    ]
)


def read(tmp_path: Path, text: str, locale: str = "en-US") -> source.Spoken:
    (tmp_path / "en.toml").write_text(text, encoding="utf-8")
    return source.read(LOCALES[locale], ["space"], tmp_path)


def test_a_source_is_read_with_its_alternatives_written_out(tmp_path: Path) -> None:
    spoken = read(tmp_path, WHOLE)

    assert spoken.invocation_name == "small wonders"
    assert spoken.intents["QuizIntent"] == ("x that", "x it")
    assert spoken.topics == {"space": ("space", "stars", "star"), "all": ("everything",)}
    assert spoken.answers["3"] == ("three",)


def test_a_region_says_it_differently_and_the_others_do_not(tmp_path: Path) -> None:
    text = (
        WHOLE
        + """
        [regions.en-GB]
        invocation_name = "wee wonders"
        [regions.en-GB.parts]
        it = "(this|them)"
        [regions.en-GB.more.intents]
        QuizIntent = ["cheers", "x that"]
        "AMAZON.StopIntent" = ["ta"]
        [regions.en-GB.less.intents]
        SlowerIntent = ["x (this|them)"]
        [regions.en-GB.more.topics]
        all = ["the lot"]
        [regions.en-GB.less.topics]
        space = ["star(s|)"]
        """
    )
    british, american = read(tmp_path, text, "en-GB"), read(tmp_path, text)

    assert british.invocation_name == "wee wonders"
    assert british.intents["QuizIntent"] == ("x that", "x this", "x them", "cheers")
    assert british.intents["AMAZON.StopIntent"] == ("ta",)
    assert british.intents["SlowerIntent"] == ("x that",)
    assert british.topics == {"space": ("space",), "all": ("everything", "the lot")}
    assert american == read(tmp_path, WHOLE)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[parts]", "[parts", r"en\.toml: not TOML in UTF-8"),
        ("invocation_name", "invocation", r"en\.toml: invocation_name is missing"),
        ("invocation_name", "invocation", r"en\.toml: invocation is not a known key"),
        ('= ["Bob"]', '= "Bob"', "names must be a list"),
        ('["Bob"]', "[]", "names: is empty"),
        ('["Bob"]', "[7]", "names: must be a list of texts in quotes"),
        ("QuizIntent", "QuizzIntent", "intents: QuizIntent is missing"),
        ("QuizIntent", "QuizzIntent", "QuizzIntent is none of the skill's intents"),
        ("QuizIntent = ['x <that>']", "QuizIntent = []", "QuizIntent is missing or empty"),
        ("QuizIntent = ['x <that>']", "QuizIntent = 'x'", "must be a list of texts"),
        ("['x <that>']", "['(x <that>']", r"“\(x <that>” a \( is not closed"),
        ("['x <that>']", "['x <this>']", "there is no part <this>"),
        ("['x <that>']", "['x']", r"parts\.that: is used nowhere"),
        ("['x <that>']", "['x (a|b)(a|b|c)(a|b|c|d|e)(a|b|c|d|e)(a|b|c)']", "makes 450 sent"),
        ("space =", "oceans =", "topics: space is missing"),
        ("space =", "oceans =", "oceans is none of the skill's topics"),
        ("all =", "every =", "topics: all is missing"),
        ("\n2 =", "\n4 =", "answers: 2 is missing"),
        ("\n2 =", "\n4 =", "4 is none of the skill's answers"),
        ('it = "it"', "it = 7", r"parts\.it: must be text in quotes"),
        ('it = "it"', 'it = "<that>"', r"parts\.it: there is no part <that>"),
        ('it = "it"', 'It = "it"', r"parts\.It: a part is named with a to z"),
    ],
)
def test_a_broken_source_is_refused_clearly(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in WHOLE
    with pytest.raises(SourceError, match=fault):
        read(tmp_path, WHOLE.replace(old, new))


@pytest.mark.parametrize(
    ("region", "fault"),
    [
        ("[regions.fr-FR]", r"regions\.fr-FR: no locale of this language, which has en-US"),
        ("[regions.en-NZ]", r"regions\.en-NZ: no locale"),
        ("[regions]\nen-GB = 7", r"regions\.en-GB: must be a table"),
        ("[regions.en-GB]\nname = 'x'", "name is not a known key"),
        ("[regions.en-GB.more]\nintent = {}", "more: intent is not a known key"),
        ("[regions.en-GB.more.intents]\nQuiz = ['x']", "Quiz is none of the skill's intents"),
        ("[regions.en-GB.more.topics]\nsea = ['x']", "sea is none of the skill's topics"),
        ("[regions.en-GB.more.topics]\nspace = 'x'", "must be a list of texts"),
        ("[regions.en-GB.less.intents]\nQuizIntent = ['y']", "“y” is not said anyway"),
        ("[regions.en-GB.parts]\nit = 7", "must be text"),
        ("[regions.en-GB.parts]\nfoo = 'a'", r"parts\.foo: is used nowhere"),
    ],
)
def test_a_broken_region_is_refused_clearly(tmp_path: Path, region: str, fault: str) -> None:
    with pytest.raises(SourceError, match=fault):
        read(tmp_path, WHOLE + region, "en-GB")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, WHOLE.replace("QuizIntent =", "QuizzIntent =").replace("\n2 =", "\n4 ="))

    assert len(caught.value.problems) == 4


def test_letters_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_bytes(b'names = ["\xff"]')

    with pytest.raises(SourceError, match="not TOML in UTF-8"):
        source.read(LOCALES["en-US"], ["space"], tmp_path)


def test_a_language_without_a_source_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        source.read(LOCALES["de-DE"], ["space"], tmp_path)
    assert source.languages(tmp_path) == []
