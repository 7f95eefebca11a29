"""A conversation as a pytest of this project: said again, and compared with what was answered.

Nothing of the person goes into it: no token, no id of a user or a voice, and no address or number
that somebody typed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from skill_endpoint.simulator.devices import ECHO
from skill_endpoint.simulator.masking import without_addresses
from skill_endpoint.simulator.utterances import LAUNCH

# Answered with the skill's own phrases as long as nobody is linked: nothing in them depends on the
# day, the library of facts, or what the skill knows of a person.
PHRASES = {
    LAUNCH,
    "AMAZON.HelpIntent",
    "AMAZON.StopIntent",
    "AMAZON.CancelIntent",
    "AMAZON.NavigateHomeIntent",
    "AMAZON.FallbackIntent",
    "AMAZON.NoIntent",
    "ListSavedIntent",
    "ReactionIntent",
    "RemoveFactIntent",
    "SaveFactIntent",
    "SettingsIntent",
    "WhoAmIIntent",
}
SPEAKER = "amzn1.ask.person.TESTS"
WIDTH = 100  # of a line
_HEADER = '''\
"""A conversation with the simulator, saved on {day}.

Put it into tests/skill_endpoint/ and run it with pytest. It says the same to the skill again, with
the facts of this repository, and checks after each turn

- whether the session stays open, and that something is said;
- what is said, word for word, where the answer is one of the skill's own phrases: nobody is
  linked, and the answer tells no fact, asks no quiz question and lists no topics. Everything else
  depends on the day, on the facts or on the person, and may change without harm.

Phrases vary with the id of the request, so each turn has the id that it had.
"""
'''


class NothingToSave(Exception):
    """No turn of the conversation, from a session's beginning on, can be replayed."""


def file_name(day: date) -> str:
    return f"test_conversation_{day:%Y_%m_%d}.py"


def test_of(talk: list[dict[str, Any]], day: date) -> str:
    """The file's text. Raises NothingToSave."""
    turns = list(_replayable(talk))
    if not turns:
        raise NothingToSave(_("Nothing was said yet that a test could say again."))
    fixtures = ["device: Device"]
    if any(_is_linked(turn) for turn in turns):
        fixtures.append("linked_device: Device")
    kinds = any(turn.get("device", ECHO) != ECHO for turn in turns)
    body = "\n".join(_body(turns))
    lines = [
        _HEADER.format(day=day.isoformat()),
        "from __future__ import annotations\n",
        *(["from dataclasses import replace\n"] if "replace(" in body else []),
        "import pytest\n",
        "from skill_endpoint.facts import content, loading",
        *(["from skill_endpoint.simulator.devices import KINDS"] if kinds else []),
        "from skill_endpoint.simulator.envelopes import Device",
        "from tests.skill_endpoint.voice import Replay\n",
        "pytestmark = pytest.mark.django_db\n\n",
        f"def test_the_conversation({', '.join(fixtures)}) -> None:",
        "    loading.load(content.read())",
        "    talk = Replay(device)",
        body,
    ]
    return "\n".join(lines) + "\n"


def _replayable(talk: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Turns and silences from the first one that begins a session: none hangs in the air."""
    has_begun = False
    for entry in talk:
        has_begun = has_begun or bool(entry.get("began"))
        if has_begun and entry["kind"] in {"turn", "silence"}:
            yield entry


def _body(turns: list[dict[str, Any]]) -> Iterator[str]:
    setup, is_open = [""], False
    for turn in turns:
        if turn["kind"] == "turn" and _device(turn) != setup:
            yield from [""] if any(setup) else []
            setup = _device(turn)
            yield from setup
        yield ""
        if turn.get("began") and is_open and turn.get("press") != LAUNCH:
            yield "    talk.is_open = False"
        yield from _exchange(turn)
        is_open = not turn.get("ended", False)


def _device(turn: dict[str, Any]) -> list[str]:
    """The device of a turn, made of the fixtures."""
    changes = {"locale": _literal(turn["locale"])}
    if turn.get("sends") in {"expired", "revoked"}:
        changes["access_token"] = _literal("refused")
    if turn.get("speaker"):
        changes["person_id"] = _literal(SPEAKER)
    if turn.get("device", ECHO) != ECHO:
        kind = f"KINDS[{_literal(turn['device'])}]"
        changes |= {"interfaces": f"{kind}.interfaces", "context": f"{kind}.context"}
    fixture = "linked_device" if _is_linked(turn) else "device"
    named = [f"{name}={value}" for name, value in changes.items()]
    return _call("talk.device = replace", [fixture, *named])


def _is_linked(turn: dict[str, Any]) -> bool:
    return bool(turn.get("sends", "nothing") != "nothing")


def _exchange(turn: dict[str, Any]) -> Iterator[str]:
    if turn["kind"] == "silence" or turn["type"] == "SessionEndedRequest":
        yield "    talk.stay_silent()"
        return
    request_id = f"request_id={_literal(turn['request_id'])}"
    if turn.get("touched"):
        verb, fact_id = turn["touched"]
        arguments = f"[{_literal(verb)}, {int(fact_id)}]"
        yield from _call("answer = talk.touch", [arguments, request_id])
    elif turn.get("said"):
        said = _wrapped(without_addresses(turn["said"]), indent=8)
        yield from _call("answer = talk.say", [said, request_id])
    else:
        yield from _call("answer = talk.press", [_literal(turn["press"]), request_id])
    if turn["problem"]:
        # a literal, for it stays on its line
        yield f"    # the simulator had no answer to this: {_literal(turn['problem'])}"
        yield "    talk.is_open = False"
        return
    if turn["speech"] and _is_phrase(turn):
        yield f"    assert answer.said == {_wrapped(turn['speech'], indent=4)}"
    elif turn["speech"]:
        yield "    assert answer.said"
    yield f"    assert talk.is_open is {not turn['ended']}"


def _is_phrase(turn: dict[str, Any]) -> bool:
    return turn.get("press") in PHRASES and not turn.get("told") and not _is_linked(turn)


def _call(function: str, arguments: list[str]) -> list[str]:
    """A statement of the test, in as few lines as it fits."""
    whole = f"    {function}({', '.join(arguments)})"
    inside = f"        {', '.join(arguments)}"
    if len(whole) <= WIDTH and "\n" not in whole:
        return [whole]
    if len(inside) <= WIDTH and "\n" not in inside:
        return [f"    {function}(", inside, "    )"]
    return [f"    {function}(", *(f"        {each}," for each in arguments), "    )"]


def _wrapped(text: str, *, indent: int) -> str:
    """A literal; a long one in several, one a line, in parentheses."""
    if len(_literal(text)) <= WIDTH - indent - len("assert answer.said == "):
        return _literal(text)
    pieces = textwrap.wrap(
        text,
        # escapes make a piece longer
        WIDTH - indent - 8,
        # a test compares every space and tab
        expand_tabs=False,
        drop_whitespace=False,
        replace_whitespace=False,
        break_on_hyphens=False,
    )
    margin = " " * indent
    lines = [f"{margin}    {_literal(piece)}" for piece in pieces]
    return "\n".join(["(", *lines, f"{margin})"])


def _literal(text: str) -> str:
    """A Python literal; double quotes where that needs no escapes, nothing invisible in it."""
    written = repr(text)
    if written.startswith("'") and '"' not in written:
        return '"' + written[1:-1] + '"'
    return written
