from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models.signals import post_init
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Door, PersonErased, Profile, Tombstone, User, sub_digest

pytestmark = pytest.mark.django_db


def test_it_makes_person_and_profile_on_first_sight() -> None:
    user = User.objects.for_sub("sub-new", door=Door.VOICE)
    assert (user.sub, user.first_seen_by, user.profile.time_zone) == ("sub-new", "voice", "UTC")
    assert not user.has_usable_password()


def test_it_finds_the_same_person_through_the_other_door(linked: User) -> None:
    again = User.objects.for_sub(linked.sub, door=Door.VOICE)
    assert again == linked
    assert again.first_seen_by == "web"
    assert User.objects.count() == Profile.objects.count() == 1


def test_it_finds_a_known_person_in_one_statement(
    linked: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert User.objects.for_sub(linked.sub, door=Door.VOICE).profile.topics == []


@pytest.mark.parametrize("sub", ["", "x" * 65])
def test_it_refuses_what_is_no_sub(sub: str) -> None:
    with pytest.raises(ValueError, match="not a sub"):
        User.objects.for_sub(sub, door=Door.WEB)


def test_it_keeps_a_deleted_person_deleted() -> None:
    Tombstone.objects.create(digest=sub_digest("sub-gone"))
    with pytest.raises(PersonErased):
        User.objects.for_sub("sub-gone", door=Door.VOICE)
    assert not User.objects.exists()


def test_a_tombstone_expires_after_a_day() -> None:
    day_old = timezone.now() - timedelta(days=1, minutes=1)
    Tombstone.objects.create(digest=sub_digest("old"), erased_at=day_old)
    Tombstone.objects.create(digest=sub_digest("new"))
    assert [stone.digest for stone in Tombstone.objects.expired()] == [sub_digest("old")]


def test_it_knows_time_zones(linked: User) -> None:
    linked.profile.time_zone = "Middle/Earth"
    with pytest.raises(ValidationError):
        linked.profile.full_clean()


def test_its_text_shows_no_address(linked: User) -> None:
    assert "@" not in f"{linked} {linked!r} {linked.profile}"


@pytest.mark.django_db(transaction=True)
def test_a_race_of_both_doors_makes_one_person() -> None:
    """Eight first sights at once, held at a barrier between looking and inserting.

    Without the barrier a naive look-then-insert passes too: the threads must overlap.
    """
    start, overlap = threading.Barrier(8), threading.Barrier(8)
    seen: list[object] = []

    def hold(sender: type[User], instance: User, **kwargs: object) -> None:
        if instance.pk is None:  # looked, found nothing, about to insert
            overlap.wait(5)

    def meet(door: Door) -> None:
        try:
            start.wait()
            seen.append(User.objects.for_sub("sub-race", door=door).pk)
        except Exception as error:  # noqa: BLE001 - any exception is a finding
            seen.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=meet, args=(door,)) for door in [Door.WEB, Door.VOICE] * 4]
    post_init.connect(hold, sender=User, weak=False)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        post_init.disconnect(hold, sender=User)
    assert seen == [User.objects.get().pk] * 8
    assert Profile.objects.count() == 1
