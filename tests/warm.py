"""Warm caches: what they were filled from, at the seam of the network, and a clock that stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import requests
from django.http import HttpResponse

from accounts.cognito import keys
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from tests.cognito import TokenMint


class Clock:
    """Stands for the module `time` where only time.monotonic() is used; a test moves it."""

    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


class Pool:
    """The pool's key set: whose keys it publishes, whether it answers, how often it was asked."""

    def __init__(self, *mints: TokenMint) -> None:
        self.published = list(mints)
        self.is_down = False
        self.asked = 0
        self.before_answer: Callable[[], object] = lambda: None

    def fetch(self, url: str) -> dict[str, Any]:
        self.asked += 1
        self.before_answer()
        if self.is_down:
            raise requests.ConnectionError
        return keys.parse({"keys": [key for mint in self.published for key in mint.jwks()["keys"]]})


def settle() -> None:
    """Wait for the fetches that turns began in the background."""
    for thread in threading.enumerate():
        if thread.name.endswith(("(_refresh)", "(_renew)")):
            thread.join(5)


def question(device: Device) -> Envelope:
    """Who am I? Only somebody whose token counts gets an answer without the LinkAccount card."""
    return envelopes.intent(device, "WhoAmIIntent", new=True)


def is_known(response: HttpResponse) -> bool:
    """Whether the question was answered; False where we asked to link. Fails for anything else."""
    assert response.status_code == 200
    answer = json.loads(response.content)["response"]
    if answer.get("card") == {"type": "LinkAccount"}:
        return False
    assert "heard" in answer["outputSpeech"]["ssml"]  # how many facts: neither apology nor excuse
    return True


def why_refused() -> str:
    """What the one link says of the last token that did not count; empty where it did."""
    return AccountLink.objects.get().refused_reason
