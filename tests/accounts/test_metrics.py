"""What both doors share counts: calls to others, limits, a cache that is away, linkings."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts import forgiving_cache, rate_limit
from accounts.cognito import keys
from accounts.cognito.tokens import TokenRejected, verify_access_token
from accounts.metrics import Service, outbound
from accounts.models import User
from accounts.pool import people
from skill_endpoint import links, replay
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.cognito import TokenMint
from tests.skill_endpoint.voice import send


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def calls(service: Service, result: str) -> float:
    return count("outbound_request_seconds_count", service=service.value, result=result)


@pytest.fixture
def server() -> Iterator[str]:
    """Says 404 to GET and 400 to POST, as Cognito does to what it does not like."""

    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.end_headers()
            self.wfile.write(b'{"__type": "InvalidParameterException"}')

        def log_message(self, *args: object) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Refuses)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(9)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_call_that_goes_well_is_counted_with_its_time() -> None:
    before, began = calls(Service.CHAINS, "ok"), time.time()
    with outbound(Service.CHAINS):
        pass
    assert calls(Service.CHAINS, "ok") == before + 1
    last = count("outbound_last_success_timestamp_seconds", service=Service.CHAINS.value)
    assert last >= began


def test_a_key_set_that_cannot_be_had_is_counted_by_what_was_wrong(
    server: str, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "TIMEOUT", (0.2, 0.2))
    ok = calls(Service.KEYS, "ok")
    for url, result in (
        (server, "bad_answer"),
        (silent, "timeout"),
        ("http://127.0.0.1:1", "unreachable"),
    ):
        before = calls(Service.KEYS, result)
        with pytest.raises(keys.KeysUnavailable):
            keys.KeySet(url).key("k")
        assert calls(Service.KEYS, result) == before + 1, result
    assert calls(Service.KEYS, "ok") == ok


def test_the_error_of_a_call_goes_on_and_its_cause_is_counted() -> None:
    before = calls(Service.TOKEN, "timeout")
    with pytest.raises(KeyError), outbound(Service.TOKEN):
        raise KeyError from requests.Timeout()
    assert calls(Service.TOKEN, "timeout") == before + 1


def test_calls_to_the_pool_are_counted(server: str, settings: Settings) -> None:
    settings.AWS_ENDPOINT_URL = server
    before = calls(Service.POOL_API, "ok")
    with pytest.raises(ClientError):  # it was answered: a refusal is no failure of the way
        people.sign_out_everywhere("sub-linked")
    assert calls(Service.POOL_API, "ok") == before + 1
    settings.AWS_ENDPOINT_URL = "http://127.0.0.1:1"
    before = calls(Service.POOL_API, "unreachable")
    with pytest.raises(EndpointConnectionError):
        people.sign_out_everywhere("sub-linked")
    assert calls(Service.POOL_API, "unreachable") == before + 1


def test_a_token_is_looked_for_among_those_known_and_so_is_its_key(mint: TokenMint) -> None:
    def hits() -> tuple[float, float, float]:
        return (
            count("remembered_token_lookups_total", result="hit"),
            count("remembered_token_lookups_total", result="miss"),
            count("key_set_lookups_total", result="hit"),
        )

    token, before = mint.access(), hits()
    verify_access_token(token)
    assert (hits()[0] - before[0], hits()[1] - before[1]) == (0, 1)
    verify_access_token(token)
    assert (hits()[0] - before[0], hits()[1] - before[1]) == (1, 1)
    assert hits()[2] > before[2]
    misses = count("key_set_lookups_total", result="miss")
    with pytest.raises(TokenRejected):
        verify_access_token(TokenMint(kid="another").access())
    assert count("key_set_lookups_total", result="miss") == misses + 1


def test_a_limit_counts_what_it_refuses_and_not_what_it_lets_through(settings: Settings) -> None:
    settings.RATE_LIMITS = True
    before = count("rate_limit_refusals_total", scope="test")
    for _ in range(5):
        rate_limit.is_over("test", "somebody", rate=3, per=3600)
    assert count("rate_limit_refusals_total", scope="test") == before + 2
    rate_limit.note_against("test", "203.0.113.7", per=3600)
    assert count("rate_limit_refusals_total", scope="test") == before + 2
    assert rate_limit.has_used_up("test", "203.0.113.7", rate=1, per=3600)
    assert count("rate_limit_refusals_total", scope="test") == before + 3


def test_a_cache_that_is_away_is_counted_by_what_it_was_for(
    on_nothing: None, settings: Settings
) -> None:
    settings.RATE_LIMITS = True

    def failures() -> dict[str, float]:
        purposes = ("kept", "rate_limit", "replay")
        return {each: count("shared_cache_failures_total", purpose=each) for each in purposes}

    before = failures()
    forgiving_cache.found("x")
    rate_limit.is_over("test", "somebody", rate=3, per=60)
    replay.is_replay("skill", "request", now=datetime.now(UTC))
    assert failures() == {each: number + 1 for each, number in before.items()}


def stages() -> dict[str, float]:
    names = ("authorize", "linked", "first_turn", "unlinked", "disabled")
    return {each: count("account_linking_stages_total", stage=each) for each in names}


def grown(before: dict[str, float]) -> set[str]:
    return {name for name, number in stages().items() if number > before[name]}


@pytest.mark.django_db
def test_a_first_turn_is_a_stage_and_a_second_is_none(linked: User, mint: TokenMint) -> None:
    device = Device(
        application_id="amzn1.ask.skill.tests",
        user_id="amzn1.ask.account.NEW",
        access_token=mint.access(linked.sub),
    )
    before = stages()
    send(envelopes.launch(device))
    assert grown(before) == {"first_turn"}
    before = stages()
    send(envelopes.launch(device))
    assert grown(before) == set()


@pytest.mark.django_db
def test_a_link_that_is_taken_back_is_a_stage_once(linked_device: Device, linked: User) -> None:
    link, before = AccountLink.objects.get(user=linked), stages()
    link.unlink()
    assert grown(before) == {"unlinked"}
    before = stages()
    link.unlink()
    assert grown(before) == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "stage"),
    [("SkillAccountLinked", "linked"), ("SkillDisabled", "disabled"), ("SkillEnabled", "")],
)
def test_events_of_linking_are_stages_once(kind: str, stage: str) -> None:
    event = links.Event(
        type=f"AlexaSkillEvent.{kind}",
        request_id="r",
        account=links.AlexaAccount("amzn1.ask.skill.tests", "amzn1.ask.account.NEW"),
        time=datetime(2026, 11, 22, tzinfo=UTC),
    )
    before = stages()
    links.record(event)
    assert grown(before) == ({stage} if stage else set())
    before = stages()
    links.record(event)  # Alexa delivers it until she gets an answer
    assert grown(before) == set()


@pytest.mark.django_db
def test_a_linking_that_begins_over_our_front_is_a_stage(
    client: Client, settings: Settings
) -> None:
    settings.OAUTH_TRACE = True
    before: dict[str, Any] = stages()
    assert client.get("/oauth/authorize?state=s&client_id=alexa-client").status_code == 302
    assert grown(before) == {"authorize"}
