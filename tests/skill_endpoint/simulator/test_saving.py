"""Conversations become files that pytest runs: kept promises pass, a changed answer fails."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from companion.local import environment
from skill_endpoint import skill
from skill_endpoint.facts import content, loading
from skill_endpoint.simulator.masking import without_addresses
from skill_endpoint.simulator.saving import NothingToSave, file_name
from skill_endpoint.simulator.saving import test_of as saved
from tests.skill_endpoint.simulator.stub import Stub
from tests.skill_endpoint.simulator.test_alexa import says

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 22)
PAGE = "/dev/alexa/"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2VjcmV0"


def answer_in_thread(body: str) -> str:
    """The skill itself, in the thread of the stub's server."""
    try:
        return skill.answer(json.loads(body))
    finally:
        connections.close_all()


def entry(**changes: Any) -> dict[str, Any]:
    """A turn as the simulator keeps it: help in a session of its own."""
    return {
        "number": 1,
        "kind": "turn",
        "type": "IntentRequest",
        "locale": "en-US",
        "request_id": "amzn1.echo-api.request.1",
        "press": "AMAZON.HelpIntent",
        "said": "",
        "began": True,
        "speech": "Ask me for a fact. Shall I?",
        "reprompt": "Shall I?",
        "problem": "",
        "ended": False,
        "told": False,
        "sends": "nothing",
        "speaker": False,
        "device": "echo",
        **changes,
    }


@pytest.mark.django_db(transaction=True)  # the stub's thread is to see the library
def test_a_saved_conversation_runs_and_notices_a_changed_answer(
    home: Client, simulator: Stub, tmp_path: Path
) -> None:
    loading.load(content.read())
    simulator.skill = answer_in_thread
    home.post(f"{PAGE}act-as/", {"locale": "fr-FR", "device": "show-5", "sends": "nothing"})
    for form in (
        {"press": "LaunchRequest"},
        {"press": "SessionEndedRequest"},
        {"utterance": "xyzzy plugh quux"},
        {"utterance": "aide"},
        {"utterance": "raconte-moi quelque chose"},
        {"press": "AMAZON.StopIntent"},
    ):
        home.post(f"{PAGE}say/", form)
    response = home.get(f"{PAGE}test/")
    assert 'filename="test_conversation_' in response["Content-Disposition"]
    text = response.content.decode()
    assert text.count("assert answer.said") == 5
    # as if the file lay among the tests
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    good, changed = tmp_path / "test_good.py", tmp_path / "test_changed.py"
    good.write_text(text, encoding="utf-8")
    before, _, last = text.rpartition("assert answer.said == ")
    changed.write_text(f'{before}assert answer.said == "Oh. " + {last}', encoding="utf-8")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA"),
            *("-c", "pyproject.toml", "--rootdir", tmp_path, "--confcutdir", tmp_path),
            *(good, changed),
        ],
        cwd=ROOT,
        # a database of its own: the one of this test may be a server's, and is taken
        env=environment.bare(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert re.search(r"^FAILED \S*test_changed\.py::", ran.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", [["check", "--no-cache"], ["format", "--diff"]])
def test_the_file_keeps_the_projects_style(command: list[str]) -> None:
    speech = "Ask me for a fact, or for a topic such as space, food or the human body. Shall I?"
    turns = [
        entry(said="a fact about " + "a rather long thing that nobody knows " * 4),
        entry(began=False, said="tell me a fact", device="show-15", speaker=True),
        entry(press="LaunchRequest", speech=speech, sends="expired"),
        entry(began=False, speech=speech * 3, ended=True),
    ]
    ran = subprocess.run(
        [*(sys.executable, "-m", "ruff", *command, "--stdin-filename"), f"tests/{file_name(DAY)}"],
        cwd=ROOT,
        input=saved(turns, DAY),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_it_says_again_what_was_typed_pressed_and_touched() -> None:
    text = saved(
        [
            entry(said="tell me a fact", press="DailyFactIntent", told=True),
            entry(began=False, touched=["save", 12], press=None, device="show-5"),
            {"number": 3, "kind": "silence", "reprompt": "Well?"},
            entry(began=False, press="AMAZON.NoIntent", speech="Bye.", ended=True),
        ],
        DAY,
    )
    ast.parse(text)
    assert 'talk.say("tell me a fact", request_id="amzn1.echo-api.request.1")' in text
    assert 'talk.touch(["save", 12]' in text
    assert 'interfaces=KINDS["show-5"].interfaces' in text
    assert "talk.stay_silent()" in text
    assert 'talk.press("AMAZON.NoIntent"' in text
    assert 'assert answer.said == "Bye."' in text
    assert "assert talk.is_open is False" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"told": True},
        {"press": "ListTopicsIntent"},
        {"sends": "token"},
        {"touched": ["another", 1], "press": None},
    ],
)
def test_it_wants_no_exact_words_of_what_may_change(changes: dict[str, Any]) -> None:
    text = saved([entry(**changes)], DAY)
    assert "    assert answer.said\n" in text
    assert "Ask me for a fact" not in text


