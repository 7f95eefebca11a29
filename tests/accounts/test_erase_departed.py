"""After a restore, whoever deleted their account since the backup stays deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Deletion, Door, User
from accounts.pool import people
from accounts.pool.people import create_person
from tests.local_aws import PASSWORD, LivePool

pytestmark = [pytest.mark.local_aws, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def crowd(pool: LivePool) -> list[User]:
    """Eleven people, who are all in the pool."""
    return [
        User.objects.for_sub(
            create_person(email=f"crowd{n}@example.com", password=PASSWORD), door=Door.WEB
        )
        for n in range(11)
    ]


@pytest.fixture
def departed(crowd: list[User]) -> User:
    """Back by a restore; the pool does not know them."""
    return User.objects.for_sub("00000000-0000-4000-8000-000000000000", door=Door.WEB)


def test_it_says_and_then_erases(departed: User) -> None:
    said = str(call_command("erase_departed"))
    assert said == "1 of 12 people are not in the pool any more. Nobody was erased: --yes does."
    assert User.objects.filter(pk=departed.pk).exists()
    assert str(call_command("erase_departed", yes=True)).endswith("erased 1.")
    assert not User.objects.filter(pk=departed.pk).exists()
    assert (User.objects.count(), Deletion.objects.count()) == (11, 1)


def test_who_signs_up_while_the_pool_is_asked_stays(
    departed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = people.everybody

    def and_one_comes() -> Iterator[str]:
        yield from everybody()
        sub = create_person(email="newcomer@example.com", password=PASSWORD)
        User.objects.for_sub(sub, door=Door.WEB)

    monkeypatch.setattr(people, "everybody", and_one_comes)
    assert str(call_command("erase_departed", yes=True)).endswith("erased 1.")
    assert User.objects.count() == 12


def test_more_than_one_page_of_people_is_asked_for(crowd: list[User]) -> None:
    for n in range(60):  # a page has 60 at most
        create_person(email=f"page{n}@example.com", password=PASSWORD)
    assert str(call_command("erase_departed")) == "0 of 11 people are not in the pool any more."


def test_another_pool_erases_nobody(departed: User) -> None:
    for n in range(3):
        User.objects.for_sub(f"of-another-pool-{n}", door=Door.WEB)
    with pytest.raises(CommandError, match="Is it the right pool"):
        call_command("erase_departed", yes=True)
    assert User.objects.count() == 15
    assert str(call_command("erase_departed", yes=True, many=True)).endswith("erased 4.")


def test_a_pool_that_is_away_erases_nobody(departed: User, settings: Settings) -> None:
    settings.AWS_ENDPOINT_URL = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="nobody was erased"):
        call_command("erase_departed", yes=True)
    assert User.objects.count() == 12


def test_whom_a_list_left_out_is_asked_for_once_more(
    departed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody of the eleven is in this list."""
    monkeypatch.setattr(people, "everybody", lambda: iter(()))
    assert str(call_command("erase_departed", yes=True, many=True)).endswith("erased 1.")
    assert User.objects.count() == 11
