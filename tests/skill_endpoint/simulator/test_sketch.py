from __future__ import annotations

from typing import Any

import pytest

from skill_endpoint.screens import TOKEN, Screen, directive
from skill_endpoint.simulator.envelopes import Envelope
from skill_endpoint.simulator.sketch import sketch

SCREEN = Screen(
    fact_id=7, topic="Food", headline="Honey", text="It never spoils.", source="Test Press"
)


def showing(data: Any) -> Envelope:
    document = {
        "type": "Alexa.Presentation.APL.RenderDocument",
        "token": TOKEN,
        "datasources": {"fact": data},
    }
    return {"response": {"directives": [{"type": "Hint"}, document]}}


def test_it_has_what_the_skill_sends() -> None:
    shown = sketch(showing((directive(SCREEN).datasources or {})["fact"]))
    assert shown is not None
    assert (shown["topic"], shown["headline"], shown["id"]) == ("Food", "Honey", 7)
    assert (shown["text"], shown["source"]) == ("It never spoils.", "Test Press")
    assert [button["verb"] for button in shown["buttons"]] == ["save", "another"]
    assert all(button["label"] for button in shown["buttons"])


def test_what_is_saved_cannot_be_saved_again() -> None:
    shown = sketch(showing({"save": "Save", "another": "Another", "isSaved": True}))
    assert shown is not None
    assert shown["is_saved"]
    assert [button["verb"] for button in shown["buttons"]] == ["another"]


@pytest.mark.parametrize(
    "response",
    [None, {}, {"response": []}, {"response": {"directives": {}}}, {"response": {}}],
)
def test_there_is_no_screen_without_a_document(response: Any) -> None:
    assert sketch(response) is None


@pytest.mark.parametrize("data", [5, [], {}, {"headline": ["x"], "id": "1", "save": 1}])
def test_nonsense_makes_an_empty_sketch(data: Any) -> None:
    shown = sketch(showing(data))
    assert shown is not None
    assert (shown["headline"], shown["buttons"], shown["id"]) == ("", [], 0)


@pytest.mark.parametrize("number", [True, -1, 0, 2**63, 1.5])
def test_an_id_is_a_row_of_ours(number: Any) -> None:
    shown = sketch(showing({"id": number}))
    assert shown is not None
    assert shown["id"] == 0


def test_texts_are_cut() -> None:
    shown = sketch(showing({"text": "x" * 9000}))
    assert shown is not None
    assert len(shown["text"]) == 600
