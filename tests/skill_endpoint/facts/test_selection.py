from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, FactText, Hearing
from skill_endpoint.facts.selection import (
    Choice,
    choose,
    daily_seed,
    day_start,
    first_by,
    local_day,
    todays,
)
from tests.skill_endpoint.voice import stock_library

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = st.dictionaries(st.integers(1, 10_000), st.text(min_size=1), min_size=1, max_size=30)


@given(facts=FACTS, seed=st.text())
def test_the_order_of_the_facts_decides_nothing(facts: dict[int, str], seed: str) -> None:
    by_slug = {slug: pk for pk, slug in facts.items()}
    pairs = [(pk, slug) for slug, pk in by_slug.items()]

    assert first_by(seed, pairs) == first_by(seed, reversed(pairs))


@given(facts=FACTS, seed=st.text(), extra=st.text())
def test_a_new_fact_takes_the_place_of_none_but_the_first(
    facts: dict[int, str], seed: str, extra: str
) -> None:
    pairs = list(facts.items())

    assert first_by(seed, [*pairs, (0, extra)]) in {0, first_by(seed, pairs)}


def test_the_seed_shuffles() -> None:
    pairs = [(number, f"fact-{number}") for number in range(10)]

    assert len({first_by(f"day-{day}", pairs) for day in range(100)}) == 10


def test_the_day_is_that_of_the_person(linked: User) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert local_day(None, late) == date(2026, 11, 22)
    for zone, day in (("Asia/Tokyo", 23), ("America/New_York", 22), ("Mars/Olympus", 22)):
        linked.profile.time_zone = zone
        assert local_day(linked, late) == date(2026, 11, day)


class TestChoose:
    @pytest.fixture(autouse=True)
    def _library(self, db: None) -> None:
        stock_library()

    def slugs(self, *choices: Choice | None) -> set[str]:
        return {Fact.objects.get(pk=choice.fact_id).slug for choice in choices if choice}

    def hears(self, user: User, *slugs: str) -> None:
        """In this order, a minute apart."""
        start = timezone.now() - timedelta(days=1)
        for minute, slug in enumerate(slugs):
            Hearing.objects.create(
                user=user,
                fact=Fact.objects.get(slug=slug),
                door=Door.VOICE,
                heard_at=start + timedelta(minutes=minute),
            )

    def test_it_is_the_same_for_the_same_seed(self) -> None:
        seed = daily_seed(date(2026, 11, 22))

        assert choose(seed) == choose(seed)

    def test_it_stays_within_the_topics(self) -> None:
        found = [choose(f"seed-{number}", topics=["food"]) for number in range(20)]

        assert self.slugs(*found) == {"honey", "salt"}

    def test_it_passes_over_what_was_heard(self, linked: User) -> None:
        self.hears(linked, "venus", "mars")
        salt = Fact.objects.get(slug="salt")

        found = [
            choose(f"seed-{number}", history_of=linked, heard=[salt.pk]) for number in range(20)
        ]

        assert self.slugs(*found) == {"saturn", "honey"}

    def test_it_asks_nothing_of_other_peoples_history(self, linked: User, stranger: User) -> None:
        self.hears(stranger, "venus", "mars", "saturn", "honey")

        found = [choose(f"seed-{number}", history_of=linked) for number in range(50)]

        assert len(self.slugs(*found)) == 5

    def test_used_up_it_takes_what_was_heard_longest_ago(self, linked: User) -> None:
        self.hears(linked, "mars", "venus", "saturn", "mars")

        choice = choose("seed", topics=["space"], history_of=linked)

        assert choice
        assert choice.is_repeat
        assert self.slugs(choice) == {"venus"}

    def test_without_history_the_conversation_is_the_memory(self) -> None:
        heard = [Fact.objects.get(slug=slug).pk for slug in ("saturn", "mars", "venus")]

        choice = choose("seed", topics=["space"], heard=heard)

        assert choice == Choice(heard[0], is_repeat=True, topics=("space",))

    @pytest.mark.parametrize("knows", [True, False])
    def test_a_topic_without_facts_gives_none(self, linked: User, knows: bool) -> None:
        assert choose("seed", topics=["gone"], history_of=linked if knows else None) is None

    @pytest.mark.parametrize("knows", [True, False])
    def test_or_a_fact_of_any_topic_where_that_will_do(self, linked: User, knows: bool) -> None:
        choice = choose(
            "seed", topics=["gone"], or_any_topic=True, history_of=linked if knows else None
        )

        assert choice
        assert not choice.is_repeat

    def test_a_used_up_topic_is_not_left_for_others(self, linked: User) -> None:
        self.hears(linked, "honey", "salt")

        choice = choose("seed", topics=["food"], or_any_topic=True, history_of=linked)

        assert self.slugs(choice) == {"honey"}

    def test_unpublished_facts_are_not_told(self) -> None:
        Fact.objects.exclude(slug="salt").update(is_published=False)

        assert self.slugs(choose("seed")) == {"salt"}

    def test_a_fact_without_a_text_that_people_understand_is_not_told(self) -> None:
        FactText.objects.exclude(fact__slug="salt").update(language="fr")

        found = [choose(f"seed-{number}") for number in range(20)]
        french = [choose(f"seed-{number}", language="fr-ca") for number in range(50)]

        assert self.slugs(*found) == {"salt"}
        assert len(self.slugs(*french)) == 5

    @pytest.mark.parametrize(("topic", "number"), [("food", 1), ("gone", 2)])
    def test_it_takes_one_statement_and_two_where_the_topics_are_gone(
        self,
        linked: User,
        django_assert_num_queries: DjangoAssertNumQueries,
        topic: str,
        number: int,
    ) -> None:
        for heard in ((), ("honey", "salt")):
            self.hears(linked, *heard)
            with django_assert_num_queries(number):
                choose("seed", topics=[topic], or_any_topic=True, history_of=linked)


