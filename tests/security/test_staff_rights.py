"""Rights that the pool has taken back: how long somebody still has them here."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from accounts import rights
from accounts.groups import apply_pool_groups
from accounts.models import User
from tests.conftest import browser
from tests.local_aws import LivePool
from tests.sign_in import person_of, sign_in

pytestmark = pytest.mark.django_db
OFFICES = ("/admin/", "/admin/accounts/user/", "/traces/", "/doctor/", "/operations/")


def in_office(user: User, seconds_ago: float = 0) -> Client:
    client = browser()
    client.force_login(user)
    session = client.session
    session["rights_since"] = int(time.time() - seconds_ago)
    session.save()
    return client


def opened(client: Client) -> list[int]:
    return [client.get(path).status_code for path in OFFICES]


def test_an_operators_session_is_worth_nothing_after_half_a_day(operator: User) -> None:
    """Whoever was taken out of the group at the pool is out here by then, without a sign-in."""
    assert opened(in_office(operator, rights.COUNTED - 60)) == [200] * 5
    late = in_office(operator, rights.COUNTED + 60)
    assert opened(late) == [302] * 5
    assert late.get("/me/").status_code == 302
    assert late.post(f"/admin/accounts/user/{operator.pk}/sign-out/").status_code == 302


def test_a_clock_that_was_put_back_gives_no_rights(operator: User) -> None:
    assert opened(in_office(operator, -3600)) == [302] * 5


def test_a_session_from_before_there_were_rights_gives_none_for_long(stranger: User) -> None:
    """Signed in days ago as anybody; another browser brought the rights, this one did not."""
    client = in_office(stranger, 5 * 24 * 3600)
    assert client.get("/me/").status_code == 200
    apply_pool_groups(stranger, frozenset({"administrators"}))
    assert opened(client) == [302] * 5


def test_a_session_that_does_not_say_since_when_gives_no_rights(operator: User) -> None:
    client = in_office(operator)
    session = client.session
    del session["rights_since"]
    session.save()
    assert opened(client) == [302] * 5


def test_people_without_rights_stay_signed_in_for_days(stranger: User) -> None:
    assert in_office(stranger, 13 * 24 * 3600).get("/me/").status_code == 200


def test_rights_that_another_sign_in_took_are_gone_at_once(operator: User) -> None:
    client = in_office(operator)
    apply_pool_groups(operator, frozenset())
    assert opened(client) == [302, 302, 404, 404, 404]


@pytest.mark.local_aws
def test_a_real_sign_in_gives_rights_for_half_a_day(pool: LivePool) -> None:
    known = person_of(pool, "half-a-day@example.com", "operators")
    client = browser()
    sign_in(client, known.name, next_url="/admin/")
    assert client.get("/admin/").status_code == 200
    session = client.session
    session["rights_since"] -= rights.COUNTED + 1
    session.save()
    assert client.get("/admin/").status_code == 302
    sign_in(client, known.name, next_url="/admin/")
    assert client.get("/admin/").status_code == 200
