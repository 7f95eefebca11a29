"""Whatever a turn carries, the answer is one that helps: never our own exception's apology."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skill_endpoint import skill
from skill_endpoint.locales import LOCALES, locale_of
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope, resolved_slot
from skill_endpoint.speech.builtin import apology
from tests.skill_endpoint.voice import heard, parses, stock_library

pytestmark = pytest.mark.django_db
# each example runs in a transaction of its own, so the fixtures may serve them all
MANY = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
LONG = st.sampled_from(["x" * 9000, "sharks " * 700, "ß" * 3000, "a\u202eb" * 100])
WORDS = TEXT | LONG | st.sampled_from(["", " ", "space", "venus", "{topic}", "<speak>&", "%s", "1"])
IDS = TEXT | LONG | st.sampled_from(["space", "food", "all", "1", "2", "9", "-1", "١", "no-more"])

STATUS = st.sampled_from(["ER_SUCCESS_MATCH", "ER_SUCCESS_NO_MATCH", "ER_ERROR_TIMEOUT", "NEW"])
RESOLUTIONS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "resolutionsPerAuthority": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "authority": TEXT,
                    "status": st.none() | st.fixed_dictionaries({"code": STATUS}),
                    "values": st.none()
                    | st.lists(
                        st.fixed_dictionaries(
                            {},
                            optional={
                                "value": st.none()
                                | st.fixed_dictionaries({}, optional={"name": TEXT, "id": IDS})
                            },
                        ),
                        max_size=3,
                    ),
                },
            ),
            max_size=3,
        )
    },
)
SLOT = st.builds(
    lambda name, spoken, slug: resolved_slot(name, spoken, slug, slug), TEXT, WORDS, IDS
) | st.fixed_dictionaries(
    {"name": TEXT}, optional={"value": st.none() | WORDS, "resolutions": RESOLUTIONS}
)
SLOTS = st.dictionaries(
    st.sampled_from(["topic", "second_topic", "third_topic", "answer", "name"]) | TEXT,
    SLOT,
    max_size=4,
)
KNOWN_MEMBERS = {
    "heard": st.lists(st.integers(-5, 50) | SCALAR, max_size=90) | ANYTHING,
    "topic": WORDS | ANYTHING,
    "pending": st.sampled_from(["daily", "another", "topic:space", "topic:", "quiz"])
    | st.just("which topics")
    | ANYTHING,
    "more_of": st.integers() | ANYTHING,
    "used_up": st.lists(WORDS, max_size=3) | ANYTHING,
    "misses": st.integers(-2, 5) | ANYTHING,
    "in_english": st.booleans() | ANYTHING,
    "quizzed": st.booleans() | ANYTHING,
    "quiz": st.lists(st.integers(-1, 9), max_size=9) | ANYTHING,
    "quiz_seed": WORDS | ANYTHING,
    "quiz_asked": st.integers(-1, 9) | ANYTHING,
    "quiz_right": st.integers(-1, 9) | ANYTHING,
    "speech": WORDS | ANYTHING,
    "reprompt": WORDS | ANYTHING,
}
ATTRIBUTES = st.fixed_dictionaries({}, optional=KNOWN_MEMBERS) | st.dictionaries(
    TEXT, ANYTHING, max_size=4
)
LOCALE = st.sampled_from([*LOCALES, "en-ZA", "fr-BE", "xx-YY", "tlh", "", "en_US"]) | TEXT
INTENT = st.sampled_from([*skill.INTENTS, "NoSuchIntent", "AMAZON.PauseIntent"]) | TEXT


@pytest.fixture(autouse=True)
def _library(db: None) -> None:
    stock_library()


@pytest.fixture(params=["linked", "unlinked"])
def speaker(request: pytest.FixtureRequest, device: Device, linked_device: Device) -> Device:
    return linked_device if request.param == "linked" else device


def answered(envelope: Envelope) -> dict[str, Any]:
    with transaction.atomic():
        answer: dict[str, Any] = json.loads(skill.answer(envelope))
        transaction.set_rollback(True)
    return answer


def helps(envelope: Envelope) -> None:
    answer = answered(envelope)
    ssml = answer["response"]["outputSpeech"]["ssml"]
    assert parses(ssml)
    with translation.override(locale_of(envelope["request"].get("locale")).language):
        assert heard(apology()) not in heard(ssml)
    assert heard(ssml)
    assert len(ssml) <= 8000
    assert len(json.dumps(answer, ensure_ascii=False)) <= 24_000
    open_ = answer["response"]["shouldEndSession"] is False
    assert open_ is ("reprompt" in answer["response"])


@MANY
@given(intent=INTENT, slots=SLOTS, attributes=ATTRIBUTES, locale=LOCALE, new=st.booleans())
def test_every_intent_with_anything_in_it(
    speaker: Device, intent: str, slots: Any, attributes: Any, locale: str, new: bool
) -> None:
    device = replace(speaker, locale=locale)

    helps(envelopes.intent(device, intent, slots, attributes=attributes, new=new))


@MANY
@given(attributes=ATTRIBUTES, locale=LOCALE)
def test_every_launch(speaker: Device, attributes: Any, locale: str) -> None:
    helps(envelopes.launch(replace(speaker, locale=locale), attributes=attributes))


MATCHED = {"authority": "a", "status": {"code": "ER_SUCCESS_MATCH"}}


def shapeless(envelope: Envelope) -> Iterator[Envelope]:
    """The envelope with slots and resolutions of every wrong type."""
    for wrong in (None, 7, True, "text", [], ["x"], {}, {"topic": 7}, {"topic": "x"}):
        yield _with(envelope, wrong)
    for value in (7, True, ["x"], {"x": 1}):
        yield _with(envelope, {"topic": {"name": "topic", "value": value}})
        yield _with(envelope, {"topic": {"name": value, "value": "space"}})
        yield _with(envelope, {"topic": {"name": "topic", "value": "x", "resolutions": value}})
        for inner in (
            value,
            [value],
            [None],
            [{**MATCHED, "values": [None]}],
            [{"status": value}],
            [{"status": {"code": value}}],
        ):
            found = {"resolutionsPerAuthority": inner}
            yield _with(envelope, {"topic": {"value": "x", "resolutions": found}})


def _with(envelope: Envelope, slots: Any) -> Envelope:
    changed: Envelope = json.loads(json.dumps(envelope))
    changed["request"]["intent"]["slots"] = slots
    return changed


@pytest.mark.parametrize("intent", ["TopicFactIntent", "QuizAnswerIntent", "AMAZON.HelpIntent"])
def test_slots_of_the_wrong_type_are_answered_as_if_they_were_not_there(
    speaker: Device, intent: str
) -> None:
    for envelope in shapeless(envelopes.intent(speaker, intent)):
        helps(envelope)


@pytest.mark.parametrize("attributes", [None, 7, "text", [], ["x"], True])
def test_attributes_of_the_wrong_type_count_as_none(speaker: Device, attributes: Any) -> None:
    envelope = envelopes.intent(speaker, "AMAZON.RepeatIntent")
    envelope["session"]["attributes"] = attributes

    helps(envelope)


@pytest.mark.parametrize("locale", [None, 7, "", "en", "EN-us", "x" * 500, ["en-US"]])
def test_a_locale_that_is_none_is_answered_in_english(speaker: Device, locale: Any) -> None:
    envelope = envelopes.launch(speaker)
    envelope["request"]["locale"] = locale

    helps(envelope)


@pytest.mark.parametrize("session", ["missing", None])
def test_a_turn_without_a_session_is_answered(speaker: Device, session: Any) -> None:
    for envelope in (
        envelopes.launch(speaker),
        envelopes.intent(speaker, "DailyFactIntent"),
        envelopes.touch(speaker, ["another", 1]),
    ):
        envelope["session"] = session
        if session == "missing":
            del envelope["session"]
        helps(envelope)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Alexa.Presentation.APL.RuntimeError", "token": "fact", "errors": [{"type": "X"}]},
        {"type": "Alexa.Presentation.APL.RuntimeError", "token": "fact"},
        {"type": "Alexa.Something.OfTomorrow"},
        {"type": "Alexa.Presentation.APL.UserEvent", "arguments": ["no such verb"]},
    ],
)
def test_what_is_no_turn_forgets_nothing(speaker: Device, change: dict[str, Any]) -> None:
    attributes = {"heard": [1], "pending": "quiz", "quiz": [1, 2]}
    envelope = envelopes.launch(speaker, attributes=attributes)
    envelope["request"].update(change)

    answer = answered(envelope)

    assert answer["response"] == {}
    assert answer["sessionAttributes"] == attributes
