"""A hundred thousand heard facts of one person change neither statements nor plans."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Door, User
from skill_endpoint import skill
from skill_endpoint.facts import content, loading
from skill_endpoint.facts.models import Fact, Hearing
from skill_endpoint.facts.reading import heard_last, last_heard
from skill_endpoint.facts.selection import choose, todays
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator.envelopes import Device
from tests.alexa import Post
from tests.rows import ago, multiply
from tests.skill_endpoint.test_budget import cost
from tests.skill_endpoint.voice import SPACE, one_shot

pytestmark = pytest.mark.django_db
HEARD = 100_000
WRITING = {
    "DailyFactIntent",
    "TopicFactIntent",
    "AnotherFactIntent",
    "SaveFactIntent",
    "RemoveFactIntent",
    "SetTopicsIntent",
    "ReportFactIntent",
}
READS, WRITES = 4, 6  # the replay store's included


@pytest.fixture
def listener(linked: User, linked_device: Device) -> User:
    loading.load(content.read())
    facts = list(Fact.objects.order_by("pk").values_list("pk", flat=True))
    assert facts == list(range(facts[0], facts[-1] + 1))
    heard = Hearing.objects.create(
        user=linked, fact_id=facts[0], door=Door.VOICE, heard_at=timezone.now()
    )
    multiply(heard, HEARD, fact_id=f"{facts[0]} + n % {len(facts)}", heard_at=ago("600 * n + 60"))
    heard.delete()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    one_shot(linked_device, "SaveFactIntent")  # the link is known from here on
    return linked


def test_no_turn_costs_more_statements_however_much_was_heard(
    post: Post, listener: User, linked_device: Device
) -> None:
    over = {}
    for intent in skill.INTENTS:
        slots = {"topic": SPACE} if intent in {"TopicFactIntent", "SetTopicsIntent"} else {}
        for new in (True, False):
            sent = envelopes.intent(linked_device, intent, slots, new=new)
            count = cost(post, sent)
            if count > (WRITES if intent in WRITING else READS):
                over[intent, new] = count

    assert over == {}
    assert cost(post, envelopes.launch(linked_device)) <= READS


def plan(statement: str) -> str:
    with connection.cursor() as cursor:
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {statement}")
        return "\n".join(str(row) for row in cursor.fetchall())


ASKED: list[tuple[Callable[[User], object], str]] = [
    (lambda user: choose("seed", topics=["space"], history_of=user), "heard_which_when"),
    (lambda user: choose("seed", history_of=user), "heard_which_when"),
    (lambda user: todays(user), "heard_which_when"),
    (lambda user: last_heard(user), "heard_in_order"),
    (lambda user: heard_last(user), "heard_in_order"),
]


def test_choosing_a_fact_uses_an_index(listener: User) -> None:
    for ask, index in ASKED:
        with CaptureQueriesContext(connection) as captured:
            ask(listener)
        about_hearings = [query["sql"] for query in captured if "facts_hearing" in query["sql"]]
        assert about_hearings
        for statement in about_hearings:
            found = plan(statement)
            assert index in found
            assert "Seq Scan on facts_hearing" not in found
            assert "SCAN facts_hearing" not in found
