"""Who came by https: a trusted proxy says so, and nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from companion import settings as ours


@pytest.mark.parametrize(
    ("peer", "status"), [("10.1.2.3", 200), ("203.0.113.7", 301), ("127.0.0.1", 301), ("", 301)]
)
@pytest.mark.django_db
def test_only_a_trusted_proxy_says_that_a_client_came_by_https(
    settings: Settings, peer: str, status: int
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    host = settings.PUBLIC_URL.partition("://")[2]
    client = Client(headers={"host": host}, REMOTE_ADDR=peer)
    answer = client.get("/help/", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == status


def test_it_is_decided_before_anything_asks() -> None:
    assert ours.MIDDLEWARE.index("companion.trusted_headers.TrustedHeadersMiddleware") == 0
