from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.conftest import browser


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_load_balancer_may_ask_by_an_address_that_no_list_has(
    path: str, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["facts.example.com"]
    settings.PUBLIC_URL = "https://facts.example.com"

    response = browser().get(path, headers={"host": "10.64.130.17:8000"})

    assert response.status_code in {200, 503}  # it was asked: 503 says what is not ready
    assert "10.64.130.17" not in response.text


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/alexa/", "/metrics", "/healthz/", "/today.json"])
def test_a_host_that_is_not_allowed_reaches_nothing_else(path: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["facts.example.com"]

    response = browser().get(path, headers={"host": "10.64.130.17:8000"})

    assert response.status_code == 400
