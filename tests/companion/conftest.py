from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

import pytest
from django.test import Client

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactText, Topic
from tests.conftest import browser

SignIn = Callable[[User], Client]


class NewFact(Protocol):
    def __call__(self, slug: str = ..., topic: str = ..., **fields: Any) -> Fact: ...


@pytest.fixture
def sign_in() -> SignIn:
    """A browser of a person; the session is made without the pool."""

    def browser_of(user: User) -> Client:
        client = browser()
        client.force_login(user)
        return client

    return browser_of


@pytest.fixture
def new_fact(db: None) -> NewFact:
    def make(slug: str = "blue-sunsets", topic: str = "space", **fields: Any) -> Fact:
        shelf, _ = Topic.objects.get_or_create(slug=topic, defaults={"name": topic.title()})
        language = fields.pop("language", "en")
        told = {
            "headline": fields.pop("headline", f"About {slug}"),
            "speech": fields.pop("speech", f"All that we know of {slug}."),
            "more": fields.pop("more", ""),
        }
        defaults = {
            "source_title": "A Sunset on Mars",
            "source_publisher": "The Observatory",
            "source_locator": "https://example.com/mars",
            "checked_on": date(2026, 11, 1),
        }
        fact = Fact.objects.create(topic=shelf, slug=slug, **{**defaults, **fields})
        FactText.objects.create(fact=fact, language=language, **told)
        return fact

    return make


@pytest.fixture
def office(client: Client, operator: User) -> Client:
    """An operator's browser."""
    client.force_login(operator)
    return client


@pytest.fixture
def fact(db: None) -> Fact:
    """A fact with a quiz question, in a topic that no file has."""
    topic = Topic.objects.create(slug="deep-sea", name="Deep sea")
    made = Fact.objects.create(
        topic=topic,
        slug="squid",
        source_title="Squid",
        source_publisher="Press",
        source_locator="1",
        checked_on="2026-11-20",
    )
    FactText.objects.create(
        fact=made,
        language="en",
        headline="On squid",
        speech="It glows.",
        question="What glows?",
        options=["a squid", "a whale", "a crab"],
    )
    return made
