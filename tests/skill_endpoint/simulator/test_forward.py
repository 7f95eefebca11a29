from __future__ import annotations

import base64
import contextlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from pytest_django import Settings

from accounts.rate_limit import is_over
from skill_endpoint.simulator import access, alexa, pki
from skill_endpoint.simulator.access import pki_folder
from tests.skill_endpoint.simulator.browser import at_home
from tests.skill_endpoint.simulator.stub import Stub

pytestmark = pytest.mark.django_db


def forward(body: bytes = b"{}", path: str = "/dev/alexa/forward", **extra: Any) -> Any:
    return at_home(enforce_csrf_checks=True).post(
        path, body, content_type="application/json", **extra
    )


@pytest.mark.parametrize("path", ["/dev/alexa/forward", "/dev/alexa/forward/"])
@pytest.mark.parametrize(
    "body", [b'{ "a" :\r\n  "\xc3\xbc" } ', b"", b"\x00\xff not JSON", b'{"a":1,"a":2}']
)
def test_it_signs_and_sends_the_bytes_unchanged(simulator: Stub, path: str, body: bytes) -> None:
    assert forward(body, path).status_code == 200
    (call,) = simulator.received
    assert (call.path, call.body) == ("/alexa/", body)
    signature = base64.b64decode(call.headers["Signature-256"])
    key = pki.load(pki_folder()).key.public_key()
    key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())


def test_it_leaves_threads_for_the_turns_that_it_causes(simulator: Stub) -> None:
    with contextlib.ExitStack() as busy:
        for _ in range(access.AT_ONCE):
            busy.enter_context(access._places)
        assert forward().status_code == 429
    assert forward().status_code == 200


@pytest.mark.parametrize(("status", "answer"), [(200, b'{"version":"1.0"}'), (400, b"")])
def test_it_passes_status_and_body_through(simulator: Stub, status: int, answer: bytes) -> None:
    simulator.answers(answer, status)
    response = forward()
    assert (response.status_code, response.content) == (status, answer)
    assert response["Content-Type"] == "application/json"


def test_it_sends_to_the_configured_address_whatever_the_host_header_says(
    simulator: Stub,
) -> None:
    response = forward(headers={"host": "localhost:1"})
    assert response.status_code == 200
    assert len(simulator.received) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
    ],
)
def test_it_refuses_another_host_or_origin(
    simulator: Stub, settings: Settings, headers: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert forward(headers=headers).status_code == 403
    assert simulator.received == []


def test_it_accepts_our_own_origin(simulator: Stub, settings: Settings) -> None:
    assert forward(headers={"origin": settings.PUBLIC_URL}).status_code == 200


def test_it_refuses_another_machine(simulator: Stub) -> None:
    assert forward(REMOTE_ADDR="192.0.2.7").status_code == 403


def test_it_refuses_a_large_body(simulator: Stub) -> None:
    assert forward(b"x" * 300_000).status_code == 413
    assert simulator.received == []


def test_it_takes_only_post(simulator: Stub) -> None:
    assert at_home().get("/dev/alexa/forward").status_code == 405


def test_it_has_a_limit_of_its_own(simulator: Stub, settings: Settings) -> None:
    settings.RATE_LIMITS = True
    assert forward().status_code == 200
    for _ in range(600):
        is_over("simulator-forward", "127.0.0.1", rate=600, per=60)
    assert forward().status_code == 429


def test_it_says_that_the_skill_is_down(simulator: Stub, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://localhost:1"
    assert forward().status_code == 502


def test_it_says_that_the_skill_is_slow(simulator: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alexa, "ANSWER_TIMEOUT", 0.05)
    simulator.delay = 0.3
    assert forward().status_code == 504


def test_it_is_not_there_without_development_keys(simulator: Stub, settings: Settings) -> None:
    settings.ALEXA_DEV_PKI_DIR = ""
    assert forward().status_code == 404
    settings.ALEXA_DEV_PKI_DIR = "/nonexistent"
    assert forward().status_code == 404
