from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts import rate_limit
from accounts.rate_limit import client_address, is_over


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("192.0.2.1", "", [], "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", [], "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9", ["10.0.0.0/8"], "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", ["10.0.0.0/8"], "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 10.0.0.2", ["10.0.0.0/8"], "203.0.113.5"),
        ("10.0.0.1", "junk", ["10.0.0.0/8"], "10.0.0.1"),
        ("10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("::1", "2001:db8::7", ["::1"], "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.9", ["10.0.0.0/8"], "198.51.100.9"),
    ],
)
def test_the_client_address_is(
    settings: Settings, peer: str, forwarded: str, proxies: list[str], client: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory(REMOTE_ADDR=peer).get("/", headers={"x-forwarded-for": forwarded})
    assert client_address(request) == client


def test_it_counts_each_client_alone(settings: Settings) -> None:
    settings.RATE_LIMITS = True
    answers = [is_over("page", "one", rate=3, per=3600) for _ in range(5)]
    assert answers == [False, False, False, True, True]
    assert not is_over("page", "two", rate=3, per=3600)


def test_a_new_window_counts_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    answers = []
    for moment in (120.0, 179.9, 180.0, 239.9):
        monkeypatch.setattr(rate_limit, "time", SimpleNamespace(time=lambda now=moment: now))
        answers.append(is_over("page", "one", rate=1, per=60))
    assert answers == [False, True, False, True]


def test_it_can_be_switched_off(settings: Settings) -> None:
    settings.RATE_LIMITS = False
    assert not any(is_over("page", "one", rate=1, per=3600) for _ in range(5))


def test_a_cache_that_is_down_limits_nobody(settings: Settings) -> None:
    settings.RATE_LIMITS = True
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://localhost:1/0",
        }
    }
    assert not is_over("page", "one", rate=0, per=3600)
