from __future__ import annotations

import base64
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from skill_endpoint.simulator import alexa as alexa_module
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.account import LOCALES, Account
from skill_endpoint.simulator.alexa import Alexa
from skill_endpoint.simulator.linking import LinkingFailed
from tests.skill_endpoint.simulator.stub import Stub
from tests.skill_endpoint.simulator.test_linking import GOOD, linking_to

SKILL_ID = "amzn1.ask.skill.tests"


@pytest.fixture
def alexa(skill: Stub, pki_folder: Path) -> Alexa:
    return Alexa(
        Account(application_id=SKILL_ID),
        endpoint=f"{skill.url}/alexa/",
        signer=pki.load(pki_folder),
        linking=linking_to(skill.url),
    )


def says(text: str, *, ends: bool = False, **more: Any) -> dict[str, Any]:
    response = {
        "outputSpeech": {"type": "SSML", "ssml": f"<speak>{text}</speak>"},
        "shouldEndSession": ends,
        **more,
    }
    return {"version": "1.0", "sessionAttributes": {"last": text}, "response": response}


def link(alexa: Alexa, skill: Stub) -> None:
    skill.answers(GOOD)
    query = parse_qs(urlsplit(alexa.authorize_address()).query)
    alexa.finish_linking({"code": "c", "state": query["state"][0]})


def types(skill: Stub) -> list[str]:
    return [call.json["request"]["type"] for call in skill.received if call.path == "/alexa/"]


def test_it_knows_the_seventeen_locales() -> None:
    assert len(set(LOCALES)) == 17


def test_it_signs_exactly_the_bytes_that_it_sends(alexa: Alexa, skill: Stub) -> None:
    skill.answers(says("Grüße"))
    alexa.launch()
    call = skill.received[-1]
    signature = base64.b64decode(call.headers["Signature-256"])
    alexa.signer.key.public_key().verify(signature, call.body, padding.PKCS1v15(), hashes.SHA256())


def test_it_enables_the_skill_at_its_first_use(alexa: Alexa, skill: Stub) -> None:
    skill.answers(says("Hello"))
    alexa.launch()
    alexa.launch()
    assert types(skill) == ["AlexaSkillEvent.SkillEnabled", "LaunchRequest", "LaunchRequest"]


def test_it_gives_a_new_user_id_at_each_enablement(alexa: Alexa, skill: Stub) -> None:
    alexa.enable()
    first = alexa.account.user_id
    alexa.disable()
    assert alexa.account.user_id == ""
    alexa.enable()
    assert alexa.account.user_id.startswith("amzn1.ask.account.")
    assert alexa.account.user_id != first


def test_it_tells_the_skill_that_it_was_disabled_and_forgets_the_tokens(
    alexa: Alexa, skill: Stub
) -> None:
    link(alexa, skill)
    user_id = alexa.account.user_id
    alexa.disable()
    event = skill.received[-1].json
    assert event["request"]["body"] == {"userInformationPersistenceStatus": "NOT_PERSISTED"}
    assert event["context"]["System"]["user"] == {"userId": user_id}
    assert not alexa.account.is_linked
    assert alexa.account.refresh_token == ""


def test_it_sends_the_token_with_the_account_linked_event(alexa: Alexa, skill: Stub) -> None:
    link(alexa, skill)
    event = skill.received[-1].json
    assert event["request"]["type"] == "AlexaSkillEvent.SkillAccountLinked"
    assert event["request"]["body"] == {"accessToken": "a"}
    assert "session" not in event


@pytest.mark.parametrize("state", ["", "another"])
def test_it_refuses_a_callback_with_another_state(alexa: Alexa, skill: Stub, state: str) -> None:
    alexa.authorize_address()
    with pytest.raises(LinkingFailed, match="wrong_state"):
        alexa.finish_linking({"code": "c", "state": state})
    assert skill.received == []


def test_it_accepts_a_state_once(alexa: Alexa, skill: Stub) -> None:
    link(alexa, skill)
    with pytest.raises(LinkingFailed, match="wrong_state"):
        alexa.finish_linking({"code": "c", "state": ""})


def test_it_reports_the_pools_refusal(alexa: Alexa) -> None:
    state = parse_qs(urlsplit(alexa.authorize_address()).query)["state"][0]
    with pytest.raises(LinkingFailed, match="access_denied"):
        alexa.finish_linking({"error": "access_denied", "state": state})


def test_it_carries_the_session_on(alexa: Alexa, skill: Stub) -> None:
    skill.answers(says("One"))
    alexa.launch()
    skill.answers(says("Two"))
    alexa.intent("DailyFactIntent")
    first, second = (call.json["session"] for call in skill.received[-2:])
    assert first["new"]
    assert not second["new"]
    assert first["sessionId"] == second["sessionId"]
    assert second["attributes"] == {"last": "One"}


