"""All kinds of requests, by a person of whom we know all; then each line of the log is read."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from pytest_django import Settings

from accounts.models import User
from accounts.person_digest import person_digest
from skill_endpoint import signing_keys
from skill_endpoint.handlers import launch
from skill_endpoint.simulator import envelopes, pki
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Signer
from tests.alexa import post_signed
from tests.cognito import TokenMint
from tests.conftest import browser, written_by
from tests.skill_endpoint.voice import stock_library
from tests.test_addresses import example, routes

pytestmark = pytest.mark.django_db

EMAIL, PHONE, NAME = "robin.redbreast@example.com", "+12065550177", "Robin Redbreast"
ADDRESS = "198.51.100.77"
PERSON = "amzn1.ask.person.SPEAKER4711"
CODE = "c0de4711deadbeef"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Everything that is written, as it is written."""
    found: list[str] = []

    class Writing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    handler = Writing(logging.INFO)
    handler.setFormatter(written_by(console=False))
    logging.root.addHandler(handler)
    yield found
    logging.root.removeHandler(handler)


@pytest.fixture
def robin(linked: User) -> User:
    linked.email, linked.phone_number = EMAIL, PHONE
    linked.save()
    linked.profile.display_name = NAME
    linked.profile.save()
    return linked


def secrets_of(user: User, device: Device) -> dict[str, str]:
    sessions = "".join(Session.objects.values_list("session_key", flat=True))
    return {
        "e-mail": EMAIL,
        "phone": PHONE[2:],
        "name": NAME,
        "first name": NAME.split()[0],
        "sub": user.sub,
        "Alexa account": device.user_id,
        "speaker": PERSON,
        "token": device.access_token.split(".")[1],
        "session": sessions or "no session",
        "address": ADDRESS,
        "code": CODE,
    }


class Alexa:
    """Signs as she does, and sends to the door."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer

    def sends(self, envelope: Envelope) -> int:
        client = browser(raise_request_exception=False, REMOTE_ADDR=ADDRESS)
        return post_signed(client, envelope, signer=self.signer).status_code


def test_the_log_of_all_kinds_of_turns_names_nobody(
    robin: User,
    linked_device: Device,
    device: Device,
    mint: TokenMint,
    alexa: Alexa,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stock_library()
    expired = replace(linked_device, access_token=mint.access(robin.sub, exp=1))
    forged = replace(linked_device, access_token=f"{linked_device.access_token[:-9]}AAAAAAAAA")
    for each in (linked_device, device, expired, forged):
        assert alexa.sends(envelopes.launch(each)) == 200
        for intent in ("DailyFactIntent", "SaveFactIntent", "WhoAmIIntent", "Made.Up", NAME):
            envelope = envelopes.intent(each, intent, {})
            envelope["context"]["System"]["person"] = {"personId": PERSON}
            assert alexa.sends(envelope) in {200, 400}
        assert alexa.sends(envelopes.session_ended(each, "ERROR", attributes={})) == 200
    unsigned = browser().post("/alexa/", b"{}", content_type="application/json")
    assert unsigned.status_code == 400

    def broken(turn: Any) -> None:
        raise RuntimeError("a handler failed")

    monkeypatch.setattr(launch, "welcome", broken)
    assert alexa.sends(envelopes.launch(linked_device)) == 200
    _assert_silence(lines, robin, linked_device)
    # and it does tell what an operator looks for
    turns = [line for line in map(json.loads, lines) if "intent" in line]
    mine = [line for line in turns if line.get("person") == person_digest(robin.sub)]
    assert {"answered"} <= {line["outcome"] for line in mine}
    assert {line["locale"] for line in mine} == {"en-US"}
    assert all(line["alexa_request_id"] for line in mine)
    outcomes = {line["outcome"] for line in map(json.loads, lines) if "outcome" in line}
    assert {"answered", "asked_to_link", "apology", "silent", "refused"} <= outcomes


def test_the_log_of_all_pages_names_nobody(
    robin: User, linked_device: Device, operator: User, lines: list[str]
) -> None:
    robin.is_superuser = robin.is_staff = True
    robin.save()
    client = browser(raise_request_exception=False, REMOTE_ADDR=ADDRESS)
    client.force_login(robin)
    for route in routes():
        if "forward" in route or "logout" in route or "delete" in route:
            continue
        path = example(route)
        client.get(f"{path}?q={EMAIL}&code={CODE}&name={NAME}&sub={robin.sub}")
        client.post(path, {"email": EMAIL, "display_name": NAME, "code": CODE, "next": PHONE})
    client.post("/me/preferences/", {"display_name": NAME, "email": EMAIL, "phone": PHONE})
    client.get(f"/{EMAIL}/", headers={"User-Agent": f"App {EMAIL} {PHONE}", "Referer": EMAIL})
    client.get(f"/accounts/cognito/login/callback/?code={CODE}&state={CODE}")
    _assert_silence(lines, robin, linked_device)
    digests = {json.loads(line).get("person") for line in lines}
    assert person_digest(robin.sub) in digests


@pytest.fixture
def alexa(tmp_path: Path, settings: Settings) -> Alexa:
    pki.ensure_pki(tmp_path / "pki")
    signing_keys.forget()
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path / "pki")
    return Alexa(pki.load(tmp_path / "pki"))


def _assert_silence(lines: list[str], user: User, device: Device) -> None:
    assert len(lines) > 20, "or there would be nothing to read"
    secrets = secrets_of(user, device)
    found = {name: line for name, text in secrets.items() for line in lines if text in line}
    assert found == {}
