"""Every address: who may see it, and what anything thrown at it ends in."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from accounts.models import User
from skill_endpoint.simulator.pki import ensure_pki
from tests.cognito import TokenMint
from tests.conftest import browser

pytestmark = pytest.mark.django_db

# DESIGN: home, facts, help, sign-in, theme and language forms, health, the voice door, /dev/
PUBLIC = (
    r"^$",
    r"^today/$",
    r"^today\.",
    r"^feed\.atom$",
    r"^favicon\.ico$",
    r"^robots\.txt$",
    r"^sitemap",
    r"^facts/",
    r"^<language:language>/",
    r"^help/",
    r"^privacy/$",
    r"^accessibility/$",
    r"^theme/$",
    r"^i18n/set/$",
    r"^accounts/",
    r"^alexa/$",
    r"^dev/",
    r"^healthz$",
    r"^readyz$",
    r"^metrics$",
)
# under /accounts/ everything is part of coming and going; the admin asks for staff by itself
ADMIN = r"^admin/"
# passes on what the voice door says, and nobody listens here
FORWARD = re.compile(r"dev/alexa/forward")
BODIES: dict[str, tuple[bytes, str]] = {
    "empty form": (b"", "application/x-www-form-urlencoded"),
    "a megabyte": (b"a=" + b"x" * 1_000_000, "application/x-www-form-urlencoded"),
    "binary": (bytes(range(256)), "application/octet-stream"),
    "NUL": (
        b"next=%00&text=%00&email=%00&topics=%00&code=%00",
        "application/x-www-form-urlencoded",
    ),
    "bad UTF-8": (b"next=%ff%fe&text=%c3%28&display_name=%ff", "application/x-www-form-urlencoded"),
    "broken multipart": (
        b"--x\r\nContent-Disposition: form-data\r\n",
        "multipart/form-data; boundary=x",
    ),
    "broken JSON": (b'{"a":', "application/json"),
}
QUERIES = [
    "",
    "page=99999999999999999999&q=%00&topic=%00&next=//evil.example&e=1&o=x",
    "page=-1&q=" + "x" * 3000 + "&state=%ff&code=%ff&p=%00&date_joined__year=%00",
]


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from patterns(entry, route)


def routes() -> list[str]:
    return sorted(set(patterns(get_resolver())))


def example(route: str) -> str:
    """A path that this route matches, its parts filled with something that does not exist."""
    route = re.sub(r"<(?:int:)\w+>", "7", route)
    route = re.sub(r"<[^<>]*>", "x", route)
    route = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "x", route)
    return "/" + re.sub(r"[\\^$?]|\.\*", "", route)


@pytest.fixture(autouse=True)
def _local(settings: Settings, tmp_path: Path, mint: TokenMint) -> None:
    ensure_pki(tmp_path / "alexa")
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path / "alexa")
    settings.PUBLIC_URL = "http://localhost:8000"


def test_the_walk_finds_the_addresses() -> None:
    found = {example(route) for route in routes()}
    assert {"/", "/alexa/", "/me/", "/saved/", "/admin/", "/dev/alexa/forward"} <= found


def test_everything_but_the_listed_is_private(client: Client) -> None:
    """A stranger without a session is sent to sign in, whatever the page."""
    opened = [
        route
        for route in routes()
        if not any(re.match(rule, route) for rule in PUBLIC)
        and client.get(example(route)).status_code not in {301, 302, 404, 405}
    ]
    assert opened == []


def test_private_pages_lead_to_the_sign_in(client: Client) -> None:
    for path in ("/me/", "/saved/", "/alexa-link/", "/admin/", "/traces/", "/traces/22222/"):
        location = client.get(path)["Location"]
        assert location.startswith(("/accounts/login/", "/admin/login/")), path


def throw(client: Client, path: str) -> Iterator[tuple[str, int]]:
    """Each request, and its status."""
    for query in QUERIES:
        yield f"GET ?{query[:20]}", client.get(f"{path}?{query}").status_code
    for name, (body, kind) in BODIES.items():
        response = client.generic("POST", path, body, content_type=kind)
        yield f"POST {name}", response.status_code
    for method in ("PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "NONSENSE"):
        yield method, client.generic(method, path).status_code


@pytest.mark.parametrize("role", ["nobody", "stranger", "operator", "administrator"])
def test_nothing_ends_in_a_server_error(role: str, request: pytest.FixtureRequest) -> None:
    failed: list[Any] = []
    for route in routes():
        client = browser(raise_request_exception=False)
        if role != "nobody":
            user: User = request.getfixturevalue(role if role != "administrator" else "operator")
            user.is_superuser = role == "administrator"
            user.save()
            client.force_login(user)
        failed += [
            (route, what, status)
            for what, status in throw(client, example(route))
            if status >= 500 and not (FORWARD.match(route) and status == 502)
        ]
    assert failed == []


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000.evil.example", "", "a" * 300])
def test_an_unknown_host_is_refused(host: str) -> None:
    assert Client(headers={"host": host or "\x00"}).get("/").status_code == 400


def test_the_loopback_address_is_sent_to_the_one_name() -> None:
    response = Client(headers={"host": "127.0.0.1:8000"}).get("/facts/?q=moon")
    assert (response.status_code, response["Location"]) == (
        302,
        "http://localhost:8000/facts/?q=moon",
    )


def test_no_test_reaches_an_installation_that_may_be_running_here() -> None:
    """PUBLIC_URL of the tests is the demo's: nothing they post may arrive there."""
    with pytest.raises(OSError, match="a test tried to reach port 8000"):
        socket.create_connection(("localhost", 8000), timeout=1)
