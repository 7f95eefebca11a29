"""Ten thousand facts, a hundred thousand heard and ten thousand saved by one person: every page
takes as few statements as on the first day, and none reads a whole table of what people did.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Door, User
from companion.local.people import EMAIL
from skill_endpoint.facts.models import Fact, FactText, Favourite, Hearing, Topic
from skill_endpoint.models import AccountLink
from tests.browser.pages import STATES, State
from tests.companion.conftest import SignIn
from tests.companion.pages import statements_of
from tests.conftest import browser
from tests.rows import ago, multiply

pytestmark = pytest.mark.django_db
FACTS, HEARD, SAVED = 10_000, 100_000, 10_000
TOPICS = 12
# session and person included
MOST_STATEMENTS = 6
# what grows with people; the library may be read through, it is searched by parts of words
GROWS = ("facts_hearing", "facts_favourite", "skill_endpoint_accountlink")


@pytest.fixture
def veteran(linked: User) -> User:
    """Somebody who has been around for long, in a library that has grown."""
    topics = Topic.objects.bulk_create(
        Topic(slug=f"topic-{n}", name=f"Topic {n}", position=n) for n in range(TOPICS)
    )
    facts = Fact.objects.bulk_create(
        (
            Fact(
                topic=topics[n % TOPICS],
                slug=f"fact-{n}",
                source_title="A title",
                source_publisher="A publisher",
                source_locator="https://example.com/",
                checked_on=date(2026, 11, 1),
            )
            for n in range(FACTS)
        ),
        batch_size=2000,
    )
    FactText.objects.bulk_create(
        (
            FactText(fact=fact, language="en", headline=f"About {fact.slug}", speech="On the moon.")
            for fact in facts
        ),
        batch_size=2000,
    )
    now = timezone.now()
    first = facts[0].pk
    assert [fact.pk for fact in facts] == list(range(first, first + FACTS))
    heard = Hearing.objects.create(user=linked, fact=facts[0], door=Door.VOICE, heard_at=now)
    multiply(heard, HEARD, fact_id=f"{first} + n % {FACTS}", heard_at=ago("600 * n + 60"))
    saved = Favourite.objects.create(user=linked, fact=facts[0], door=Door.WEB, saved_at=now)
    multiply(saved, SAVED - 1, fact_id=f"{first} + n", saved_at=ago("60 * n"))
    AccountLink.objects.bulk_create(
        AccountLink(
            application_id="skill",
            alexa_user_id=f"amzn1.ask.account.{n}",
            user=linked,
            linked_at=now,
            last_used_at=now,
        )
        for n in range(5)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return linked


def addresses() -> list[State]:
    """Each address of the site's pages once, for each who looks at it."""
    once = {(state.path, state.who): state for state in STATES if state.is_site and not state.error}
    return list(once.values())


def asked_of(client: Client, state: State) -> list[str]:
    path = state.path.format_map(defaultdict(lambda: "1", topic="topic-3", slug="fact-3"))
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code < 500, state.name
    return statements_of(queries)


def test_no_page_takes_more_statements_whatever_the_rows(veteran: User, sign_in: SignIn) -> None:
    over = {}
    for state in addresses():
        client = sign_in(veteran) if state.who == EMAIL else browser()
        if (count := len(asked_of(client, state))) > MOST_STATEMENTS:
            over[state.name] = count
    assert over == {}


def test_no_page_reads_all_that_people_did(veteran: User, sign_in: SignIn) -> None:
    read = []
    for state in addresses():
        client = sign_in(veteran) if state.who == EMAIL else browser()
        for statement in asked_of(client, state):
            if statement.startswith("SELECT"):
                read += [(state.name, table) for table in GROWS if scans(table, statement)]
    assert read == []


def scans(table: str, statement: str) -> bool:
    """Whether the plan reads the table from end to end, its index included."""
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # all rows are one person's here, so it would read them all: can it do without?
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{explain} {statement}")
        plan = "\n".join(str(row) for row in cursor.fetchall())
    return f"Seq Scan on {table}" in plan or f"SCAN {table}" in plan
