"""The same person, device or event at the same moment, more than once: rows stay true.

On PostgreSQL the threads really overlap. SQLite lets one at a time write, so there they queue.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection, connections

from accounts import erasure
from accounts.cognito.tokens import AccessClaims
from accounts.models import Deletion, Door, PersonErased, Profile, Tombstone, User, sub_digest
from skill_endpoint import links
from skill_endpoint.facts.models import Fact, Favourite, Topic
from skill_endpoint.link_history import DISABLED, ENABLED, LINKED
from skill_endpoint.links import AlexaAccount, Event, KnownLinks
from skill_endpoint.models import AccountLink, SkillEvent

pytestmark = pytest.mark.django_db(transaction=True)

COPIES = 8
MEETING = 0.5  # seconds that whoever is first waits for the others; where they queue, in vain
ACCOUNT = AlexaAccount("amzn1.ask.skill.tests", "amzn1.ask.account.RACE")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at_once(*work: Callable[[], object], after: str) -> list[object]:
    """What each brings, in its own thread and connection; an error is an answer, too.

    Each is held after its first statement that begins with `after`, until all are there: who looks
    before writing has then seen what the others saw.
    """
    start, overlap = threading.Barrier(len(work)), threading.Barrier(len(work))
    answers: list[object] = [None] * len(work)

    def run(number: int, call: Callable[[], object]) -> None:
        is_held = False

        def hold(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
            nonlocal is_held
            result = execute(sql, *arguments)
            if not is_held and sql.startswith(after):
                is_held = True
                with contextlib.suppress(threading.BrokenBarrierError):  # they queue
                    overlap.wait(MEETING)
            return result

        try:
            start.wait(10)
            with connection.execute_wrapper(hold):
                answers[number] = call()
        except Exception as error:  # noqa: BLE001 - any exception is a finding
            answers[number] = repr(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def fact(db: None) -> Fact:
    topic = Topic.objects.create(slug="space", name="Space")
    return Fact.objects.create(topic=topic, slug="a-fact", checked_on=date(2026, 11, 1))


def event(kind: str, **changes: Any) -> Event:
    return replace(Event(kind, f"amzn1.echo-api.request.{kind}", ACCOUNT, NOON), **changes)


def claims_of(sub: str) -> AccessClaims:
    moment = int(NOON.timestamp())
    return AccessClaims(
        sub=sub,
        client_id="alexa-client",
        scopes=frozenset(),
        expires_at=moment + 3600,
        grant="grant-of-now",
        signed_in_at=moment,
    )


def test_first_sight_of_a_person_at_both_doors_makes_one() -> None:
    doors = [Door.WEB, Door.VOICE] * (COPIES // 2)
    seen = at_once(
        *(lambda door=door: User.objects.for_sub("sub-race", door=door).pk for door in doors),
        after="SELECT",
    )
    assert seen == [User.objects.get().pk] * COPIES
    assert Profile.objects.count() == 1


def test_first_turns_of_an_echo_at_once_make_one_link(linked: User) -> None:
    def turn() -> None:
        links.note_use(ACCOUNT, KnownLinks.of(ACCOUNT), linked, "grant")

    assert at_once(*[turn] * COPIES, after="SELECT") == [None] * COPIES
    link = AccountLink.objects.get()
    assert (link.user, link.state) == (linked, AccountLink.State.WORKING)


def test_a_fact_that_is_saved_at_once_is_saved_once(linked: User, fact: Fact) -> None:
    def save() -> bool:
        return Favourite.objects.keep(linked, fact.pk, Door.VOICE)

    answers = at_once(*[save] * COPIES, after="SELECT")
    assert set(answers) <= {True, False}
    assert True in answers
    assert Favourite.objects.count() == 1


def test_an_event_that_comes_twice_at_once_counts_once(linked: User) -> None:
    again = event(LINKED, claims=claims_of(linked.sub))
    answers = at_once(*[lambda: links.record(again)] * COPIES, after="SELECT")
    recorded = SkillEvent.objects.get()
    assert recorded.applied
    assert (answers.count(recorded), answers.count(None)) == (1, COPIES - 1)
    assert AccountLink.objects.get().user == linked


LIFE = [
    event(ENABLED),
    event(LINKED, time=NOON + timedelta(minutes=1), claims=claims_of("sub-linked")),
    event(DISABLED, time=NOON + timedelta(minutes=2)),
]


@pytest.mark.parametrize("told", [LIFE[:2], LIFE[1:], LIFE], ids=["begin", "end", "all"])
@pytest.mark.parametrize("after", ["SELECT", "INSERT"])
def test_events_of_an_account_at_once_end_as_one_after_the_other(
    linked: User, told: list[Event], after: str
) -> None:
    expected = set()
    for order in permutations(told):
        for each in order:
            assert links.record(each)
        expected.add(state())
        AccountLink.objects.all().delete()
        SkillEvent.objects.all().delete()
    assert len(expected) == 1
    answers = at_once(*(lambda each=each: links.record(each) for each in told), after=after)
    assert {type(answer) for answer in answers} == {SkillEvent}
    assert {state()} == expected


def state() -> tuple[object, ...]:
    link = AccountLink.objects.get()
    return link.state, link.user_id, link.enabled_at, link.linked_at, link.disabled_at


def test_an_erased_person_is_not_made_anew_by_a_turn_at_the_same_moment(linked: User) -> None:
    sub = linked.sub

    def erase() -> None:
        Tombstone.objects.create(digest=sub_digest(sub))
        erasure._delete_rows(linked, Deletion.By.SELF)

    def turns() -> None:
        for _ in range(40):
            try:
                User.objects.for_sub(sub, door=Door.VOICE)
            except PersonErased:
                continue

    assert at_once(erase, *[turns] * (COPIES - 1), after="SELECT") == [None] * COPIES
    assert not User.objects.exists()
    assert not Profile.objects.exists()
    assert Deletion.objects.count() == 1
