from __future__ import annotations

import gzip

import pytest
from django.test import Client

from tests.companion.conftest import NewFact

pytestmark = pytest.mark.django_db
BROWSER = {"accept-encoding": "gzip, deflate, br"}


def test_pages_leave_compressed(client: Client, new_fact: NewFact) -> None:
    new_fact(speech="Sunsets on Mars are blue.")
    plain, packed = client.get("/"), client.get("/", headers=BROWSER)
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 2
    assert "Sunsets on Mars are blue." in gzip.decompress(packed.content).decode()
    assert "Accept-Encoding" in plain["Vary"]
    assert "Content-Encoding" not in plain


def test_two_answers_of_a_page_differ_in_size(client: Client) -> None:
    """The blur against BREACH: how well a page compresses cannot be read off a few answers."""
    sizes = {len(client.get("/nowhere/", headers=BROWSER).content) for _ in range(12)}
    assert len(sizes) > 2


def test_what_is_no_page_stays_as_it_is(client: Client) -> None:
    for path in ("/healthz", "/readyz"):
        assert "Content-Encoding" not in client.get(path, headers=BROWSER), path
