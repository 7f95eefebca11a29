"""Each check with a response that keeps its rule, and with broken ones."""

from __future__ import annotations

from typing import Any

import pytest

from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.checks import MAX_RESPONSE, MAX_SPEECH, RULES, Check, check
from skill_endpoint.simulator.devices import KINDS
from skill_endpoint.simulator.envelopes import Device, Envelope

ECHO = Device(application_id="amzn1.ask.skill.tests", user_id="amzn1.ask.account.TESTS")
SHOW = Device(
    application_id=ECHO.application_id,
    user_id=ECHO.user_id,
    interfaces=KINDS["show-5"].interfaces,
)
LAUNCH = envelopes.launch(ECHO)
RENDER = {"type": "Alexa.Presentation.APL.RenderDocument", "token": "t", "document": {}}


def ssml(text: str) -> Envelope:
    return {"type": "SSML", "ssml": f"<speak>{text}</speak>"}


def asking(**changes: Any) -> Envelope:
    """A response that keeps every rule, with some members of `response` replaced."""
    answer = {
        "outputSpeech": ssml("Honey never spoils. Would you like another one?"),
        "reprompt": {"outputSpeech": ssml("One more?")},
        "card": {"type": "Simple", "title": "Food", "content": "Honey never spoils."},
        "shouldEndSession": False,
        **changes,
    }
    kept = {name: value for name, value in answer.items() if value is not ...}
    return {"version": "1.0", "sessionAttributes": {}, "response": kept}


def telling(text: str = "Honey never spoils.", **changes: Any) -> Envelope:
    return asking(outputSpeech=ssml(text), reprompt=..., shouldEndSession=True, **changes)


def found(
    name: str, response: Envelope, request: Envelope = LAUNCH, milliseconds: int = 90
) -> Check | None:
    checks = {each.name: each for each in check(request, response, milliseconds)}
    return checks.get(name)


def state(name: str, response: Envelope, **more: Any) -> str:
    """ok, warning, fault; empty where the rule has nothing to look at."""
    seen = found(name, response, **more)
    return seen.state if seen else ""


@pytest.mark.parametrize("response", [asking(), telling()])
def test_a_good_answer_keeps_every_rule(response: Envelope) -> None:
    checks = check(LAUNCH, response, 90)
    assert {each.state for each in checks} == {"ok"}
    assert len(checks) >= 8


def test_every_check_says_what_it_saw_and_wants_and_who_says_so() -> None:
    for each in check(LAUNCH, asking(), 90):
        assert each.label
        assert each.seen
        assert each.wanted
        assert each.source.startswith("https://developer.amazon.com/")


def test_the_names_of_the_rules_differ() -> None:
    assert len({name for name, *_ in RULES}) == len(RULES)


def test_without_a_response_there_is_nothing_to_check() -> None:
    assert check(LAUNCH, None, 90) == []


@pytest.mark.parametrize(
    ("response", "seen"),
    [
        ({**asking(), "version": "2.0"}, "version"),
        ({"version": "1.0", "response": []}, "response is not an object"),
        ({**asking(), "sessionAttributes": []}, "sessionAttributes"),
        (asking(shouldEndSession="false"), "shouldEndSession"),
        (asking(outputSpeech={"type": "Text", "text": "Hello?"}), "outputSpeech"),
        (asking(outputSpeech={"type": "SSML", "text": "Hello?"}), "outputSpeech.ssml"),
        (asking(outputSpeech={"type": ["SSML"]}), "outputSpeech"),
        (asking(reprompt="Well?"), "reprompt is not an object"),
        (asking(reprompt={"outputSpeech": {"type": "PlainText"}}), "reprompt.outputSpeech.text"),
        (asking(card={"type": "Fancy"}), "Fancy"),
        (asking(card={"type": "Simple", "title": "Food"}), "card.content"),
        (asking(card={"type": "Standard", "title": "Food", "content": "x"}), "card.text"),
        (asking(directives={}), "directives is not a list"),
        (asking(directives=["x"]), "unknown directive"),
        (asking(directives=[{"type": "Alexa.Dance"}]), "Alexa.Dance"),
        (asking(directives=[RENDER]), "without a screen"),
    ],
)
def test_it_names_what_is_not_of_amazons_shape(response: Envelope, seen: str) -> None:
    shape = found("shape", response)
    assert shape is not None
    assert shape.state == "fault"
    assert seen in shape.seen


