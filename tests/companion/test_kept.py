"""Sitemaps and feeds are built once in a while, however often anybody asks."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from companion import kept
from tests.companion.conftest import NewFact
from tests.companion.pages import statements, statements_of
from tests.real_services import count_cached, later

SITEMAPS = ["/sitemap.xml", "/sitemap-pages.xml", "/sitemap-facts-1.xml"]
FEEDS = ["/today.json", "/today.txt", "/feed.atom", "/fr/feed.atom"]


@pytest.fixture(autouse=True)
def _fact(new_fact: NewFact) -> None:
    new_fact()


@pytest.mark.parametrize("path", SITEMAPS + FEEDS)
def test_it_is_built_once(client: Client, path: str) -> None:
    first = client.get(path)
    assert statements(client, path) == 0
    again = client.get(path)
    assert (again.content, again.headers) == (first.content, first.headers)
    with later(kept.KEPT + timedelta(seconds=1)):
        assert statements(client, path) > 0


@pytest.mark.parametrize("path", SITEMAPS + FEEDS)
def test_who_has_it_costs_nothing(client: Client, path: str) -> None:
    etag = client.get(path)["ETag"]
    with CaptureQueriesContext(connection) as asked:
        again = client.get(path, headers={"if-none-match": etag})
    assert (again.status_code, again.content, statements_of(asked)) == (304, b"", [])
    assert "public" in again["Cache-Control"]


@pytest.mark.parametrize("path", SITEMAPS + FEEDS)
def test_it_leaves_compressed(client: Client, path: str) -> None:
    packed = client.get(path, headers={"accept-encoding": "br, gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == client.get(path).content
    assert "Accept-Encoding" in packed["Vary"]


@pytest.mark.parametrize("path", SITEMAPS)
def test_shared_caches_keep_one_sitemap_for_all(client: Client, path: str) -> None:
    client.cookies["doors_language"] = "fr"
    first = client.get(path)
    for answer in (first, client.get(path, headers={"if-none-match": first["ETag"]})):
        assert answer["Vary"] == "Accept-Encoding"
        assert "public" in answer["Cache-Control"]


def test_each_language_has_its_own(client: Client) -> None:
    told = {
        (client.get(path, headers={"accept-language": asked})["Content-Language"], path)
        for asked in ("fr", "de")
        for path in ("/today.json", "/nl/today.json")
    }
    assert told == {("fr", "/today.json"), ("de", "/today.json"), ("nl", "/nl/today.json")}


@pytest.mark.parametrize("path", ["/sitemap-facts-1.xml", "/feed.atom"])
def test_one_client_asks_only_so_often(client: Client, settings: Settings, path: str) -> None:
    settings.RATE_LIMITS = True
    with time_machine.travel(timezone.now(), tick=False):
        answers = [client.get(path) for _ in range(kept.RATE["rate"] + 1)]
        assert client.get(path, REMOTE_ADDR="10.1.2.3").status_code == 200
    assert [answer.status_code for answer in answers] == [200] * kept.RATE["rate"] + [429]
    assert "public" not in answers[-1].get("Cache-Control", "")


def test_made_up_numbers_fill_no_cache(client: Client) -> None:
    client.get("/sitemap-facts-1.xml")
    before = count_cached()
    assert before
    for number in ("2", "777", "0001", "01"):
        client.get(f"/sitemap-facts-{number}.xml")
    assert count_cached() == before


@pytest.fixture
def no_cache(settings: Settings) -> None:
    down = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://localhost:1/0",
    }
    settings.CACHES = {"default": down}
    settings.RATE_LIMITS = True


@pytest.mark.parametrize("path", SITEMAPS + FEEDS)
@pytest.mark.usefixtures("no_cache")
def test_a_cache_that_is_down_breaks_nothing(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    assert client.get(path, headers={"if-none-match": first["ETag"]}).status_code == 304
