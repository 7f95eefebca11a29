"""The voice door from outside: signed requests through Django's client to the real skill."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from skill_endpoint import links, views
from skill_endpoint.models import AccountLink, SeenRequest, SkillEvent
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Signer
from tests.alexa import SKILL, Post, change, encoded, is_refused, post_signed, rejected, turns
from tests.conftest import browser

pytestmark = pytest.mark.django_db


def nothing_stored() -> bool:
    return not any(
        model._default_manager.exists() for model in (SeenRequest, AccountLink, SkillEvent, User)
    )


def test_a_signed_request_is_answered(post: Post, launch: Envelope) -> None:
    before = turns("LaunchRequest")
    response = post(launch)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json;charset=UTF-8"
    assert response["Cache-Control"] == "no-store"
    answer = json.loads(response.content)
    assert answer["version"] == "1.0"
    assert answer["response"]["outputSpeech"]
    assert turns("LaunchRequest") == before + 1


def test_no_browser_defence_stands_in_alexas_way(pki: Signer, launch: Envelope) -> None:
    client = browser(enforce_csrf_checks=True)
    assert post_signed(client, launch, signer=pki).status_code == 200


STALE, EARLY = timedelta(seconds=155), timedelta(seconds=-155)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"headers": {"Signature-256": None}}, "headers"),
        ({"headers": {"SignatureCertChainUrl": None}}, "headers"),
        ({"headers": {"SignatureCertChainUrl": ""}}, "headers"),
        ({"headers": {"Signature-256": "AAAA"}}, "signature"),
        ({"headers": {"SignatureCertChainUrl": "https://evil.example/x.pem"}}, "certificate_url"),
        ({"headers": {"Content-Type": "text/plain"}}, "content_type"),
        ({"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, "content_type"),
        ({"headers": {"Content-Type": "multipart/form-data; boundary=x"}}, "content_type"),
        ({"chain": "absent"}, "certificate_fetch"),
        ({"sent": b"{}"}, "signature"),
        ({"sent": b""}, "unreadable"),
        ({"sent": b"\0\xff" * 30_000}, "signature"),
        ({"sent": b"{" * 64 * 1024 + b"{"}, "too_large"),
        ({"sent": b"{" * 2**20}, "too_large"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_alexa_did_not_sign_is_refused_and_leaves_no_trace(
    post: Post, launch: Envelope, changes: dict[str, Any], reason: str
) -> None:
    before = rejected(reason)
    with CaptureQueriesContext(connection) as queries:
        assert is_refused(post(launch, **changes))
    assert len(queries) == 0
    assert rejected(reason) == before + 1


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda envelope: change(envelope, SKILL, "amzn1.ask.skill.another"), "skill_id"),
        (lambda envelope: change(envelope, ("request", "requestId"), 7), "malformed"),
        (lambda envelope: change(envelope, ("context",), ...), "malformed"),
        (lambda envelope: envelope.clear(), "malformed"),
        (lambda envelope: change(envelope, ("session",), 7), "malformed"),
    ],
)
def test_a_signed_request_that_is_wrong_is_refused_too(
    post: Post, launch: Envelope, edit: Callable[[Envelope], object], reason: str
) -> None:
    edit(launch)
    before = rejected(reason)
    assert is_refused(post(launch))
    assert nothing_stored()
    assert rejected(reason) == before + 1


@pytest.mark.parametrize("age", [STALE, EARLY])
def test_a_request_of_another_time_is_refused(post: Post, device: Device, age: timedelta) -> None:
    assert is_refused(post(envelopes.launch(device, timestamp=datetime.now(UTC) - age)))
    assert nothing_stored()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_another_method_is_refused(
    client: Client, pki: Signer, launch: Envelope, method: str
) -> None:
    body = encoded(launch)
    before = rejected("method")
    response = client.generic(
        method, "/alexa/", body, "application/json", headers=pki.headers_for(body)
    )
    assert isinstance(response, HttpResponse)
    assert is_refused(response)
    assert rejected("method") == before + 1


# --- once ---------------------------------------------------------------------------------------


def test_a_replay_is_refused(post: Post, launch: Envelope) -> None:
    answered, before = turns("LaunchRequest"), rejected("replay")
    assert post(launch).status_code == 200
    assert is_refused(post(launch))
    assert (turns("LaunchRequest"), rejected("replay")) == (answered + 1, before + 1)


@pytest.mark.usefixtures("on_local_memory")
def test_without_a_shared_cache_a_claim_is_a_row(post: Post, launch: Envelope) -> None:
    assert post(launch).status_code == 200
    assert is_refused(post(launch))
    assert SeenRequest.objects.count() == 1


def test_the_same_request_under_a_new_signature_is_a_replay(
    post: Post, launch: Envelope, chains: dict[str, Signer]
) -> None:
    assert post(launch).status_code == 200
    body = encoded(launch) + b" "
    headers: Any = chains["several_names"].headers_for(body, "several_names")
    assert is_refused(post(body, headers=headers))


class BrokenChunks:
    def read(self, size: int) -> bytes:
        raise RuntimeError("a server's own error")


def test_a_body_in_broken_chunks_is_refused() -> None:
    request = RequestFactory().post("/alexa/", content_type="application/json")
    request.META |= {"wsgi.input_terminated": True, "wsgi.input": BrokenChunks()}
    del request.META["CONTENT_LENGTH"]
    assert is_refused(views.alexa(request))


def test_a_refused_request_does_not_use_up_its_id(post: Post, launch: Envelope) -> None:
    assert is_refused(post(launch, headers={"Signature-256": "AAAA"}))
    assert post(launch).status_code == 200


def test_an_event_that_is_delivered_again_is_acknowledged_and_not_applied(
    post: Post, device: Device
) -> None:
    delivered = datetime.now(UTC) - timedelta(minutes=50)
    event = envelopes.skill_event(device, "SkillEnabled", timestamp=delivered)
    assert post(event).status_code == 200
    again = post(event)
    assert again.status_code == 200
    assert "outputSpeech" not in json.loads(again.content)["response"]
    assert again["Content-Type"] == "application/json;charset=UTF-8"
    assert SkillEvent.objects.count() == 1


def test_an_event_that_failed_is_applied_when_it_comes_again(
    post: Post, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay store must not have claimed it: the table of events is what counts it once."""
    event = envelopes.skill_event(device, "SkillEnabled")

    def fails(event: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(links, "record", fails)
        post(event)
    assert post(event).status_code == 200
    assert SkillEvent.objects.get().applied


def test_a_genuine_request_of_a_kind_that_is_not_known_is_answered_with_nothing(
    post: Post, launch: Envelope
) -> None:
    launch["request"]["type"] = "Tomorrow.Request"
    before = turns("other")
    response = post(launch)
    assert response.status_code == 200
    assert json.loads(response.content) == {"version": "1.0", "response": {}}
    assert turns("other") == before + 1


# --- the log ------------------------------------------------------------------------------------


def test_a_refusal_is_one_line_with_its_reason_and_nobodys_data(
    post: Post, linked_device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    envelope = envelopes.launch(linked_device)
    change(envelope, SKILL, "amzn1.ask.skill.another")
    assert is_refused(post(envelope))
    lines = [
        record.msg
        for record in caplog.records
        if isinstance(record.msg, dict) and record.msg["event"] == "alexa_request_rejected"
    ]
    assert [line["reason"] for line in lines] == ["skill_id"]
    for secret in (linked_device.access_token, linked_device.user_id, "amzn1.ask.skill.another"):
        assert secret not in caplog.text


def test_the_line_of_a_turn_carries_alexas_request_id(
    post: Post, launch: Envelope, request_lines: list[str]
) -> None:
    assert post(launch).status_code == 200
    [line] = map(json.loads, request_lines)
    assert (line["code"], line["request"]) == (200, "POST /alexa/")
    assert line["alexa_request_id"] == launch["request"]["requestId"]