def test_a_device_with_a_screen_may_be_sent_a_document() -> None:
    assert state("shape", asking(directives=[RENDER]), request=envelopes.launch(SHOW)) == "ok"


def test_a_card_that_asks_to_link_needs_no_text() -> None:
    assert state("shape", asking(card={"type": "LinkAccount"})) == "ok"


@pytest.mark.parametrize(
    ("speech", "seen"),
    [
        ("<speak>Salt & pepper?</speak>", "not well-formed"),
        ("<speak>Never closed?", "not well-formed"),
        ("Just text?", "not well-formed"),
        ("<p>Well?</p>", "outermost element is <p>"),
        ("<speak><b>Bold</b>?</speak>", "unknown to Alexa: b"),
        ('<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;?</speak>', "not well-formed"),
    ],
)
def test_it_wants_markup_that_alexa_reads(speech: str, seen: str) -> None:
    markup = found("markup", asking(outputSpeech={"type": "SSML", "ssml": speech}))
    assert markup is not None
    assert markup.state == "fault"
    assert seen in markup.seen


def test_it_reads_the_markup_of_the_reprompt_too() -> None:
    assert state("markup", asking(reprompt={"outputSpeech": ssml("<i>Well</i>?")})) == "fault"


def test_plain_text_has_no_markup() -> None:
    plain = {"type": "PlainText", "text": "1 < 2"}
    assert state("markup", telling(card=...) | {"response": {"outputSpeech": plain}}) == ""


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (asking(), "ok"),
        (telling(), "ok"),
        (asking(reprompt=...), "fault"),
        (asking(shouldEndSession=True), "fault"),
        (asking(shouldEndSession=...), "fault"),
    ],
)
def test_a_reprompt_is_there_exactly_when_the_session_stays_open(
    response: Envelope, expected: str
) -> None:
    assert state("reprompt", response) == expected


@pytest.mark.parametrize("end", ["?", "؟", "？", "?”"])
def test_an_open_session_ends_in_a_question_of_any_script(end: str) -> None:
    assert state("question", asking(outputSpeech=ssml(f"Another one{end}"))) == "ok"


@pytest.mark.parametrize("end", [".", "!", "", "? Say yes or no."])
def test_an_open_session_does_not_end_in_a_statement(end: str) -> None:
    assert state("question", asking(outputSpeech=ssml(f"Another one{end}"))) == "fault"


def test_a_session_that_ends_needs_no_question() -> None:
    assert state("question", telling()) == ""


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ("One more?", "ok"),
        ("Would you like another one?", "fault"),
        ("Honey never spoils, and neither does salt; so, would you like one more?", "fault"),
    ],
)
def test_a_reprompt_is_shorter_and_in_other_words(again: str, expected: str) -> None:
    assert state("other_words", asking(reprompt={"outputSpeech": ssml(again)})) == expected


def test_speech_has_at_most_eight_thousand_characters() -> None:
    fill = MAX_SPEECH - len("<speak></speak>")
    assert state("length", telling("x" * fill)) == "ok"
    assert state("length", telling("x" * (fill + 1))) == "fault"


