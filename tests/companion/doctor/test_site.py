"""The site from outside."""

from __future__ import annotations

import pytest
from django.test import override_settings

from companion.doctor.results import State
from skill_endpoint import probe
from tests.companion.doctor.conftest import Stub, look, only

READY = {"database": "ok", "cache": "ok", "keys": "ok", "migrations": "ok"}


@pytest.mark.parametrize(
    ("body", "status", "state", "seen"),
    [
        (READY, 200, State.OK, "is ready"),
        ({**READY, "keys": "failed"}, 503, State.ERROR, "not ready: keys"),
        ({**READY, "cache": "degraded: gone"}, 200, State.WARNING, "should have: cache"),
        (b"<html>", 200, State.ERROR, "answers 200"),
        (b"", 502, State.ERROR, "answers 502"),
    ],
    ids=["ready", "keys", "cache", "another server", "bad gateway"],
)
def test_whether_the_site_is_ready(
    body: object, status: int, state: State, seen: str, stub: Stub
) -> None:
    stub.says("/readyz", body, status)
    with override_settings(PUBLIC_URL=stub.url):
        result = only(look("site.ready"))
    assert result.state is state
    assert seen in result.seen


@pytest.mark.parametrize(
    ("body", "state"), [(b"ok\n", State.OK), (b"<html>", State.ERROR)], ids=["ours", "another"]
)
def test_readiness_may_be_kept_from_strangers(body: bytes, state: State, stub: Stub) -> None:
    """By the front; what it lets through must still be this site."""
    stub.says("/readyz", b"", 404)
    stub.says("/healthz", body, 200)
    with override_settings(PUBLIC_URL=stub.url):
        assert only(look("site.ready")).state is state


@pytest.mark.parametrize(
    ("status", "headers", "state", "seen"),
    [
        (400, {}, State.OK, "refuses what is not signed"),
        (
            301,
            {"Location": "https://www.example.com/alexa/?token=x"},
            State.ERROR,
            "301 to https://www.example.com/alexa/",
        ),
        (200, {}, State.ERROR, "200 to a request that nobody signed"),
        (403, {}, State.ERROR, "403"),
        (404, {}, State.ERROR, "404"),
        (502, {}, State.ERROR, "502"),
    ],
    ids=["well", "redirect", "accepted", "firewall", "elsewhere", "bad gateway"],
)
def test_an_unsigned_request_to_the_voice_door(
    status: int, headers: dict[str, str], state: State, seen: str, stub: Stub
) -> None:
    stub.says("/alexa/", b"", status, **headers)
    with override_settings(PUBLIC_URL=stub.url):
        result = only(look("site.alexa"))
    assert (result.state, result.seen) == (state, seen)
    assert stub.asked[0][:2] == ("POST", "/alexa/")
    assert probe.is_doctors(stub.asked[0][2])  # the site does not count it as a refusal


def test_a_site_of_this_machine_may_be_stopped() -> None:
    with override_settings(PUBLIC_URL="http://localhost:1"):
        assert only(look("site.ready")).state is State.WARNING
        assert only(look("site.alexa")).state is State.WARNING


def test_a_public_site_has_to_answer() -> None:
    with override_settings(PUBLIC_URL="https://nowhere.invalid"):
        assert only(look("site.ready")).state is State.ERROR
        assert only(look("site.alexa")).state is State.ERROR
