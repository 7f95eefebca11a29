"""A person's attempts are theirs: shown to them, in their download, and gone when they go."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from django.test import Client

from accounts import personal_data
from accounts.erasure import delete_person
from accounts.models import Door, Tombstone, User, sub_digest
from accounts.oauth_trace.models import Attempt, Correlation, Event, Stage, Viewing
from accounts.personal_data import holdings
from tests.accounts.oauth_trace.conftest import Linker, StubPool, latest, new_code
from tests.local_aws import LivePool

NAME = "leaves@example.com"


@pytest.fixture
def person(pool: LivePool, db: None) -> User:
    return User.objects.for_sub(pool.person(NAME), door=Door.WEB)


@pytest.mark.local_aws
def test_all_of_their_attempts_go_with_them(linker: Linker, person: User) -> None:
    linker.link(NAME)
    as_token = latest()
    as_browser = Attempt.objects.begin(site_sub=person.sub)
    of_another = Attempt.objects.begin(sub="sub-other")
    for attempt in (as_browser, of_another):
        Event.objects.create(attempt=attempt, stage=Stage.AUTHORIZE)
        Correlation.objects.create(attempt=attempt, kind="state", digest="d")
    Viewing.objects.create(attempt=of_another, viewer=person)
    assert as_token.sub == person.sub

    delete_person(person)

    assert list(Attempt.objects.all()) == [of_another]
    assert [event.attempt_id for event in Event.objects.all()] == [of_another.pk]
    assert [each.attempt_id for each in Correlation.objects.all()] == [of_another.pk]
    (viewing,) = Viewing.objects.all()
    assert viewing.viewer is None, "that somebody looked stays, without who"
    assert not [each for each in holdings() if each.rows_of(person).exists()]


def test_attempts_of_nobody_are_nobodys(db: None) -> None:
    """Of most attempts no sub is known; they must not be found by none."""
    Attempt.objects.begin()
    assert not Attempt.objects.of_person("").exists()


@pytest.mark.parametrize("has_attempt", [True, False])
def test_an_answer_that_comes_late_does_not_bring_them_back(
    stub_linker: Linker, stub_pool: StubPool, has_attempt: bool
) -> None:
    """The pool gave tokens while it was being told that the person leaves."""
    code = new_code()
    if has_attempt:
        stub_linker.authorize()
    Tombstone.objects.create(digest=sub_digest("sub-gone"))
    stub_pool.says(answer_for("sub-gone"))
    assert stub_linker.redeem(code).status_code == 200

    assert not Attempt.objects.of_person("sub-gone").exists()
    assert "sub-gone" not in str([each.response for each in Event.objects.all()])


def test_who_is_not_erased_is_recorded(stub_linker: Linker, stub_pool: StubPool) -> None:
    stub_linker.authorize()
    Tombstone.objects.create(digest=sub_digest("sub-gone"))
    stub_pool.says(answer_for("sub-here"))
    stub_linker.redeem(new_code())
    assert latest().sub == "sub-here"


def test_an_answer_without_an_access_token_is_theirs_as_well(
    stub_linker: Linker, stub_pool: StubPool
) -> None:
    stub_linker.authorize()
    answer = answer_for("sub-here")
    stub_pool.says({"id_token": answer["access_token"]})
    stub_linker.redeem(new_code())
    assert latest().sub == "sub-here"


def answer_for(sub: str) -> dict[str, Any]:
    token = jwt.encode({"sub": sub, "token_use": "access"}, "k" * 32, algorithm="HS256")
    return {
        "access_token": token,
        "refresh_token": "r" * 40,
        "token_type": "Bearer",
        "expires_in": 3600,
    }


def test_they_are_shown_them(linked: User, client: Client) -> None:
    Attempt.objects.begin(site_sub=linked.sub)
    Attempt.objects.begin(sub="sub-other")
    (holding,) = [each for each in personal_data.shown_holdings() if each.model is Attempt]
    assert personal_data.counts_of(linked)[holding] == 1
    client.force_login(linked)
    assert "Tries to link Alexa" in client.get("/me/data/").content.decode()
    assert "Tries to link Alexa" in client.get("/privacy/").content.decode()