def test_it_begins_a_new_session_after_an_end(alexa: Alexa, skill: Stub) -> None:
    skill.answers(says("Bye", ends=True))
    assert alexa.launch().ended
    alexa.intent("DailyFactIntent")
    first, second = (call.json["session"] for call in skill.received[-2:])
    assert second["new"]
    assert second["sessionId"] != first["sessionId"]
    assert second["attributes"] == {}


def test_it_ends_a_session_with_a_session_ended_request(alexa: Alexa, skill: Stub) -> None:
    skill.answers(says("Hello"))
    alexa.launch()
    alexa.end_session("EXCEEDED_MAX_REPROMPTS")
    ended = skill.received[-1].json
    assert ended["request"]["reason"] == "EXCEEDED_MAX_REPROMPTS"
    assert ended["session"]["attributes"] == {"last": "Hello"}
    assert alexa.account.session_id == ""


def test_it_leaves_the_token_out_where_nobody_is_linked(alexa: Alexa, skill: Stub) -> None:
    skill.answers(says("Hello"))
    alexa.launch()
    assert "accessToken" not in skill.received[-1].json["context"]["System"]["user"]


def test_it_sends_token_and_speaker(alexa: Alexa, skill: Stub) -> None:
    link(alexa, skill)
    alexa.account.person_id = "amzn1.ask.person.X"
    skill.answers(says("Hello"))
    alexa.launch()
    system = skill.received[-1].json["context"]["System"]
    assert system["user"]["accessToken"] == "a"
    assert system["person"] == {"personId": "amzn1.ask.person.X"}


def test_it_renews_the_token_before_its_end(alexa: Alexa, skill: Stub) -> None:
    link(alexa, skill)
    alexa.account.expires_at = time.time() + 60
    skill.answers({**says("Hello"), "access_token": "b", "expires_in": 3600})
    alexa.launch()
    assert [call.path for call in skill.received[-2:]] == ["/oauth2/token", "/alexa/"]
    assert skill.received[-1].json["context"]["System"]["user"]["accessToken"] == "b"
    assert alexa.account.refresh_token == "r"  # the pool gives no new one


def test_it_has_unlinked_when_the_refresh_token_is_refused(alexa: Alexa, skill: Stub) -> None:
    link(alexa, skill)
    skill.answers({"error": "invalid_grant"}, 400)
    with pytest.raises(LinkingFailed, match="invalid_grant"):
        alexa.refresh()
    assert not alexa.account.is_linked


def test_it_keeps_the_token_while_the_pool_is_down(alexa: Alexa, skill: Stub) -> None:
    link(alexa, skill)
    skill.answers({"error": "server_error"}, 500)
    with pytest.raises(LinkingFailed):
        alexa.refresh()
    assert alexa.account.is_linked


def test_it_reads_the_answer(alexa: Alexa, skill: Stub) -> None:
    card = {"type": "Simple", "title": "Honey", "content": "It never spoils."}
    reprompt = {"outputSpeech": {"type": "PlainText", "text": "Another one?"}}
    skill.answers(says("Honey <b>never</b> spoils.", card=card, reprompt=reprompt))
    turn = alexa.launch()
    assert turn.speech == "Honey never spoils."
    assert (turn.reprompt, turn.card, turn.ended) == ("Another one?", card, False)
    assert (turn.status, turn.problem) == (200, "")


@pytest.mark.parametrize(
    ("answer", "status", "problem"),
    [(b"", 400, "refused"), (b"", 500, "failed"), (b"", 302, "failed"), (b"[]", 200, "unreadable")],
)
def test_it_tells_what_went_wrong(
    alexa: Alexa, skill: Stub, answer: bytes, status: int, problem: str
) -> None:
    skill.answers(answer, status)
    turn = alexa.launch()
    assert (turn.problem, turn.status, turn.response) == (problem, status, None)
    assert alexa.account.session_id == ""


def test_it_survives_an_answer_of_odd_types(alexa: Alexa, skill: Stub) -> None:
    skill.answers({"response": {"card": [], "reprompt": "x", "outputSpeech": 5}})
    turn = alexa.launch()
    assert (turn.speech, turn.card, turn.problem) == ("", None, "")


def test_it_gives_a_slow_skill_up(
    alexa: Alexa, skill: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alexa_module, "ANSWER_TIMEOUT", 0.05)
    skill.delay = 0.3
    assert alexa.launch().problem == "slow"


def test_it_says_that_the_skill_is_down(alexa: Alexa) -> None:
    alexa.endpoint = "http://localhost:1/alexa/"
    turn = alexa.launch()
    assert (turn.problem, turn.status) == ("unreachable", 0)


def test_it_needs_no_django() -> None:
    program = (
        "import sys, skill_endpoint.simulator.alexa, skill_endpoint.simulator.utterances, "
        "skill_endpoint.simulator.expired; sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
