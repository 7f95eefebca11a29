from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.cognito import TokenMint


def test_the_process_is_up(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_probes_may_call_by_address() -> None:
    assert Client(headers={"host": "127.0.0.1:8000"}).get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_is_ready(client: Client, mint: TokenMint) -> None:
    response = client.get("/readyz")
    assert (response.status_code, set(response.json().values())) == (200, {"ok"})


@pytest.mark.django_db
def test_it_is_not_ready_without_keys(client: Client) -> None:
    """Nothing listens where the tests' settings say that the keys are."""
    response = client.get("/readyz")
    assert (response.status_code, response.json()["keys"]) == (503, "failed")


def test_metrics_do_not_exist_without_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic right", "Bearer ß"])
def test_metrics_want_the_token(client: Client, settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = "right"
    assert client.get("/metrics", headers={"authorization": given}).status_code == 401


def test_metrics_are_prometheus_text(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "right"
    answer = client.get("/metrics", headers={"authorization": "Bearer right"})
    assert b"tokens_rejected_total" in answer.content
