"""Whatever comes through the voice door, signed or not: an answer or an empty 400, never a 5xx."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Signer
from tests.alexa import change, is_refused, post_signed

pytestmark = pytest.mark.django_db

DEVICE = Device(application_id="amzn1.ask.skill.tests", user_id="amzn1.ask.account.TESTS")
REQUESTS = [
    envelopes.launch(DEVICE),
    envelopes.intent(
        DEVICE,
        "TopicFactIntent",
        {"topic": envelopes.resolved_slot("topic", "the stars", "space", "space")},
        attributes={"fact": 1, "again": "text"},
    ),
    envelopes.intent(DEVICE, "SaveFactIntent", attributes={"fact": 1}),
    envelopes.intent(DEVICE, "AMAZON.RepeatIntent", attributes={"again": "text"}),
    envelopes.session_ended(DEVICE),
    envelopes.skill_event(DEVICE, "SkillAccountLinked", {"accessToken": "eyJ"}),
    envelopes.skill_event(
        DEVICE, "SkillDisabled", {"userInformationPersistenceStatus": "NOT_PERSISTED"}
    ),
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)
within_a_test = hypothesis_settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def paths(value: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*above, name)
            yield from paths(member, (*above, name))


PLACES = [(envelope, path) for envelope in REQUESTS for path in paths(envelope)]


@within_a_test
@given(place=st.sampled_from(PLACES), value=ANY_JSON | st.just(...), number=st.uuids())
def test_a_signed_request_with_anything_anywhere(
    client: Client, pki: Signer, place: tuple[Envelope, tuple[str, ...]], value: Any, number: Any
) -> None:
    envelope, path = copy.deepcopy(place[0]), place[1]
    envelope["request"]["requestId"] = str(number)
    envelope["request"]["timestamp"] = envelopes.launch(DEVICE)["request"]["timestamp"]
    change(envelope, path, value)
    response = post_signed(client, json.dumps(envelope).encode(), signer=pki)
    if response.status_code == 200:
        assert json.loads(response.content)["version"] == "1.0"
    else:
        assert is_refused(response)


@within_a_test
@given(body=st.binary(max_size=500), method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS"]))
def test_bytes(client: Client, body: bytes, method: str) -> None:
    response: Any = client.generic(method, "/alexa/", body, "application/json")
    assert is_refused(response)