def test_a_response_has_at_most_24_kilobytes() -> None:
    big = {**telling(), "sessionAttributes": {"x": "ß" * (MAX_RESPONSE // 2)}}
    assert state("size", telling()) == "ok"
    assert state("size", big) == "fault"


@pytest.mark.parametrize(("milliseconds", "expected"), [(8000, "ok"), (8001, "fault")])
def test_an_answer_takes_at_most_eight_seconds(milliseconds: int, expected: str) -> None:
    assert state("time", telling(), milliseconds=milliseconds) == expected


def request_in(locale: str) -> Envelope:
    envelope = envelopes.launch(ECHO)
    envelope["request"]["locale"] = locale
    return envelope


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("word " * 28, "en-US", "ok"),
        ("word " * 41, "en-US", "ok"),
        ("word " * 43, "en-US", "warning"),
        ("字" * 96, "ja-JP", "ok"),
        ("字" * 99, "ja-JP", "warning"),
        ("word " * 5 + '<break time="9s"/><break time="5000ms"/>', "en-US", "warning"),
        ("Wort " * 34, "de-DE", "warning"),
    ],
)
def test_an_answer_takes_one_breath(text: str, locale: str, expected: str) -> None:
    assert state("one_breath", telling(text), request=request_in(locale)) == expected


@pytest.mark.parametrize(
    "text", ["See https://example.test", "Go to www.example", "example.com", "me@example.test"]
)
def test_no_address_is_read_out(text: str) -> None:
    assert state("address", telling(text)) == "fault"
    assert state("address", asking(reprompt={"outputSpeech": ssml(f"{text}?")})) == "fault"


def test_a_full_stop_makes_no_address() -> None:
    assert state("address", telling("It is 3.5 m long. Commas, and so on.Organs too.")) == "ok"


LINKING = {
    "en-US": "To link your account, open the card in your Alexa app.",
    "fr-FR": "Pour associer ton compte, ouvre la carte dans ton application Alexa.",
}


@pytest.mark.parametrize("locale", LINKING)
def test_who_is_asked_to_link_gets_the_card(locale: str) -> None:
    text, request = LINKING[locale], request_in(locale)
    card = {"type": "LinkAccount"}
    assert state("link_card", telling(f"Sorry. {text}", card=card), request=request) == "ok"
    assert state("link_card", telling(f"Sorry. {text}"), request=request) == "fault"
    assert state("link_card", telling("Sorry.", card=card), request=request) == "warning"
    assert state("link_card", telling("Sorry."), request=request) == ""


def one_shot(intent: str) -> Envelope:
    return envelopes.intent(ECHO, intent, new=True)


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        ("DailyFactIntent", "warning"),
        ("QuizIntent", "ok"),
        ("AMAZON.HelpIntent", "ok"),
        ("ListTopicsIntent", "ok"),
        ("AMAZON.FallbackIntent", ""),
    ],
)
def test_who_asked_in_one_shot_is_let_go(intent: str, expected: str) -> None:
    assert state("let_go", asking(), request=one_shot(intent)) == expected
    assert state("let_go", telling(), request=one_shot("DailyFactIntent")) == "ok"
    assert state("let_go", asking(), request=LAUNCH) == ""


@pytest.mark.parametrize(
    "request_", [envelopes.session_ended(ECHO), envelopes.skill_event(ECHO, "SkillEnabled")]
)
def test_nothing_is_said_where_nobody_listens(request_: Envelope) -> None:
    empty = {"version": "1.0", "response": {}}
    assert {each.state for each in check(request_, empty, 9)} == {"ok"}
    assert state("silence", telling(), request=request_) == "fault"
    assert state("silence", telling()) == ""


@pytest.mark.parametrize("nonsense", [{}, {"request": 1}, {"session": {"new": "yes"}}])
@pytest.mark.parametrize("response", [{}, {"response": {"outputSpeech": 5, "reprompt": []}}])
def test_nonsense_breaks_no_check(nonsense: Envelope, response: Envelope) -> None:
    assert found("shape", response, nonsense)


def test_the_question_at_the_end_is_a_breath_of_its_own() -> None:
    fact, asked = "word " * 40, 'x <break time="600ms"/> Would you like to hear another one now?'

    assert state("one_breath", asking(outputSpeech=ssml(f"{fact} {asked}"))) == "ok"
    assert state("one_breath", telling(f"{fact} {asked}")) == "warning"


@pytest.mark.parametrize(
    ("words", "expected", "seen"),
    [(42, "ok", "about 15.0 s"), (43, "warning", "about 15.4 s"), (1, "ok", "about 0.4 s")],
)
def test_a_breath_is_measured_as_finely_as_it_is_shown(
    words: int, expected: str, seen: str
) -> None:
    """42 words at 2.8 a second are 15 seconds, and in floating point a little more."""
    each = found("one_breath", telling("word " * words), request=request_in("en-US"))

    assert each
    assert (each.state, each.seen) == (expected, seen)
