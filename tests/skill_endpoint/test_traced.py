"""The trace hears of the first request that comes with a token which it saw being given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from accounts.models import User
from accounts.oauth_trace import recording, redaction
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Correlation, Span, Stage
from skill_endpoint import skill, traced
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.alexa import Post
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import one_shot

pytestmark = pytest.mark.django_db


@pytest.fixture
def span() -> Iterator[Span]:
    recording.forget_span()
    traced.forget()
    with override_settings(OAUTH_TRACE=True):
        yield Span.objects.create(ends_at=timezone.now() + timedelta(hours=1))
    recording.forget_span()


def attempt_of(token: str) -> Attempt:
    """One that ended with this access token."""
    attempt = Attempt.objects.begin()
    Correlation.objects.create(
        attempt=attempt, kind=Correlation.Kind.ACCESS, digest=redaction.digest(token)
    )
    return attempt


def the_request(attempt: Attempt) -> tuple[Message, Message]:
    event = attempt.events.get(stage=Stage.SKILL)
    return Message.from_json(event.request), Message.from_json(event.response)


def test_it_records_the_first_turn_with_a_traced_token(span: Span, linked_device: Device) -> None:
    attempt = attempt_of(linked_device.access_token)
    for _ in range(2):
        one_shot(replace(linked_device, locale="de-DE"), "AMAZON.HelpIntent")

    request, response = the_request(attempt)
    assert (request.method, request.address) == ("POST", "http://localhost:8000/alexa/")
    assert {name: request.text(name) for name in ("type", "locale", "person")} == {
        "type": "IntentRequest",
        "locale": "de-DE",
        "person": "false",
    }
    assert response.problem == ""


def test_it_keeps_nothing_of_who_spoke(span: Span, linked_device: Device) -> None:
    attempt = attempt_of(linked_device.access_token)
    device = replace(linked_device, person_id="amzn1.ask.person.SPEAKER")
    one_shot(device, "AMAZON.HelpIntent")

    event = attempt.events.get()
    kept = json.dumps([event.request, event.response])
    assert the_request(attempt)[0].text("person") == "true"
    for secret in (device.access_token, device.user_id, device.person_id):
        assert secret not in kept


def test_it_says_why_a_token_did_not_count(
    span: Span, linked_device: Device, mint: TokenMint, linked: User
) -> None:
    expired = mint.access(linked.sub, exp=1)
    attempt = attempt_of(expired)
    one_shot(replace(linked_device, access_token=expired), "AMAZON.HelpIntent")
    assert the_request(attempt)[1].problem == "expired"


@pytest.mark.parametrize(("changes", "problem"), [({}, ""), ({"client_id": "other"}, "client")])
def test_it_records_that_alexa_told_of_the_linking(
    span: Span, device: Device, mint: TokenMint, changes: dict[str, Any], problem: str
) -> None:
    token = mint.access("sub-new", **changes)
    attempt = attempt_of(token)
    envelope = envelopes.skill_event(device, "SkillAccountLinked", {"accessToken": token})
    skill.answer(envelope)

    request, response = the_request(attempt)
    assert request.text("type") == "AlexaSkillEvent.SkillAccountLinked"
    assert response.problem == problem


def test_alexa_may_be_sooner_than_the_record(span: Span, linked_device: Device) -> None:
    """The front writes down what it passed on after it has done so."""
    one_shot(linked_device, "AMAZON.HelpIntent")
    attempt = attempt_of(linked_device.access_token)
    one_shot(linked_device, "AMAZON.HelpIntent")
    assert attempt.events.filter(stage=Stage.SKILL).count() == 1


@pytest.mark.parametrize("is_known", [True, False])
def test_a_token_is_looked_up_a_few_times_only(
    span: Span, post: Post, linked_device: Device, is_known: bool
) -> None:
    if is_known:
        attempt_of(linked_device.access_token)
    for _ in range(1 if is_known else traced.MOST_TRIES):
        assert post(envelopes.launch(linked_device)).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert post(envelopes.launch(linked_device)).status_code == 200
    asked = [query["sql"] for query in queries if "oauth_trace_correlation" in query["sql"]]
    assert asked == []


def test_it_asks_nothing_while_the_trace_is_off(post: Post, linked_device: Device) -> None:
    attempt_of(linked_device.access_token)
    with CaptureQueriesContext(connection) as queries:
        assert post(envelopes.launch(linked_device)).status_code == 200
    assert not [query for query in queries if "oauth_trace" in query["sql"]]


def test_a_trace_that_breaks_breaks_no_turn(
    span: Span, linked_device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    attempt_of(linked_device.access_token)
    with monkeypatch.context() as patched:
        patched.setattr(redaction, "request", broken)
        said = one_shot(linked_device, "AMAZON.HelpIntent").text
    traced.forget()
    assert said == one_shot(linked_device, "AMAZON.HelpIntent").text, "no apology"
