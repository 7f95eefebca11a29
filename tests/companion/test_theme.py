from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.companion.pages import form_to, soup, text

YEAR = 365 * 24 * 3600


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_it_keeps_the_choice_for_a_year(client: Client, db: None, choice: str) -> None:
    cookie = client.post("/theme/", {"theme": choice}).cookies["doors_theme"]
    assert cookie.value == choice
    assert cookie["max-age"] == YEAR
    assert cookie["samesite"] == "Lax"
    page = soup(client.get("/"))
    assert page.html
    assert page.html["data-theme"] == choice
    assert page.select_one(f'meta[name="color-scheme"][content="{choice}"]')


def test_it_goes_back_to_the_device(client: Client, db: None) -> None:
    client.post("/theme/", {"theme": "dark"})
    assert client.post("/theme/", {"theme": "system"}).cookies["doors_theme"]["max-age"] == 0
    page = soup(client.get("/"))
    assert page.html
    assert not page.html.has_attr("data-theme")


def test_it_names_the_choices(client: Client, db: None) -> None:
    page = soup(client.get("/"))
    assert text(page.select_one("[aria-labelledby=theme-label]")) == "Light Dark As device"


@pytest.mark.parametrize("cookie", ["pink", 'dark" onload="x', "<b>", ""])
def test_it_bears_any_cookie(client: Client, db: None, cookie: str) -> None:
    client.cookies["doors_theme"] = cookie
    page = client.get("/")
    assert b"data-theme=" not in page.content
    assert b"onload" not in page.content


@pytest.mark.parametrize("choice", ["pink", "", "\0", "a" * 5000])
def test_it_knows_no_such_theme(client: Client, db: None, choice: str) -> None:
    assert client.post("/theme/", {"theme": choice}).status_code == 400


def test_it_takes_no_get(client: Client, db: None) -> None:
    assert client.get("/theme/", {"theme": "dark"}).status_code == 405


def test_it_returns_to_the_page(client: Client, db: None) -> None:
    form = form_to(client.get("/facts/?q=mars"), reverse("set_language"))
    answer = client.post("/theme/", {**form, "theme": "dark"})
    assert answer["Location"] == "/facts/?q=mars"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/\t/evil.example",
        "x" * 5000,
        "\0",
    ],
)
def test_it_returns_to_no_other_site(client: Client, db: None, elsewhere: str) -> None:
    answer = client.post("/theme/", {"theme": "dark", "next": elsewhere})
    assert answer["Location"] == "/"


def test_it_keeps_no_code_of_a_failed_sign_in(client: Client, db: None) -> None:
    page = client.get("/accounts/cognito/login/callback/?code=secret-code&state=secret-state")
    assert page.status_code == 401
    assert b"secret-" not in page.content
