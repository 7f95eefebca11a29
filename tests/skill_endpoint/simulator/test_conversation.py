"""What a developer can do in a conversation, by the pages of the simulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from skill_endpoint.screens import Screen, directive
from skill_endpoint.simulator import entries, households
from skill_endpoint.simulator.access import pki_folder
from skill_endpoint.simulator.devices import KINDS
from skill_endpoint.simulator.views import COOKIE
from tests.skill_endpoint.simulator.stub import Stub
from tests.skill_endpoint.simulator.test_alexa import says
from tests.skill_endpoint.simulator.test_views import PAGE, household_of, say, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models")]
WELL = {"outputSpeech": {"type": "PlainText", "text": "Well?"}}


def act_as(client: Client, **form: str) -> Any:
    client.post(f"{PAGE}act-as/", {"locale": "en-US", "sends": "nothing", **form})
    return client.get(PAGE)


def showing(**data: Any) -> dict[str, Any]:
    """A RenderDocument directive, as the SDK writes it in JSON."""
    screen = Screen(fact_id=7, topic="Food", headline="Honey", text="Never spoils.", source="Press")
    sent = directive(screen)
    fact: Any = (sent.datasources or {})["fact"]
    sources = {"fact": {**fact, **data}}
    return {"type": sent.object_type, "token": sent.token, "document": {}, "datasources": sources}


# --- candidates ----------------------------------------------------------------------------------


def test_it_shows_the_best_candidates_of_what_was_typed(home: Client, simulator: Stub) -> None:
    shown = text(say(home, utterance="tell me a space fact"))
    assert "100 % TopicFactIntent tell me a {topic} fact topic = space" in shown
    assert "2 candidates" in shown
    assert "Not understood" not in shown


def test_it_shows_candidates_of_what_was_not_understood(home: Client, simulator: Stub) -> None:
    shown = text(say(home, utterance="tell me a act"))
    assert "Not understood. No sample matches. The nearest:" in shown
    (turn,) = [entry for entry in household_of(home).talk if entry["kind"] == "turn"]
    assert 0 < turn["candidates"][0]["percent"] < 50


def test_it_says_so_where_no_sample_is_even_like_it(home: Client, simulator: Stub) -> None:
    assert "Not understood. No sample is like it." in text(say(home, utterance="ξψφ"))


def test_slots_alone_do_not_swallow_what_is_said(home: Client, models: Path) -> None:
    """As Arabic has them, where "and" is no word of its own."""
    document = json.loads((models / "en-US.json").read_text(encoding="utf-8"))
    topics = [{"name": name, "type": "Topic"} for name in ("topic", "second_topic")]
    intent = {"name": "SetTopicsIntent", "slots": topics, "samples": ["{topic} {second_topic}"]}
    document["interactionModel"]["languageModel"]["intents"].append(intent)
    (models / "en-US.json").write_text(json.dumps(document), encoding="utf-8")
    assert "AMAZON.FallbackIntent" in text(say(home, utterance="xyzzy plugh"))
    assert "SetTopicsIntent · topic = planets" in text(say(home, utterance="planets space"))


def test_a_button_has_no_candidates(home: Client, simulator: Stub) -> None:
    assert "candidate" not in text(say(home, press="AMAZON.HelpIntent"))


# --- silence -------------------------------------------------------------------------------------


def test_silence_is_answered_with_the_reprompt_first(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Hello", reprompt=WELL))
    say(home, press="LaunchRequest")
    sent = len(simulator.received)
    shown = text(say(home, press="SessionEndedRequest"))
    assert "After 8 seconds of silence Alexa says the reprompt: Well?" in shown
    assert len(simulator.received) == sent

    say(home, press="SessionEndedRequest")
    ended = simulator.received[-1].json["request"]
    assert (ended["type"], ended["reason"]) == ("SessionEndedRequest", "EXCEEDED_MAX_REPROMPTS")
    home.post(f"{PAGE}say/", {"press": "SessionEndedRequest"})
    assert "Alexa is not listening" in text(home.get(PAGE))
    assert len(simulator.received) == sent + 1


def test_an_answer_after_silence_has_its_own_reprompt(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Hello", reprompt=WELL))
    say(home, press="LaunchRequest")
    say(home, press="SessionEndedRequest")
    say(home, press="AMAZON.YesIntent")
    assert simulator.received[-1].json["session"]["attributes"] == {"last": "Hello"}
    say(home, press="SessionEndedRequest")
    assert simulator.received[-1].json["request"]["type"] == "IntentRequest"


# --- undo, new conversation, new user ------------------------------------------------------------


def test_undo_has_alexa_forget_the_last_turn(home: Client, simulator: Stub) -> None:
    simulator.answers(says("First"))
    say(home, press="LaunchRequest")
    session = simulator.received[-1].json["session"]["sessionId"]
    simulator.answers(says("Second", ends=True))
    assert "Second" in text(say(home, press="AMAZON.StopIntent"))
    home.post(f"{PAGE}undo/")
    assert "Second" not in text(home.get(PAGE))
    say(home, press="AMAZON.HelpIntent")
    sent = simulator.received[-1].json["session"]
    assert (sent["sessionId"], sent["new"]) == (session, False)
    assert sent["attributes"] == {"last": "First"}


def test_undo_takes_silence_back(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Hello", reprompt=WELL))
    say(home, press="LaunchRequest")
    say(home, press="SessionEndedRequest")
    home.post(f"{PAGE}undo/")
    assert "Alexa says the reprompt" not in text(home.get(PAGE))
    assert "Alexa says the reprompt" in text(say(home, press="SessionEndedRequest"))


def test_undo_says_what_it_cannot_do(home: Client, simulator: Stub) -> None:
    assert "What the skill has written for the person stays" in text(home.get(PAGE))
    home.post(f"{PAGE}undo/")
    assert "There is no turn to take back." in text(home.get(PAGE))


@pytest.mark.parametrize("action", ["new", "new-user", "unlink"])
def test_what_was_before_a_new_beginning_cannot_be_taken_back(
    home: Client, simulator: Stub, action: str
) -> None:
    say(home, press="LaunchRequest")
    home.post(f"{PAGE}{action}/")
    home.post(f"{PAGE}undo/")
    assert "There is no turn to take back." in text(home.get(PAGE))


def test_a_new_user_is_not_linked_and_has_other_ids(home: Client, simulator: Stub) -> None:
    act_as(home, speaker="on")
    simulator.answers(says("Hello"))
    say(home, press="LaunchRequest")
    before = simulator.received[-1].json
    home.post(f"{PAGE}new-user/")
    assert "A new Alexa user" in text(home.get(PAGE))
    assert simulator.received[-1].json["request"]["type"] == "SessionEndedRequest"
    say(home, press="LaunchRequest")
    after = simulator.received[-1].json
    for name, key in (("user", "userId"), ("person", "personId")):
        old, new = (sent["context"]["System"][name] for sent in (before, after))
        assert old[key] != new[key]
        assert "accessToken" not in new
    sent = [call.json["request"]["type"] for call in simulator.received]
    assert "AlexaSkillEvent.SkillDisabled" not in sent
    assert sent.count("AlexaSkillEvent.SkillEnabled") == 2


@pytest.mark.parametrize("action", ["undo", "new-user"])
def test_nothing_changes_by_looking(home: Client, action: str) -> None:
    assert home.get(f"{PAGE}{action}/").status_code == 405


# --- devices and their screens -------------------------------------------------------------------


def test_an_echo_has_no_screen(home: Client, simulator: Stub) -> None:
    say(home, press="LaunchRequest")
    context = simulator.received[-1].json["context"]
    assert context["System"]["device"]["supportedInterfaces"] == {}
    assert set(context) == {"System"}


@pytest.mark.parametrize(("device", "size"), [("show-5", (960, 480)), ("show-15", (1920, 1080))])
def test_a_show_says_how_large_its_screen_is(
    home: Client, simulator: Stub, device: str, size: tuple[int, int]
) -> None:
    assert f"The device is now an {KINDS[device].name}." in text(act_as(home, device=device))
    say(home, press="LaunchRequest")
    context = simulator.received[-1].json["context"]
    assert "Alexa.Presentation.APL" in context["System"]["device"]["supportedInterfaces"]
    viewport = context["Viewport"]
    assert (viewport["pixelWidth"], viewport["pixelHeight"]) == size
    assert (viewport["shape"], viewport["touch"]) == ("RECTANGLE", ["SINGLE"])
    assert context["Viewports"][0]["configuration"]["current"]["size"]["pixelWidth"] == size[0]


def test_it_stays_the_device_that_it_was(home: Client) -> None:
    act_as(home, device="show-15")
    act_as(home, locale="de-DE")
    act_as(home, device="<nonsense>")
    assert household_of(home).account.device == "show-15"


def test_it_sketches_the_screen_and_touches_it(home: Client, simulator: Stub) -> None:
    act_as(home, device="show-5")
    simulator.answers(says("Honey never spoils.", directives=[showing()]))
    shown = text(say(home, press="LaunchRequest"))
    assert "a sketch of the data, not Alexa’s rendering Food Honey Never spoils. Press" in shown
    number = household_of(home).last_number
    say(home, touch="save", turn=str(number))
    touched = simulator.received[-1].json
    assert touched["request"]["type"] == "Alexa.Presentation.APL.UserEvent"
    assert touched["request"]["arguments"] == ["save", 7]
    assert not touched["session"]["new"]


def test_a_touch_after_the_session_begins_a_new_one(home: Client, simulator: Stub) -> None:
    act_as(home, device="show-5")
    simulator.answers(says("Honey never spoils.", ends=True, directives=[showing()]))
    say(home, press="LaunchRequest")
    say(home, touch="another", turn=str(household_of(home).last_number))
    assert simulator.received[-1].json["session"]["new"]


def test_only_what_is_on_the_screen_can_be_touched(home: Client, simulator: Stub) -> None:
    act_as(home, device="show-5")
    simulator.answers(says("One", directives=[showing(isSaved=True)]))
    say(home, press="LaunchRequest")
    first = str(household_of(home).last_number)
    home.post(f"{PAGE}say/", {"touch": "save", "turn": first})
    assert "The screen has no such button." in text(home.get(PAGE))
    say(home, press="LaunchRequest")
    sent = len(simulator.received)
    home.post(f"{PAGE}say/", {"touch": "another", "turn": first})
    assert "The screen shows something else by now." in text(home.get(PAGE))
    act_as(home, device="echo")
    home.post(f"{PAGE}say/", {"touch": "another", "turn": str(household_of(home).last_number)})
    assert "This device has no screen to touch." in text(home.get(PAGE))
    assert len(simulator.received) == sent


def test_a_touch_that_failed_can_be_tried_again(home: Client, simulator: Stub) -> None:
    act_as(home, device="show-5")
    simulator.answers(says("One", directives=[showing()]))
    say(home, press="LaunchRequest")
    number = household_of(home).last_number
    simulator.answers(b"", 500)
    body = say(home, touch="another", turn=str(number)).content.decode()
    again = body[body.index("notice error") :]
    assert '<input type="hidden" name="touch" value="another">' in again
    assert f'<input type="hidden" name="turn" value="{number}">' in again


# --- checks --------------------------------------------------------------------------------------


def test_it_shows_what_is_wrong_with_an_answer(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Look at www.example.org"))
    page = say(home, press="LaunchRequest")
    shown = text(page)
    assert "Fault: Reprompt Seen: the session stays open without a reprompt" in shown
    assert "Fault: Ends in a question" in shown
    assert "Fault: No address read out Seen: it says “www.”" in shown
    assert "checks are fine" in shown
    assert page.content.decode().count('rel="noreferrer"') >= 10


def test_a_good_answer_has_nothing_but_fine_checks(home: Client, simulator: Stub) -> None:
    simulator.answers(says("Shall I tell you?", reprompt=WELL))
    say(home, press="LaunchRequest")
    checks = household_of(home).talk[-1]["checks"]
    assert len(checks) >= 8
    assert {check["state"] for check in checks} == {"ok"}


def test_what_the_skill_sends_stays_text_and_bounded(
    home: Client, simulator: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "MAX_JSON", 2000)
    act_as(home, device="show-5")
    evil = "<script>alert(1)</script>"
    card = {"type": evil, "title": {"x": evil}, "content": [evil] * 900}
    directives = [showing(headline=evil, save=evil, text="x" * 9000)]
    simulator.answers(says("Hi", card=card, directives=directives, reprompt={"outputSpeech": evil}))
    body = say(home, press="LaunchRequest").content.decode()
    assert evil not in body
    assert "&lt;script&gt;alert(1)" in body
    turn = household_of(home).talk[-1]
    assert len(turn["response"]) < 2100
    assert len(turn["card"]["content"]) == entries.MAX_TEXT


def test_an_endless_answer_is_not_read(home: Client, simulator: Stub) -> None:
    simulator.answers(says("x" * 300_000))
    assert "not a JSON object" in text(say(home, press="LaunchRequest"))
    simulator.answers(b'{"response":' * 30_000)
    assert "not a JSON object" in text(say(home, press="LaunchRequest"))


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2VjcmV0"


def test_a_token_is_hidden_before_a_text_is_cut(home: Client, simulator: Stub) -> None:
    """Half a token does not look like one any more."""
    act_as(home, device="show-5")
    data = {"text": "x" * 590 + TOKEN}
    kind = "x" * (60 - len(TOKEN) + 4) + TOKEN
    directives = [showing(**data), {"type": f"Alexa.{kind}"}]
    simulator.answers(says("Hello?", card={"type": f"-{TOKEN}"[:56]}, directives=directives))
    body = say(home, press="LaunchRequest").content.decode()
    assert "eyJhbGci" not in body


def test_a_new_user_has_no_tokens(home: Client, simulator: Stub) -> None:
    key = say(home, press="LaunchRequest") and home.cookies[COOKIE].value
    with households.opened(pki_folder(), key, "amzn1.ask.skill.tests") as household:
        household.account.access_token = household.account.refresh_token = "secret"
        household.sends = "token"
    home.post(f"{PAGE}new-user/")
    account = household_of(home).account
    assert (account.access_token, account.refresh_token, account.user_id) == ("", "", "")
    say(home, press="LaunchRequest")
    assert "accessToken" not in simulator.received[-1].json["context"]["System"]["user"]
