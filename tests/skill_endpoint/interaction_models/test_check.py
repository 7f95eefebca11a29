from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from skill_endpoint.interaction_models import check

type Model = dict[str, Any]
GOOD: Model = {
    "invocationName": "small wonders",
    "intents": [
        {
            "name": "TopicFactIntent",
            "slots": [{"name": "topic", "type": "Topic"}],
            "samples": ["about {topic}", "{topic}"],
        },
        {
            "name": "QuizAnswerIntent",
            "slots": [{"name": "answer", "type": "Answer"}],
            "samples": ["{answer}", "it's {answer}"],
        },
        *({"name": name, "samples": []} for name in check.REQUIRED),
    ],
    "types": [
        {
            "name": "Topic",
            "values": [
                {"id": "space", "name": {"value": "space", "synonyms": ["stars"]}},
                {"id": "oceans", "name": {"value": "oceans"}},
            ],
        },
        {"name": "Answer", "values": [{"name": {"value": "Venus"}}]},
    ],
}


def problems(model: Model, locale: str = "en-US", **interaction: Any) -> list[str]:
    document = {"interactionModel": {"languageModel": model, **interaction}}
    return list(check.problems(document, locale))


def broken(change: Callable[[Model], object]) -> Model:
    model = copy.deepcopy(GOOD)
    change(model)
    return model


def says(*samples: str) -> Callable[[Model], object]:
    return lambda model: model["intents"][0]["samples"].extend(samples)


def intent(**more: Any) -> Callable[[Model], object]:
    return lambda model: model["intents"].append({"name": "MoreIntent", "samples": ["x"], **more})


def kind(**more: Any) -> Callable[[Model], object]:
    return lambda model: model["types"].append({"name": "More", "values": [], **more})


def synonym(word: str) -> Callable[[Model], object]:
    return lambda model: model["types"][0]["values"][0]["name"]["synonyms"].append(word)


def test_a_good_model_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (says("more about {theme}"), "{theme} is no slot of it"),
        (intent(slots=[{"name": "s", "type": "Topic"}]), "slot s is in no sample"),
        (intent(slots=[{"name": "s", "type": "Nope"}], samples=["a {s}"]), "unknown type Nope"),
        (
            intent(slots=[{"name": "s", "type": "AMAZON.Nope"}], samples=["a {s}"]),
            "unknown type AMAZON.Nope",
        ),
        (intent(slots=[{"name": "s", "type": "Topic"}] * 2, samples=["{s} x"]), "slot s is there"),
        (intent(samples=[]), "MoreIntent: has no samples"),
        (intent(name="QuizAnswerIntent"), "intent QuizAnswerIntent is there twice"),
        (lambda model: model["intents"].pop(), "AMAZON.FallbackIntent: missing"),
        (lambda model: model["intents"].pop(2), "AMAZON.CancelIntent: missing"),
        (says("about {topic}"), "“about {topic}” is there twice"),
        (says("it's {topic}"), "“it's {answer}” is in TopicFactIntent, too, as “it's {topic}”"),
        (says("{topic}"), "“{topic}” is there twice"),
        (
            intent(slots=[{"name": "topic", "type": "Topic"}], samples=["{topic}"]),
            "MoreIntent: “{topic}” is in TopicFactIntent, too",
        ),
        (says("{topic} and {topic}"), "has a slot twice"),
        (says("About {topic}"), "must be lower case"),
        (says("three facts", "3 facts"), "“3 facts” has digits"),
        (says("what is it?"), "has more than letters"),
        (says("what, now"), "has more than letters"),
        (says("a - b"), "has more than letters"),
        (says("a ' b"), "has more than letters"),
        (says(". a"), "has more than letters"),
        (says("a_b"), "has more than letters"),
        (says("it’s"), "has more than letters"),
        (says(" a"), "has spaces at an end"),
        (says("a  b"), "has spaces at an end or two in a row"),
        (says(""), "is empty"),
        (says("a" * 201), "has 201 letters, at most 200"),
        (kind(), "type More: no slot has it"),
        (kind(), "type More: has no values"),
        (kind(name="AMAZON.City", values=[{"name": {"value": "x"}}]), "none of Amazon's that we"),
        (kind(name="Topic"), "type Topic is there twice"),
        (
            lambda model: model["types"][0]["values"].append(model["types"][0]["values"][0]),
            "type Topic: id space is there twice",
        ),
        (synonym("Oceans"), "“oceans” means “space” and “oceans”"),
        (synonym("stars"), "type Topic: space: word stars is there twice"),
        (synonym("Space"), "type Topic: space: word space is there twice"),
        (synonym("a|b"), "“a|b” is not written as words"),
        (synonym(" a"), "“ a” is not written as words"),
        (synonym("a" * 141), "has more than 140 letters"),
        (
            lambda model: model["intents"].extend(
                {"name": f"I{n}", "samples": [f"{'x' * n} y"]} for n in range(1, 249)
            ),
            "the model has 255 intents, at most 250",
        ),
        (
            lambda model: model["types"][0]["values"].extend(
                {"id": f"{n}", "name": {"value": f"{n:0140}"}} for n in range(6000)
            ),
            "bytes, at most 1500000 are allowed",
        ),
    ],
)
def test_it_finds(change: Callable[[Model], object], problem: str) -> None:
    assert problem in "\n".join(problems(broken(change)))