def test_whoever_is_linked_is_the_tests_own_person() -> None:
    text = saved([entry(sends="token", speaker=True), entry(began=False, sends="expired")], DAY)
    assert "def test_the_conversation(device: Device, linked_device: Device)" in text
    assert 'replace(linked_device, locale="en-US", person_id="amzn1.ask.person.TESTS")' in text
    assert 'access_token="refused"' in text


def test_it_begins_with_a_session() -> None:
    text = saved([entry(began=False, speech="In the middle."), entry(speech="New.")], DAY)
    assert "In the middle." not in text
    assert "New." in text


@pytest.mark.parametrize(
    "talk", [[], [entry(began=False)], [{"kind": "note", "number": 1, "text": "linked"}]]
)
def test_nothing_makes_no_test(talk: list[dict[str, Any]]) -> None:
    with pytest.raises(NothingToSave):
        saved(talk, DAY)


@pytest.mark.parametrize(
    "words",
    ['"""\nimport os', 'it\'s "both"', "\\", "{x}", "\u202eevil", "ends with \\", "'''", "\ud800"],
)
def test_no_words_leave_their_string(words: str) -> None:
    tree = ast.parse(saved([entry(said=words, speech=words)], DAY))
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert constants.count(words) == 2
    assert len([node for node in ast.walk(tree) if isinstance(node, ast.Import)]) == 1


@pytest.mark.parametrize(
    "gap", ["  ", "\t", " \t ", "\n", "\r\n", "\f", "\v", "\xa0", "\u2003", "-"]
)
def test_a_long_answer_keeps_every_letter(gap: str) -> None:
    speech = f"{gap}Each word{gap}counts … and so does{gap}" * 9
    tree = ast.parse(saved([entry(speech=speech)], DAY))
    assert speech in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\f", "\v", "\u2028", "\0", "\\"])
def test_no_problem_leaves_its_comment(end: str) -> None:
    tree = ast.parse(saved([entry(problem=f"slow{end}    import os")], DAY))
    assert len([node for node in ast.walk(tree) if isinstance(node, ast.Import)]) == 1
    text = saved([entry(problem=f"slow{end}    import os")], DAY)
    (line,) = [line for line in text.splitlines() if "import os" in line]
    assert line.startswith("    # the simulator had no answer to this: ")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("write to robin.doe+x@example.org now", "write to somebody at example now"),
        ("call +1 206-555-0199 please", "call 555 0100 please"),
        ("a fact from 1969", "a fact from 1969"),
    ],
)
def test_no_address_that_somebody_typed_is_saved(said: str, kept: str) -> None:
    assert without_addresses(said) == kept
    assert f'talk.say("{kept}"' in saved([entry(said=said)], DAY)


def test_no_id_and_no_token_is_saved(home: Client, simulator: Stub) -> None:
    simulator.answers(says(f"Bye {TOKEN}", ends=True))
    home.post(f"{PAGE}act-as/", {"locale": "en-US", "sends": "nothing", "speaker": "on"})
    home.post(f"{PAGE}say/", {"press": "AMAZON.StopIntent"})
    text = home.get(f"{PAGE}test/").content.decode()
    sent = json.dumps(simulator.received[-1].json)
    assert "amzn1.ask.account." in sent
    assert "amzn1.ask.account." not in text
    assert text.count("amzn1.ask.person.") == text.count("amzn1.ask.person.TESTS") == 1
    assert "c2VjcmV0" not in text


def test_there_is_nothing_to_save_at_first(home: Client) -> None:
    response = home.get(f"{PAGE}test/")
    assert response.status_code == 302
    assert "Nothing was said yet" in home.get(PAGE).content.decode()


def test_the_file_is_named_for_its_day() -> None:
    assert file_name(DAY) == "test_conversation_2026_11_22.py"
