"""Conversations as they are heard: tests/skill_endpoint/conversations/*.txt, one a locale.

A line that begins with ">" is what a linked person says, in words that the locale's interaction
model must understand; below it stands what the skill answers, with the real content. After a
change of sentences or content write them anew, and read the difference aloud:

    UPDATE_CONVERSATIONS=1 make test ARGS=tests/skill_endpoint/test_conversations.py
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from accounts.models import User
from skill_endpoint.facts import content, loading
from skill_endpoint.locales import LOCALES
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.simulator.utterances import LAUNCH, resolve
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import Conversation

FOLDER = Path(__file__).parent / "conversations"
FILES = sorted(FOLDER.glob("*.txt"))
DAY = "2026-11-23T08:00Z"


@pytest.fixture
def library(db: None) -> None:
    loading.load(content.read())


def spoken_in(ssml: str) -> str:
    """The answer as text; a pause is an ellipsis, another voice stands in brackets."""
    shown = re.sub(r'<lang xml:lang="(.*?)">(.*?)</lang>', r"[\1: \2]", ssml)
    shown = re.sub(r"<prosody[^>]*>", "(slowly) ", shown)
    shown = re.sub(r"<break[^>]*>", "…", shown)
    shown = re.sub(r"<[^>]*>", "", shown)
    for escaped, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        shown = shown.replace(escaped, letter)
    return " ".join(shown.split())


def held(device: Device, said: list[str]) -> str:
    """The conversation with what is answered to each of these."""
    conversation = Conversation(device)
    lines = []
    for words in said:
        understood = resolve(words, device.locale)
        if understood.intent == LAUNCH:
            answer = conversation.launch()
        else:
            answer = conversation.ask(understood.intent, **understood.slots)
        lines += [f"> {words}", spoken_in(answer.ssml), ""]
    return "\n".join(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_conversation_goes_as_it_is_written(
    path: Path, library: None, linked_device: Device, linked: User, mint: TokenMint
) -> None:
    written = path.read_text(encoding="utf-8")
    said = [line.removeprefix("> ") for line in written.splitlines() if line.startswith("> ")]
    token = mint.access(linked.sub, iat=1, exp=4_000_000_000)
    device = replace(linked_device, locale=path.stem, access_token=token)

    with time_machine.travel(DAY, tick=False):
        now = held(device, said)

    if os.environ.get("UPDATE_CONVERSATIONS"):
        path.write_text(now, encoding="utf-8")
    else:
        assert now == written


def test_there_is_one_in_every_language() -> None:
    languages = {path.stem.partition("-")[0] for path in FILES}

    assert languages == {locale.parent for locale in LOCALES.values()}
