"""Deleting an account on the website, against a real pool in the local AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import erasure
from accounts.data_export.models import DataExport
from accounts.models import Deletion, Door, Tombstone, User, sub_digest
from accounts.personal_data import on_erasure
from skill_endpoint.facts.models import FactReport, Favourite, Version
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements
from tests.conftest import SKILL_ID, browser
from tests.local_aws import LivePool, alexa_tokens, hosted_sign_in
from tests.sign_in import person_of, sign_in
from tests.skill_endpoint.voice import one_shot

pytestmark = [pytest.mark.django_db]
PAGE = "/me/data/delete/"
FreshBrowser = Callable[..., Client]


@pytest.fixture
def fresh(sign_in: SignIn) -> FreshBrowser:
    """A browser of somebody who signed in a moment ago."""

    def browser_of(user: User, age: float = 0) -> Client:
        client = sign_in(user)
        session = client.session
        session["pool_sign_in_at"] = int(time.time() - age)
        session.save()
        return client

    return browser_of


@pytest.mark.local_aws
def test_the_whole_way_from_the_page_to_the_voice_door(
    pool: LivePool, new_fact: NewFact, client: Client
) -> None:
    known = person_of(pool, "leaving@example.com")
    tokens = alexa_tokens(pool, known.name)
    sign_in(client, known.name, next_url=PAGE)
    elsewhere = browser()
    sign_in(elsewhere, known.name)
    person = User.objects.get(sub=known.sub)
    Favourite.objects.create(user=person, fact=new_fact(), door=Door.WEB)
    AccountLink.objects.create(
        application_id=SKILL_ID,
        alexa_user_id="amzn1.L",
        user=person,
        linked_at=timezone.now(),
        last_used_at=timezone.now(),
    )
    page = client.get(PAGE)
    assert "Facts you saved (1)" in main(page)
    form = form_to(page, PAGE)
    response = client.post(PAGE, {**form, "sure": "on"})

    confirmation = client.get(response["Location"])
    assert "Your account is deleted Deleted on " in main(confirmation)
    assert browser().get(response["Location"]).status_code == 200, "without any session"
    assert not User.objects.filter(sub=known.sub).exists()
    assert not Session.objects.exists()
    assert Tombstone.objects.for_sub(known.sub).exists()
    deletion = Deletion.objects.get()
    assert deletion.by == "self"
    assert deletion.counts["facts.Favourite"] == 1
    assert known.sub not in str(vars(deletion))
    for out in (client, elsewhere):
        assert out.get("/me/")["Location"].startswith("/accounts/login/")

    # the pool refreshes nothing any more
    refreshed = requests.post(
        f"{pool.values.domain_url}/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
        auth=(pool.values.alexa_client_id, pool.values.alexa_client_secret),
        timeout=10,
    )
    assert refreshed.status_code == 400
    # the token that Alexa still has gets a card and a kind sentence, and makes nobody
    device = Device(application_id=SKILL_ID, user_id="amzn1.L", access_token=tokens["access_token"])
    answer = one_shot(device, "ListSavedIntent")
    assert answer.card == {"type": "LinkAccount"}
    assert "link" in answer.text
    assert not User.objects.filter(sub=known.sub).exists()
    # and the old account signs nobody in
    with pytest.raises(AssertionError, match="not signed in"):
        sign_in(browser(), known.name)


@pytest.mark.local_aws
def test_an_old_sign_in_is_asked_for_again_at_the_pool(pool: LivePool, client: Client) -> None:
    known = person_of(pool, "again@example.com")
    sign_in(client, known.name)
    session = client.session
    session["pool_sign_in_at"] = int(time.time()) - 601
    session.save()
    page = client.get(PAGE)
    assert "Sign in once more" in main(page)
    assert not soup(page).find("input", {"name": "sure"})
    assert client.post(PAGE, {"sure": "on"}).status_code == 403
    assert User.objects.filter(sub=known.sub).exists()

    away = client.post("/accounts/sign-in-again/", form_to(page, "/accounts/sign-in-again/"))
    ended = requests.get(away["Location"], allow_redirects=False, timeout=10)
    assert urlsplit(away["Location"]).path == "/logout"
    back = ended.headers["Location"]
    assert back == "http://localhost:8000/accounts/cognito/again/"
    start = client.get(urlsplit(back).path)["Location"]
    assert parse_qs(urlsplit(start).query)["prompt"] == ["login"]
    callback = urlsplit(hosted_sign_in(start, known.name))
    response = client.get(f"{callback.path}?{callback.query}")
    assert response["Location"] == PAGE
    assert soup(client.get(PAGE)).find("input", {"name": "sure"})


@pytest.mark.local_aws
def test_signing_in_with_the_old_account_fails_kindly(pool: LivePool, db: None) -> None:
    """The pool forgot to ask: an answer for a person who was deleted a moment ago."""
    known = person_of(pool, "ghost@example.com")
    Tombstone.objects.create(digest=sub_digest(known.sub))
    response = sign_in(browser(), known.name)
    assert response.status_code == 403
    assert "This account was deleted" in main(response)


@pytest.mark.local_aws
def test_with_the_pool_away_nothing_is_deleted_and_it_says_so(
    pool: LivePool, linked: User, fresh: FreshBrowser, settings: Settings
) -> None:
    settings.AWS_ENDPOINT_URL = "http://localhost:1"
    client = fresh(linked)
    response = client.post(PAGE, {"sure": "on"})
    assert response.status_code == 503
    assert "Nothing was deleted" in main(response)
    assert client.get("/me/").status_code == 200
    assert not Tombstone.objects.exists()
    assert not Deletion.objects.exists()


@pytest.mark.local_aws
def test_a_second_press_at_the_same_moment_is_harmless(
    pool: LivePool, linked: User, fresh: FreshBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = fresh(linked), fresh(linked)
    ask_pool = erasure._delete_pool_user

    def slow(sub: str) -> None:
        """While the second waits for the pool, the first gets through."""
        monkeypatch.setattr(erasure, "_delete_pool_user", ask_pool)
        assert first.post(PAGE, {"sure": "on"}).status_code == 302
        ask_pool(sub)

    monkeypatch.setattr(erasure, "_delete_pool_user", slow)
    response = second.post(PAGE, {"sure": "on"})
    assert response["Location"] == "/accounts/deleted/"
    assert "Your account is deleted" in main(second.get(response["Location"]))
    assert Deletion.objects.count() == 1


@pytest.mark.local_aws
def test_what_is_kept_elsewhere_is_forgotten_too_even_where_that_fails(
    pool: LivePool, linked: User, fresh: FreshBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[int] = []
    monkeypatch.setattr("accounts.personal_data._elsewhere", [])
    on_erasure(lambda user: 1 / 0)
    on_erasure(lambda user: forgotten.append(user.pk))
    pk = linked.pk
    fresh(linked).post(PAGE, {"sure": "on"})
    assert forgotten == [pk]
    assert not User.objects.filter(pk=pk).exists()


@pytest.mark.local_aws
def test_downloads_go_with_the_person(pool: LivePool, linked: User, fresh: FreshBrowser) -> None:
    client = fresh(linked)
    b"".join(client.post("/me/data/export/").streaming_content)  # type: ignore[attr-defined]
    assert DataExport.objects.exists()
    client.post(PAGE, {"sure": "on"})
    assert not DataExport.objects.exists()


def test_it_asks_for_the_tick(linked: User, fresh: FreshBrowser) -> None:
    response = fresh(linked).post(PAGE, {})
    assert response.status_code == 422
    assert "Tick the box" in main(response)
    assert User.objects.filter(pk=linked.pk).exists()


@pytest.mark.parametrize("age", [-3600, 601])
def test_only_the_last_ten_minutes_count(linked: User, fresh: FreshBrowser, age: float) -> None:
    assert "Sign in once more" in main(fresh(linked, age).get(PAGE))


def test_it_offers_the_download_first_and_says_what_stays(
    linked: User, fresh: FreshBrowser
) -> None:
    page = fresh(linked).get(PAGE)
    assert "fingerprint of your account number" in main(page)
    assert form_to(page, "/me/data/export/")


def test_what_stays_for_others_is_said(
    linked: User, fresh: FreshBrowser, new_fact: NewFact
) -> None:
    fact = new_fact()
    Version.objects.create(fact=fact, content={}, how="edited", by=linked)
    FactReport.objects.create(fact=fact, language="en", user=linked)
    sections = soup(fresh(linked).get(PAGE)).select("main section.card")
    texts = [" ".join(section.get_text(" ").split()) for section in sections]
    for label in ("Facts and topics you edited", "Facts you reported as wrong"):
        assert label not in texts[0]
        assert label in texts[1]


def test_it_takes_few_statements(linked: User, fresh: FreshBrowser) -> None:
    assert statements(fresh(linked), PAGE) <= 6


def test_nobody_elses_form_deletes(linked: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    client.force_login(linked)
    session = client.session
    session["pool_sign_in_at"] = int(time.time())
    session.save()
    assert client.post(PAGE, {"sure": "on"}).status_code == 403
    assert User.objects.filter(pk=linked.pk).exists()


def test_a_made_up_confirmation_does_not_exist(client: Client, db: None) -> None:
    Deletion.objects.create(by="self")
    assert client.get("/accounts/deleted/1/").status_code == 404
    assert client.get("/accounts/deleted/x:y:z/").status_code == 404
    assert client.get("/accounts/deleted/").status_code == 200


def test_the_way_to_the_pool_only_begins_with_the_form(linked: User, sign_in: SignIn) -> None:
    client = sign_in(linked)
    assert client.get("/accounts/cognito/again/")["Location"] == "/accounts/login/"
    assert client.get("/accounts/sign-in-again/").status_code == 405
    client.post("/accounts/sign-in-again/", {"next": "https://evil.example/"})
    assert client.session["sign_in_again_next"] == "/me/"


def test_deleted_accounts_are_told_for_ninety_days(db: None) -> None:
    now = timezone.now()
    for days in (89, 91):
        Deletion.objects.create(by="self", deleted_at=now - timedelta(days=days))
    assert Deletion.objects.expired().count() == 1
