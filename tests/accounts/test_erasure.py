"""Deleting a person, against a real pool in the local AWS."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.erasure import PoolUnavailable, delete_person
from accounts.models import Door, PersonErased, Tombstone, User, sub_digest
from accounts.personal_data import holdings
from skill_endpoint.facts.models import Fact, FactReport, Favourite, Hearing, Topic
from skill_endpoint.models import AccountLink, SkillEvent, alexa_digest
from tests.conftest import SKILL_ID, browser
from tests.local_aws import LivePool
from tests.sign_in import person_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.local_aws]


@pytest.fixture
def person(pool: LivePool) -> User:
    """Somebody of whom every table holds something."""
    known = person_of(pool, "erase@example.com")
    sign_in(browser(), known.name)
    user = User.objects.get(sub=known.sub)
    topic = Topic.objects.create(slug="space", name="Space")
    fact = Fact.objects.create(
        topic=topic,
        slug="a-fact",
        source_title="t",
        source_publisher="p",
        source_locator="l",
        checked_on=date(2026, 11, 1),
    )
    Favourite.objects.create(user=user, fact=fact, door=Door.VOICE)
    Hearing.objects.create(user=user, fact=fact, door=Door.VOICE)
    AccountLink.objects.create(application_id=SKILL_ID, alexa_user_id="amzn1.E", user=user)
    SkillEvent.objects.create(
        request_id="r1",
        type="AlexaSkillEvent.SkillEnabled",
        application_id=SKILL_ID,
        alexa_user_digest=alexa_digest(SKILL_ID, "amzn1.E"),
        event_time=timezone.now(),
    )
    return user


def test_nothing_is_left(person: User, pool: LivePool) -> None:
    sub = person.sub
    delete_person(person)
    for holding in holdings():
        assert not holding.rows_of(person).exists(), holding.model
    assert not User.objects.filter(sub=sub).exists()
    assert not (Favourite.objects.exists())
    assert not (Hearing.objects.exists())
    assert not (AccountLink.objects.exists())
    assert not (SkillEvent.objects.exists())
    assert not (Session.objects.exists())
    assert not (UserSession.objects.exists())
    assert not pool.idp.list_users(UserPoolId=pool.id, Filter=f'sub = "{sub}"')["Users"]


def test_a_tombstone_of_a_try_that_failed_counts_anew(person: User) -> None:
    before = timezone.now() - timedelta(days=2)
    Tombstone.objects.create(digest=sub_digest(person.sub), erased_at=before)
    delete_person(person)
    assert not Tombstone.objects.expired().exists()


def test_a_valid_token_does_not_bring_the_person_back(person: User) -> None:
    sub = person.sub
    delete_person(person)
    with pytest.raises(PersonErased):
        User.objects.for_sub(sub, door=Door.VOICE)


def test_an_open_session_ends(person: User) -> None:
    client: Client = browser()
    client.force_login(person)
    assert client.get("/me/").status_code == 200
    delete_person(person)
    assert client.get("/me/").status_code == 302


def test_others_keep_what_is_theirs(person: User, stranger: User) -> None:
    fact = Fact.objects.get()
    Favourite.objects.create(user=stranger, fact=fact, door=Door.WEB)
    delete_person(person)
    assert Favourite.objects.get().user == stranger
    assert Fact.objects.exists()


def test_what_they_reported_waits_without_them(person: User) -> None:
    fact = Fact.objects.get()
    FactReport.objects.file(fact.pk, person, language="en", request_id="amzn1.echo-api.request.1")
    deletion = delete_person(person)
    report = FactReport.objects.open().get()
    assert (report.fact, report.user, report.request_id) == (fact, None, "")
    assert deletion
    assert "facts.FactReport" not in deletion.counts
    assert deletion.counts["accounts.User"] == 1


def test_somebody_who_left_the_pool_already_is_deleted_too(person: User, pool: LivePool) -> None:
    pool.idp.admin_delete_user(UserPoolId=pool.id, Username=person.sub)
    delete_person(person)
    assert not User.objects.exists()


def test_with_the_pool_unreachable_nothing_is_deleted(person: User, settings: Settings) -> None:
    settings.AWS_ENDPOINT_URL = "http://localhost:1"
    with pytest.raises(PoolUnavailable):
        delete_person(person)
    assert Favourite.objects.exists()
    assert not Tombstone.objects.exists()
    assert User.objects.for_sub(person.sub, door=Door.VOICE) == person
