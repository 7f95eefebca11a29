"""Each address that takes an id, with something that belongs to another person: not found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.core import serializers
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.data_export.models import DataExport
from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Hearing
from skill_endpoint.models import AccountLink
from tests.companion.conftest import NewFact
from tests.conftest import browser

ELSEWHERE = ("admin/", "dev/", "accounts/", "traces/")  # have their own rules and their own tests
NOBODYS = {"sitemap_facts"}  # a page of a list that everybody may read
TAKES_AN_ID = re.compile(r"<(int|uuid|str|slug|path):(?!topic|slug)\w+>|<(?!language|\w+:)\w+>")


@pytest.fixture
def fact(new_fact: NewFact) -> Fact:
    return new_fact()


def hearing(owner: User, fact: Fact) -> Model:
    return Hearing.objects.create(user=owner, fact=fact, door=Door.VOICE)


def link(owner: User, fact: Fact) -> Model:
    return AccountLink.objects.create(
        application_id="amzn1.ask.skill.tests",
        alexa_user_id="amzn1.ask.account.OWNER",
        user=owner,
        linked_at=timezone.now(),
    )


def export(owner: User, fact: Fact) -> Model:
    return DataExport.objects.create(user=owner)


def session(owner: User, fact: Fact) -> Model:
    store = SessionStore()
    store.create()
    made: Model = UserSession.objects.create(
        user=owner, ip="192.0.2.1", user_agent="x", session_key=store.session_key
    )
    return made


# what a URL's id means: whose row it is, as somebody else's
MAKERS: dict[str, Callable[[User, Fact], Model]] = {
    "history_remove": hearing,
    "alexa_link_unlink": link,
    "data_export_file": export,
    "data_export_step": export,
    "sessions_end": session,
}
OWNED: tuple[Any, ...] = (Hearing, Favourite, AccountLink, DataExport, UserSession)


def named(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLPattern):
            yield route, entry.name or ""
        else:
            yield from named(entry, route)


def test_no_address_with_an_id_is_forgotten() -> None:
    found = {
        name
        for route, name in named(get_resolver())
        if TAKES_AN_ID.search(route) and not route.startswith(ELSEWHERE)
    }
    assert found - NOBODYS == set(MAKERS)


def everything(owner: User) -> str:
    rows: list[Any] = [row for model in OWNED for row in model.objects.filter(user=owner)]
    return str(serializers.serialize("json", rows))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", MAKERS)
def test_it_is_not_found(linked: User, stranger: User, fact: Fact, name: str, method: str) -> None:
    made = MAKERS[name](linked, fact)
    before = everything(linked)
    client = browser()
    client.force_login(stranger)
    answer = getattr(client, method)(reverse(name, args=[made.pk]))
    harmless = {302, 404} if method == "get" else {404, 405}  # back from signing in; no such form
    assert answer.status_code in harmless
    assert "owner" not in answer.content.decode().lower()
    assert everything(linked) == before


@pytest.mark.parametrize("name", MAKERS)
def test_nor_by_a_visitor(client: Client, linked: User, fact: Fact, name: str) -> None:
    made = MAKERS[name](linked, fact)
    before = everything(linked)
    assert client.post(reverse(name, args=[made.pk])).status_code == 302
    assert everything(linked) == before


def test_a_fact_is_saved_and_removed_for_oneself_only(
    linked: User, stranger: User, fact: Fact
) -> None:
    """Facts are everybody's: their addresses name no person, and change only one's own list."""
    Favourite.objects.create(user=linked, fact=fact, door=Door.VOICE)
    before = everything(linked)
    client = browser()
    client.force_login(stranger)
    for action in ("save", "remove", "remove"):
        client.post(f"{fact.get_absolute_url()}{action}/")
    for path in ("/saved/undo/", "/saved/dismiss/", "/history/forget/"):
        client.post(path)
    assert everything(linked) == before
