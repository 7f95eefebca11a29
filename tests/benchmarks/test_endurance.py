"""The half hour of load: its dialogs are ones that the skill takes part in, its account is true."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from accounts.cognito import keys
from accounts.models import User
from benchmarks import population, turns
from benchmarks.endurance import talking
from benchmarks.endurance.dialogs import ENDED, SAVE, SCRIPTS, Dialog, Saved, dialogs
from benchmarks.endurance.talking import NO_ANSWER, Talk
from skill_endpoint import skill
from skill_endpoint.facts.models import Favourite
from skill_endpoint.simulator import pki
from tests.benchmarks.test_load import Answer, Serve, Server, serve
from tests.cognito import TokenMint

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Benchmark"
__all__ = ["serve"]  # a fixture


@pytest.fixture
def people(
    db: None, pool_keys: TokenMint, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> list[turns.Person]:
    settings.COGNITO_ISSUER = ISSUER
    settings.COGNITO_ALEXA_CLIENT_ID = turns.CLIENT_ID
    monkeypatch.setattr(keys, "fetch", lambda url: keys.parse(pool_keys.jwks()))
    monkeypatch.setattr(turns, "KEY_ID", pool_keys.kid)
    population.fill(len(SCRIPTS))
    call_command("facts", "load", verbosity=0)
    return turns.people(range(len(SCRIPTS)), pool_keys.key, ISSUER)


def test_the_skill_takes_part_in_each_dialog(people: list[turns.Person]) -> None:
    kept: set[Saved] = set()
    for person, (_, script) in zip(people, SCRIPTS, strict=True):
        dialog = Dialog(person, [*script], "de-DE")
        while dialog.left:
            answer = skill.answer(dialog._envelope()).encode()
            said = dialog.said
            assert dialog.hear(200, answer, kept) == "", (script, said, answer)
    numbers = {population.sub_of(person.number): person.number for person in people}
    rows = Favourite.objects.values_list("user__sub", "fact_id")
    assert kept
    assert {(numbers[sub], fact) for sub, fact in rows} == kept
    assert User.objects.count() == len(SCRIPTS)


def test_an_answer_that_ends_a_dialog_too_soon_is_wrong() -> None:
    """As an apology does, which is a 200 too."""
    dialog = Dialog(turns.Person(0, ""), ["AnotherFactIntent", SAVE, ENDED], "en-US")
    apology = {"response": {"outputSpeech": {"ssml": "Sorry"}, "shouldEndSession": True}}
    assert "too soon" in dialog.hear(200, json.dumps(apology).encode(), set())


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [(500, b"", "500"), (200, b"<html>", "no JSON"), (200, b'{"response": {}}', "silence")],
)
def test_a_wrong_answer_is_seen(status: int, body: bytes, wrong: str) -> None:
    dialog = Dialog(turns.Person(0, ""), [SAVE], "en-US")
    kept: set[Saved] = set()
    assert dialog.hear(status, body, kept) == wrong
    assert kept == set()


SAVED = {
    "response": {"outputSpeech": {"ssml": "Saved"}, "shouldEndSession": True},
    "sessionAttributes": {"heard": [7]},
}


def http(status: int, content: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content), content)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Callable[[Server], Talk]]:
    pki.ensure_pki(tmp_path)
    made: list[Talk] = []

    def begin(server: Server) -> Talk:
        coming = (Dialog(turns.Person(n, "token"), [SAVE], "en-US") for n in itertools.count())
        made.append(Talk(server.port, pki.load(tmp_path), coming))
        return made[-1]

    yield begin
    for each in made:
        each.close()


Begin = Callable[[Server], Talk]


def answering(*statuses: int) -> Answer:
    """In turn, the last one for all that follow."""
    left = list(statuses)

    def answer(connection: socket.socket, request: bytes) -> bool:
        status = left.pop(0) if len(left) > 1 else left[0]
        connection.sendall(http(status, json.dumps(SAVED).encode() if status == 200 else b""))
        return True

    return answer


def test_every_confirmed_favorite_is_on_the_account(serve: Serve, talk: Begin) -> None:
    going = talk(serve(answering(200)))
    going.run(1, 50)
    going.settle()
    account = going.account
    assert [sample.wrong for sample in account.samples] == [""] * len(account.samples)
    assert account.saves == len(account.kept) == len(account.samples) > 20
    assert account.kept >= {(0, 7), (1, 7)}


def test_what_was_refused_is_not(serve: Serve, talk: Begin) -> None:
    going = talk(serve(answering(503, 200)))
    going.run(0.5, 40)
    going.settle()
    wrong = [sample.wrong for sample in going.account.samples]
    assert wrong.count("503") == 1
    assert going.account.saves == len(wrong) - 1


def test_a_turn_that_comes_again_is_counted_apart(
    serve: Serve, talk: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "REPLAYED", 1.0)
    server = serve(answering(200))
    going = talk(server)
    going.run(1, 40)
    going.settle()
    account = going.account
    # the stub does not know them again, and says 200
    assert account.replays.total() > 5
    assert set(account.replays) == {"200"}
    assert account.replays.total() + len(account.samples) == len(server.heard)


def test_who_is_not_answered_gives_up_and_nobody_knows(
    serve: Serve, talk: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "PATIENCE", 0.3)

    def late(connection: socket.socket, request: bytes) -> bool:
        time.sleep(1)
        return False

    going = talk(serve(late))
    going.run(0.2, 20)
    going.settle()
    assert {sample.wrong for sample in going.account.samples} == {NO_ANSWER}
    assert (going.account.saves, going.account.kept) == (0, set())


def test_a_spike_is_sent_beside_it_and_goes_on_with_nobody(serve: Serve, talk: Begin) -> None:
    going = talk(serve(answering(200)))
    spike = going.sign_now([Dialog(turns.Person(n, "t"), [SAVE], "en-US") for n in range(100, 160)])
    going.run(1, 20, spike)
    going.settle()
    asked = {number for number, _ in going.account.kept}
    assert asked >= set(range(100, 160))
    assert going.going == 40


def test_people_take_turns() -> None:
    people = [turns.Person(n, "") for n in range(5)]
    first = [dialog.person.number for dialog in itertools.islice(dialogs(people, seed=3), 10)]
    assert first[:5] == first[5:]
    assert sorted(first[:5]) == [0, 1, 2, 3, 4]