@pytest.mark.parametrize(
    ("name", "locale", "problem"),
    [
        ("Small wonders", "en-US", "must be lower case"),
        ("small 7 wonders", "en-US", "numbers are written as words"),
        ("small wonders!", "en-US", "letters, spaces, apostrophes and periods"),
        ("small  wonders", "en-US", "single spaces"),
        ("wonders", "en-US", "two words or more"),
        ("wonders", "fr-FR", "two words or more"),
        ("alexa wonders", "en-US", "“alexa” wakes Alexa"),
        ("echo wonders", "de-DE", "“echo” wakes Alexa"),
        ("open wonders", "en-US", "“open” launches skills"),
        ("wonders skill", "en-US", "“skill” launches skills"),
        ("öffne wunder", "de-DE", "“öffne” launches skills"),
        ("the wonders", "en-US", "“the” in a name of two words"),
        ("le merveilleux", "fr-FR", "“le” in a name of two words"),
    ],
)
def test_it_finds_in_the_name(name: str, locale: str, problem: str) -> None:
    assert problem in "\n".join(problems({**GOOD, "invocationName": name}, locale))


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        ("kleinewunder", "de-DE"),
        ("スモールワンダー", "ja-JP"),
        ("छोटे अजूबे", "hi-IN"),
        ("عجائب صغيرة", "ar-SA"),
        ("the small wonders", "en-US"),
        ("sam's wonders", "en-US"),
        ("les petites merveilles", "fr-FR"),
    ],
)
def test_a_good_name_is_let_be(name: str, locale: str) -> None:
    assert problems({**GOOD, "invocationName": name}, locale) == []


@pytest.mark.parametrize(
    "sample",
    [
        "est-ce vrai",
        "o. k.",
        "the players' fact",
        "l'eau",
        "宇宙 の 話",
        "मुझे कुछ बताओ",
        "क्‍या",
        "أخبرني بشيء",
    ],
)
def test_every_script_is_let_be(sample: str) -> None:
    assert problems(broken(says(sample))) == []


ASKING = {"name": "TopicFactIntent", "slots": [{"name": "topic", "prompts": {"elicitation": "P1"}}]}


@pytest.mark.parametrize(
    ("interaction", "found"),
    [
        ({"dialog": {"intents": []}}, ["dialog: has no intents; leave it out"]),
        ({"prompts": [{"id": "P1"}]}, ["prompts: nothing asks P1"]),
        ({"dialog": {"intents": [ASKING]}}, ["dialog: there is no prompt P1"]),
        ({"dialog": {"intents": [ASKING]}, "prompts": [{"id": "P1"}]}, []),
        (
            {"dialog": {"intents": [{"name": "X", "prompts": {"confirmation": "P2"}}]}},
            ["dialog: X is none of the intents", "dialog: there is no prompt P2"],
        ),
        (
            {"dialog": {"intents": [{"name": "TopicFactIntent", "slots": [{"name": "s"}]}]}},
            ["dialog: TopicFactIntent has no slot s"],
        ),
    ],
)
def test_dialog_and_prompts_belong_together(interaction: Any, found: list[str]) -> None:
    assert problems(GOOD, **interaction) == found
