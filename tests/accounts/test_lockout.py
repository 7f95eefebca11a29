"""Signing somebody out, locking them out, letting them in: with a real pool in the local AWS."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from allauth.usersessions.models import UserSession
from django.test import Client
from pytest_django import Settings

from accounts import lockout
from accounts.lockout import Outcome
from accounts.models import Door, User
from accounts.pool import people
from tests.conftest import browser
from tests.local_aws import TIMEOUT, LivePool, alexa_tokens
from tests.sign_in import person_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.local_aws]
NAME = "locked@example.com"
DEAD = "http://localhost:1"


@pytest.fixture
def person(pool: LivePool) -> User:
    return User.objects.for_sub(person_of(pool, NAME).sub, door=Door.WEB)


@pytest.fixture
def at_home(person: User) -> Client:
    """Their browser, signed in through the pool."""
    home = browser()
    sign_in(home, NAME)
    assert home.get("/me/").status_code == 200
    return home


def refresh(pool: LivePool, token: str) -> int:
    """What Alexa does when an access token runs out; the status of the answer."""
    values = pool.values
    answer = requests.post(
        f"{values.domain_url}/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": token},
        auth=(values.alexa_client_id, values.alexa_client_secret),
        timeout=TIMEOUT,
    )
    return answer.status_code


def in_pool(pool: LivePool, person: User) -> dict[str, Any]:
    found: dict[str, Any] = pool.idp.list_users(UserPoolId=pool.id, Filter=f'sub = "{person.sub}"')[
        "Users"
    ][0]
    return found


def test_signing_out_ends_the_website_and_what_alexa_renews(
    person: User, at_home: Client, pool: LivePool
) -> None:
    token = alexa_tokens(pool, NAME)["refresh_token"]
    assert refresh(pool, token) == 200

    assert lockout.sign_out_everywhere(person) is Outcome.DONE

    assert at_home.get("/me/").status_code == 302
    assert not UserSession.objects.exists()
    assert refresh(pool, token) == 400
    sign_in(at_home, NAME)  # and they may come back
    assert at_home.get("/me/").status_code == 200


def test_nobody_else_is_signed_out(person: User, at_home: Client, stranger: User) -> None:
    lockout.sign_out_everywhere(stranger)
    assert at_home.get("/me/").status_code == 200


def test_disabled_and_enabled_again_here_and_in_the_pool(
    person: User, at_home: Client, pool: LivePool
) -> None:
    token = alexa_tokens(pool, NAME)["refresh_token"]

    assert lockout.disable(person) is Outcome.DONE

    person.refresh_from_db()
    assert not person.is_active
    assert in_pool(pool, person)["Enabled"] is False
    assert at_home.get("/me/").status_code == 302
    assert refresh(pool, token) == 400

    assert lockout.enable(person) is Outcome.DONE

    person.refresh_from_db()
    assert person.is_active
    assert in_pool(pool, person)["Enabled"] is True
    assert refresh(pool, token) == 400  # as the page says: Alexa has to be linked anew
    sign_in(at_home, NAME)
    assert at_home.get("/me/").status_code == 200


def test_with_the_pool_away_disabling_takes_effect_here(
    person: User, at_home: Client, pool: LivePool, settings: Settings
) -> None:
    settings.AWS_ENDPOINT_URL = DEAD
    assert lockout.disable(person) is Outcome.FAILED
    person.refresh_from_db()
    assert not person.is_active
    assert at_home.get("/me/").status_code == 302
    assert in_pool(pool, person)["Enabled"] is True


def test_with_the_pool_away_nobody_is_let_in(person: User, settings: Settings) -> None:
    person.is_active = False
    person.save()
    settings.AWS_ENDPOINT_URL = DEAD
    assert lockout.enable(person) is Outcome.FAILED
    person.refresh_from_db()
    assert not person.is_active


def test_with_the_pool_away_the_website_signs_out_all_the_same(
    person: User, at_home: Client, settings: Settings
) -> None:
    settings.AWS_ENDPOINT_URL = DEAD
    assert lockout.sign_out_everywhere(person) is Outcome.FAILED
    assert at_home.get("/me/").status_code == 302


@pytest.mark.parametrize("act", [lockout.sign_out_everywhere, lockout.disable, lockout.enable])
def test_somebody_whom_the_pool_does_not_know(pool: LivePool, stranger: User, act: Any) -> None:
    assert act(stranger) is Outcome.UNKNOWN


def test_a_quote_in_a_sub_finds_nobody_else(person: User, pool: LivePool) -> None:
    assert people.disable(f'x" or sub = "{person.sub}') is False
    assert in_pool(pool, person)["Enabled"] is True
