from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connections

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Topic


@pytest.fixture
def fact(db: None) -> Fact:
    topic = Topic.objects.create(slug="space", name="Space")
    return Fact.objects.create(topic=topic, slug="a-fact", checked_on=date(2026, 11, 1))


def test_it_is_kept_once(linked: User, fact: Fact) -> None:
    assert Favourite.objects.keep(linked, fact.pk, Door.VOICE)
    assert not Favourite.objects.keep(linked, fact.pk, Door.WEB)
    assert Favourite.objects.get().door == Door.VOICE


@pytest.mark.django_db(transaction=True)
def test_saving_and_removing_at_once_fails_for_nobody(linked: User, fact: Fact) -> None:
    """Two tabs and a double click: whoever comes last decides, and nobody gets an error."""
    start = threading.Barrier(8)
    errors: list[str] = []

    def save_and_remove() -> None:
        try:
            start.wait()
            for _ in range(300):
                Favourite.objects.keep(linked, fact.pk, Door.WEB)
                Favourite.objects.filter(user=linked, fact=fact)._raw_delete("default")
        except Exception as error:  # noqa: BLE001 - any exception is a finding
            errors.append(repr(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save_and_remove) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
