"""Who gets where: every address, for everybody who may come, read and sent to.

authorization.txt is the table: what the site does is compared with it. A new address needs two
lines there; this test says which they would be, and whoever adds them has looked at them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from skill_endpoint.facts.models import Fact
from skill_endpoint.simulator.pki import ensure_pki
from tests.security.cast import ROLES, World, make_world
from tests.test_addresses import routes

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("authorization.txt")
METHODS = ("GET", "POST")
WORDS = {
    "+": "let in: an answer, a form with errors, or on to the next page",
    "s": "sent to sign in",
    "h": "hidden: not found",
    "f": "forbidden",
    "m": "another method is wanted",
    "x": "refused as it was sent",
    "!": "a part that it needs is away",
}
_SIGN_INS = ("/accounts/login/", "/admin/login/")
_HTMX = {"HX-Request": "true"}


def outcome(answer: Any) -> str:
    """A letter of WORDS."""
    status = answer.status_code
    there = answer.get("Location", "") or answer.get("HX-Redirect", "")
    if there.startswith(_SIGN_INS):
        return "s"
    if answer.request["PATH_INFO"] == "/readyz" and status == 503:
        return "+"  # that is its answer here
    if status >= 500:
        return "!"
    refused = {404: "h", 403: "f", 405: "m", 400: "x", 401: "x", 415: "x"}
    return refused.get(status, "+")


def read_table() -> dict[tuple[str, str], dict[str, str]]:
    """(route, method) -> role -> letter."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    roles = rows[0][2:]
    assert roles == list(ROLES)
    return {
        (route, method): dict(zip(roles, letters, strict=True))
        for route, method, *letters in rows[1:]
    }


def named(route: str) -> str:
    """As the table has it: the front page has no name of its own."""
    return route or "(front)"


@pytest.fixture
def world(linked: User, fact: Fact, settings: Settings, tmp_path: Path) -> World:
    ensure_pki(tmp_path / "alexa")
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path / "alexa")
    settings.METRICS_TOKEN = "a token of tests"
    settings.OAUTH_TRACE = True
    return make_world(linked, fact)


class _Undone(Exception):
    pass


def ask(client: Client, method: str, path: str, **headers: str) -> Any:
    """What is answered; what it changed is taken back."""
    cookies = client.cookies.output()
    answer: Any = None
    try:
        with transaction.atomic():
            form = {"post": "yes", "sure": "on", "confirm": "on"} if method == "POST" else None
            call = client.post if method == "POST" else client.get
            answer = call(path, form, headers=headers)
            raise _Undone
    except _Undone:
        pass
    if client.cookies.output() != cookies:  # signed out, or in another language
        client.cookies.load(cookies)
    return answer


def found(world: World, role: str, asked: list[str]) -> dict[tuple[str, str], str]:
    seen = {}
    for route in asked:
        for method in METHODS:
            with transaction.atomic():
                client = ROLES[role](world)
                seen[named(route), method] = outcome(ask(client, method, world.path_of(route)))
                transaction.set_rollback(True)
    return seen


def lines(world: World, asked: list[str]) -> list[str]:
    """What the table would say of these routes."""
    columns = {role: found(world, role, asked) for role in ROLES}
    return [
        f"{named(route):<67} {method:<6} "
        + " ".join(f"{columns[role][named(route), method]:<{len(role)}}" for role in ROLES).rstrip()
        for route in asked
        for method in METHODS
    ]


def test_every_address_is_in_the_table(world: World) -> None:
    known = {route for route, _method in read_table()}
    new = [route for route in routes() if named(route) not in known]
    assert not new, "look at them, and add:\n" + "\n".join(lines(world, new))
    assert known == {named(route) for route in routes()}


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_where_the_table_says(world: World, role: str) -> None:
    expected = {address: letters[role] for address, letters in read_table().items()}
    seen = found(world, role, routes())
    different = {
        address: f"{expected.get(address)} expected, {letter} seen"
        for address, letter in seen.items()
        if expected.get(address) != letter
    }
    assert different == {}


@pytest.mark.parametrize("role", ["nobody", "another", "staff"])
def test_no_other_method_lets_in_whom_reading_and_sending_do_not(world: World, role: str) -> None:
    table = read_table()
    let_in = []
    for route in routes():
        if "+" in (table[named(route), "GET"][role], table[named(route), "POST"][role]):
            continue
        client = ROLES[role](world)
        for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
            answer = client.generic(method, world.path_of(route))
            # which methods there are is no secret
            if outcome(answer) == "+" and (answer.content or method != "OPTIONS"):
                let_in.append((method, route, answer.status_code))
        client.logout()
    assert let_in == []


@pytest.mark.parametrize("role", ["nobody", "another", "staff"])
def test_htmx_gets_no_further_than_a_page(world: World, role: str) -> None:
    """Its header changes how an answer looks, and never whether there is one."""
    table = read_table()
    further = []
    for route in routes():
        for method in METHODS:
            if table[named(route), method][role] == "+":
                continue
            client = ROLES[role](world)
            answer = ask(client, method, world.path_of(route), **_HTMX)
            if outcome(answer) == "+":
                further.append((method, route, answer.status_code))
    assert further == []