class TestTodays:
    @pytest.fixture(autouse=True)
    def _library(self, db: None) -> None:
        stock_library()

    def hears(self, user: User, fact_id: int, at: datetime) -> None:
        Hearing.objects.create(user=user, fact_id=fact_id, door=Door.VOICE, heard_at=at)

    def test_what_is_heard_today_does_not_move_it(self, linked: User) -> None:
        first = todays(linked, now=NOON)
        assert first
        for fact in Fact.objects.all():
            self.hears(linked, fact.pk, NOON)

        again = todays(linked, now=NOON)

        assert again == replace(first, heard_today=True)

    def test_what_was_heard_before_the_day_began_is_passed_over(self, linked: User) -> None:
        first = todays(linked, now=NOON)
        assert first
        self.hears(linked, first.fact_id, NOON - timedelta(days=1))

        second = todays(linked, now=NOON)

        assert second
        assert second.fact_id != first.fact_id

    def test_the_day_begins_where_the_person_lives(self, linked: User) -> None:
        linked.profile.time_zone = "America/New_York"
        midnight = datetime(2026, 11, 22, 5, tzinfo=UTC)
        assert day_start(linked, NOON) == midnight
        first = todays(linked, now=NOON)
        assert first

        self.hears(linked, first.fact_id, midnight)
        assert todays(linked, now=NOON) == replace(first, heard_today=True)

        Hearing.objects.update(heard_at=midnight - timedelta(seconds=1))
        assert todays(linked, now=NOON) != first

    def test_used_up_it_is_what_was_heard_longest_ago_all_day(self, linked: User) -> None:
        yesterday = NOON - timedelta(days=1)
        facts = list(Fact.objects.order_by("-slug"))
        for minute, fact in enumerate(facts):
            self.hears(linked, fact.pk, yesterday + timedelta(minutes=minute))

        assert todays(linked, now=NOON) == Choice(facts[0].pk, is_repeat=True)
        self.hears(linked, facts[0].pk, NOON)
        assert todays(linked, now=NOON) == Choice(facts[0].pk, is_repeat=True, heard_today=True)

    def test_without_history_nothing_moves_it(self, linked: User) -> None:
        first = todays(linked, now=NOON)
        assert first
        self.hears(linked, first.fact_id, NOON - timedelta(days=1))
        linked.profile.remember_history = False

        assert todays(linked, now=NOON) == todays(None, now=NOON) == first

    def test_it_takes_one_statement(
        self, linked: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for fact in [None, *Fact.objects.all()]:
            if fact:
                self.hears(linked, fact.pk, NOON - timedelta(days=1))
            with django_assert_num_queries(1):
                todays(linked, now=NOON)
