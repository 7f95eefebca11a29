"""A prepared queryset gives what the queryset gives, whatever the values: in one statement."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F, Model, QuerySet, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Door, Profile, User
from companion.local import environment
from skill_endpoint import links
from skill_endpoint.facts import reading, selection
from skill_endpoint.facts.models import Fact, FactText, Favourite, Hearing, Topic, candidates
from skill_endpoint.handlers import profile
from skill_endpoint.models import AccountLink
from skill_endpoint.prepared import Prepared
from tests.conftest import SKILL_ID
from tests.skill_endpoint.voice import stock_library

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALEXA_IDS = ["amzn1.ask.account.ONE", "amzn1.ask.account.TWO", ""]
SLUGS = ["space", "food", "music", "no-such-topic"]
HOSTILE = [
    "'",
    "space' OR '1'='1",
    '"; DROP TABLE accounts_user; --',
    "%",
    "%s",
    "%(a)s",
    "%%",
    "\\",
    "\x1fstand-in 0",
    "\x1fstand-in 1",
    "9000-01-01 00:00:00",
    str(2**62),
    "ß\N{SNOWMAN}\u202e",
]
MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def library(db: None) -> list[User]:
    """Facts, and three people: one with a history and a link, one with a link, one with nothing."""
    stock_library()
    busy, bare, _ = people = [User.objects.for_sub(f"sub-{n}", door=Door.WEB) for n in range(3)]
    Profile.objects.filter(user=busy).update(topics=["space", "food"], display_name="O'Né %s")
    for number, fact in enumerate(Fact.objects.order_by("pk")[:5]):
        Hearing.objects.create(user=busy, fact=fact, heard_at=NOON - timedelta(hours=9 * number))
        if number % 2:
            Favourite.objects.create(user=busy, fact=fact)
    one, two, _ = ALEXA_IDS
    for user_id, person_id, user, moment in (
        (one, "", busy, NOON),
        (one, "speaker", bare, NOON),
        (two, "", None, None),
    ):
        AccountLink.objects.create(
            application_id=SKILL_ID,
            alexa_user_id=user_id,
            person_id=person_id,
            user=user,
            linked_at=moment,
            last_used_at=moment,
        )
    return people


def told(row: Any) -> Any:
    """All that a row holds, with its types, and what is related to it as far as that is known."""
    if not isinstance(row, Model):
        return [(type(value), value) for value in row]
    fields = {k: (type(v), v) for k, v in row.__dict__.items() if k != "_state"}
    known = row._state.fields_cache
    return (
        type(row),
        fields,
        (row._state.db, row._state.adding),
        {name: related and told(related) for name, related in known.items() if name != "user"}
        # the person and their profile know each other
        | ({"user": told_person(known["user"])} if "user" in known else {}),
    )


def told_person(user: User | None) -> Any:
    if user is None:
        return None
    known = user._state.fields_cache
    return (
        {k: (type(v), v) for k, v in user.__dict__.items() if k != "_state"},
        {name: sorted(vars(related)) for name, related in known.items()},
        known["profile"].topics if "profile" in known else None,
    )


def assert_same(prepared: Prepared[Any], values: Sequence[Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        found = prepared(*values)
    assert len(queries) == 1
    wanted = list(prepared._build(*values))
    # without an order the database may choose one
    key = repr
    assert sorted(map(told, found), key=key) == sorted(map(told, wanted), key=key)


def fresh(prepared: Prepared[Any]) -> Prepared[Any]:
    """The same, as in a process that has just begun."""
    return Prepared(prepared._build)


def people_links() -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(
        st.sampled_from([SKILL_ID, "amzn1.ask.skill.other", *HOSTILE]),
        st.sampled_from([*ALEXA_IDS, *HOSTILE]),
    )


LANGUAGES = st.sampled_from(["en", "en-US", "de", "de-DE", "fr-CA", "xx", *HOSTILE])


def test_links_with_their_people(library: list[User]) -> None:
    @MANY
    @given(people_links())
    def same(values: tuple[Any, ...]) -> None:
        assert_same(links._links_with_profiles, values)
        assert_same(fresh(links._links_with_profiles), values)

    same()
    assert_same(links._links_with_profiles, (SKILL_ID, ALEXA_IDS[0]))


def test_a_link_knows_its_person_and_their_profile_without_another_statement(
    library: list[User],
) -> None:
    busy, bare, _ = library
    found = links._links_with_profiles(SKILL_ID, ALEXA_IDS[0])
    (nobodys,) = links._links_with_profiles(SKILL_ID, ALEXA_IDS[1])
    with CaptureQueriesContext(connection) as queries:
        by_person = {link.user: link for link in found if link.user}
        assert by_person[busy].user.profile.topics == ["space", "food"]  # type: ignore[union-attr]
        assert by_person[busy].user.profile.display_name == "O'Né %s"  # type: ignore[union-attr]
        assert by_person[bare].user.profile.topics == []  # type: ignore[union-attr]
        assert by_person[busy].user.profile.user is by_person[busy].user  # type: ignore[union-attr]
        assert nobodys.user is None
        assert nobodys.linked_at is None
        assert by_person[busy].linked_at == NOON
        assert timezone.is_aware(by_person[busy].linked_at)  # type: ignore[arg-type]
    assert len(queries) == 0


def test_what_it_gives_can_be_saved(library: list[User]) -> None:
    link = links._links_with_profiles(SKILL_ID, ALEXA_IDS[1])[0]
    link.user = library[2]
    link.save()
    (again,) = links._links_with_profiles(SKILL_ID, ALEXA_IDS[1])
    assert again.user == library[2]
    assert AccountLink.objects.count() == 3


def test_texts_of_a_fact(library: list[User]) -> None:
    fact_ids = [*Fact.objects.values_list("pk", flat=True)[:3], 0, -1, 2**62, 2**63 - 1]

    @MANY
    @given(st.sampled_from(fact_ids), LANGUAGES)
    def same(fact_id: int, language: str) -> None:
        # "en" is its own parent and the last resort: en, en, en
        assert_same(reading._texts, (fact_id, *candidates(language)))
        assert_same(fresh(reading._texts), (fact_id, *candidates(language)))

    same()


def test_a_text_knows_its_fact_and_topic_without_another_statement(library: list[User]) -> None:
    fact = Fact.objects.published().first()
    assert fact is not None
    [text] = [text for text in reading._texts(fact.pk, *candidates("en")) if text.language == "en"]
    with CaptureQueriesContext(connection) as queries:
        assert text.fact.topic.slug
        assert isinstance(text.options, list)
    assert len(queries) == 0
    assert text == FactText.objects.get(pk=text.pk)


def test_what_a_person_heard_last_and_how_much(library: list[User]) -> None:
    for user in (*library, User(pk=0), User(pk=2**62)):
        assert_same(reading._last_heard, (user.pk,))
    for pk in (*Profile.objects.values_list("pk", flat=True), 0, 2**62 + 1):
        assert_same(profile._counts, (pk,))
    busy = Profile.objects.get(user=library[0])
    assert profile._counts(busy.pk) == [(5, 2)]


MOMENTS = st.sampled_from(
    [
        NOON,
        NOON - timedelta(hours=20, microseconds=1),
        NOON.astimezone(ZoneInfo("Asia/Tokyo")),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9000, 1, 1, tzinfo=UTC),
        datetime(9000, 1, 1, 0, 0, 4, tzinfo=UTC),
    ]
)
SLUG = st.sampled_from([*SLUGS, *HOSTILE])


def test_facts_to_tell(library: list[User]) -> None:
    """Another number of topics is another statement, and so is a history."""

    @settings(MANY, max_examples=150)
    @given(LANGUAGES, st.lists(SLUG, max_size=6), st.sampled_from([0, 1, 2]), MOMENTS)
    def same(language: str, topics: list[str], person: int, moment: datetime) -> None:
        base = (*candidates(language), *topics)
        pk = library[person].pk
        for values, with_history, with_day in (
            (base, False, False),
            ((*base, pk), True, False),
            ((*base, pk, moment), True, True),
        ):
            assert_same(
                selection._telling(len(topics), with_history=with_history, with_day=with_day),
                values,
            )

    same()


def test_the_moments_of_a_history_are_aware(library: list[User]) -> None:
    telling = selection._telling(0, with_history=True, with_day=True)
    rows = telling(*candidates("en"), library[0].pk, NOON)
    heard = [row for row in rows if row[2]]
    assert len(heard) == 5
    assert all(row[2].tzinfo and timezone.is_aware(row[2]) for row in heard)
    assert any(row[3] is None for row in heard)  # heard at noon, and not before


def test_a_choice_by_topics_of_any_number(library: list[User]) -> None:
    """Through the public door, with a different number each time, there and back."""
    for topics in ([], ["space"], ["space", "food"], ["food"], [], ["space", "space"]):
        choice = selection.choose("seed", topics=topics, history_of=library[2])
        assert choice is not None
        topic = Topic.objects.get(facts=choice.fact_id).slug
        assert not topics or topic in topics


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_slug_from_outside_is_a_value_and_nothing_else(library: list[User], hostile: str) -> None:
    telling = selection._telling(1, with_history=False, with_day=False)
    assert telling(*candidates("en"), "space")
    assert telling._plan is not None
    before = telling._plan.sql
    assert telling(*candidates("en"), hostile) == []
    assert selection.choose("seed", topics=[hostile]) is None
    assert telling._plan.sql == before
    assert User.objects.count() == 3


def by_name(name: str) -> QuerySet[Topic, Topic]:
    return Topic.objects.filter(name=name)


@pytest.fixture
def topics(db: None) -> list[Topic]:
    names = ["one", *HOSTILE]
    return [Topic.objects.create(slug=f"t{n}", name=name) for n, name in enumerate(names)]


@pytest.mark.parametrize("first", ["one", *HOSTILE])
def test_the_first_value_is_not_kept(topics: list[Topic], first: str) -> None:
    """One that looks like a stand-in is a value like any other, first and later."""
    prepared = Prepared(by_name)
    for name in (first, "one", *HOSTILE, first):
        assert [topic.name for topic in prepared(name)] == [name]


def test_a_value_that_is_a_constant_of_the_statement_too(topics: list[Topic]) -> None:
    prepared = Prepared(
        lambda slug, name: Topic.objects.filter(slug=slug, name=name).exclude(name="two")
    )
    for slug, name, count in (
        ("t0", "one", 1),
        ("two", "two", 0),
        ("t0", "two", 0),
        ("t0", "t0", 0),
    ):
        assert len(prepared(slug, name)) == count
    Topic.objects.filter(slug="t0").update(name="two")
    assert prepared("t0", "two") == []


def test_the_order_of_the_values_in_the_statement_may_be_another(topics: list[Topic]) -> None:
    prepared = Prepared(lambda name, slug: Topic.objects.filter(slug=slug, name__in=[name, slug]))
    assert [topic.slug for topic in prepared("one", "t0")] == ["t0"]
    assert prepared("t0", "one") == []


@pytest.mark.parametrize(
    ("build", "values", "error"),
    [
        (lambda name: Topic.objects.filter(name__contains=name), ("o",), ValueError),
        (lambda name: Topic.objects.filter(name=name.upper()), ("o",), ValueError),
        (lambda name, other: Topic.objects.filter(name=name), ("o", "p"), ValueError),
        (
            lambda name: Topic.objects.filter(name=name).annotate(one=Value(1)),
            ("o",),
            TypeError,
        ),
        (lambda name: Topic.objects.filter(name=name).values("pk"), ("o",), TypeError),
        (
            lambda name: Topic.objects.filter(name=name).values_list("pk", flat=True),
            ("o",),
            TypeError,
        ),
        (
            lambda name: Topic.objects.filter(name=name).values_list("pk", named=True),
            ("o",),
            TypeError,
        ),
        (lambda name: Topic.objects.filter(name=name).prefetch_related("facts"), ("o",), TypeError),
        (
            lambda name: (
                Topic.objects.filter(name=name).values_list("name").distinct().order_by("slug")
            ),
            ("o",),
            TypeError,
        ),
    ],
)
@pytest.mark.django_db
def test_what_cannot_be_prepared_is_refused_at_the_first_call(
    build: Callable[..., Any], values: tuple[Any, ...], error: type[Exception]
) -> None:
    prepared: Prepared[Any] = Prepared(build)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries, pytest.raises(error):
            prepared(*values)
        assert len(queries) == 0


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_number_of_values_is_refused(topics: list[Topic], count: int) -> None:
    """A value too many would be left out in silence."""
    prepared = Prepared(lambda *names: Topic.objects.filter(name__in=names))
    assert [topic.name for topic in prepared("one", "two", "three")] == ["one"]
    with pytest.raises(ValueError, match=f"^{count} values for a statement that takes 3"):
        prepared(*["one"] * count)


def test_expressions_and_deferred_fields(topics: list[Topic]) -> None:
    prepared = Prepared(lambda name: Topic.objects.filter(name=name).only("slug"))
    (topic,) = prepared("one")
    assert topic.get_deferred_fields() == Topic.objects.only("slug")[0].get_deferred_fields()
    assert topic.name == "one"
    pairs = Prepared(lambda slug: Topic.objects.filter(slug=slug).values_list("pk", F("name")))
    assert pairs("t0") == list(Topic.objects.filter(slug="t0").values_list("pk", "name"))


def test_two_statements_do_not_share_anything(topics: list[Topic]) -> None:
    one = Prepared(by_name)
    assert one("one")[0] is not one("one")[0]


def in_threads(work: Sequence[Callable[[], None]]) -> None:
    failed: list[BaseException] = []

    def run(each: Callable[[], None]) -> None:
        try:
            each()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if failed:
        raise failed[0]


@pytest.fixture
def committed(transactional_db: None) -> list[Topic]:
    return [Topic.objects.create(slug=f"t{n}", name=f"name {n}") for n in range(8)]


def test_threads_that_begin_at_the_same_moment_get_their_own_answers(
    committed: list[Topic],
) -> None:
    for _ in range(5):
        prepared, start = Prepared(by_name), threading.Barrier(8)

        def ask(
            number: int, prepared: Prepared[Topic] = prepared, start: threading.Barrier = start
        ) -> None:
            start.wait(30)
            for _ in range(5):
                assert prepared(f"name {number}") == [committed[number]]

        in_threads([lambda number=number: ask(number) for number in range(8)])  # type: ignore[misc]


def test_the_thread_that_made_it_may_be_gone(committed: list[Topic]) -> None:
    prepared = Prepared(lambda pk: Hearing.objects.filter(user=pk).values_list("heard_at"))
    nobody: list[list[Any]] = []
    in_threads([lambda: nobody.append(prepared(1))])
    assert nobody == [[]]
    user = User.objects.for_sub("sub", door=Door.WEB)
    fact = Fact.objects.create(topic=committed[0], slug="fact", checked_on=NOON.date())
    Hearing.objects.create(user=user, fact=fact, heard_at=NOON)
    assert prepared(user.pk) == [(NOON,)]


def test_a_connection_that_was_closed_is_opened_again(committed: list[Topic]) -> None:
    prepared = Prepared(by_name)
    for _ in range(2):
        assert prepared("name 3") == [committed[3]]
        connection.close()


def test_a_failure_leaves_it_as_it_was(topics: list[Topic]) -> None:
    prepared = Prepared(by_name)

    def broken(*args: Any) -> None:
        raise DatabaseError

    for _ in range(2):
        with connection.execute_wrapper(broken), pytest.raises(DatabaseError):
            prepared("one")
        assert prepared("one") == [topics[0]]


@pytest.mark.django_db
def test_in_a_transaction_that_failed_it_fails_as_a_queryset_does() -> None:
    prepared = Prepared(by_name)
    prepared("one")
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            list(by_name("one"))
        with pytest.raises(transaction.TransactionManagementError):
            prepared("one")


def test_all_of_this_holds_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    if connection.vendor == "postgresql":
        return
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--create-db"]
    done = subprocess.run(
        [*command, "-k", "not on_postgresql", "tests/skill_endpoint/test_prepared.py"],
        cwd=environment.BASE_DIR,
        env={**environment.bare(tmp_path), "TEST_DATABASE_URL": postgresql_url},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "skipped" not in done.stdout
