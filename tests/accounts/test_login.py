"""Signing in and out against a real pool in the local AWS, over real HTTP to its sign-in form."""

from __future__ import annotations

import contextlib
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.core.signals import request_finished
from django.db import connection, connections
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.cognito import keys
from accounts.models import Door, Profile, Tombstone, User, sub_digest
from skill_endpoint.facts.models import Fact, FactText, Favourite, Topic
from tests.conftest import browser
from tests.local_aws import LivePool, hosted_sign_in
from tests.sign_in import CALLBACK, START, callback_path, person_of, sign_in, start

pytestmark = [pytest.mark.django_db, pytest.mark.local_aws]


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_start_asks_for_a_code_with_pkce_and_nonce(client: Client, pool: LivePool) -> None:
    asked = query_of(start(client))
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["state"]
    assert asked["nonce"]
    assert set(asked["scope"].split()) == {"openid", "email", "phone"}
    assert asked["redirect_uri"] == "http://localhost:8000" + CALLBACK


def test_the_start_is_a_post_with_csrf(pool: LivePool) -> None:
    assert b"<form" in browser().get(START).content
    assert browser(enforce_csrf_checks=True).post(START).status_code == 403


def test_the_query_cannot_change_the_authorize_request(client: Client, pool: LivePool) -> None:
    asked = query_of(
        start(
            client,
            query="&auth_params=redirect_uri%3Dhttps://evil.example/"
            "&scope=aws.cognito.signin.user.admin&process=connect",
        )
    )
    assert asked["redirect_uri"] == "http://localhost:8000" + CALLBACK
    assert "admin" not in asked["scope"]


def test_a_person_signs_in(client: Client, pool: LivePool) -> None:
    robin = person_of(pool, "robin@example.com")
    response = sign_in(client, robin.name)
    assert (response.status_code, response["Location"]) == (302, "/me/")
    user = User.objects.get()
    assert (user.sub, user.email, user.email_verified) == (robin.sub, "robin@example.com", True)
    assert (user.first_seen_by, user.has_usable_password()) == ("web", False)
    assert client.get("/me/").status_code == 200


def test_a_fact_that_a_visitor_wanted_is_saved(client: Client, pool: LivePool) -> None:
    topic = Topic.objects.create(slug="space", name="Space")
    fact = Fact.objects.create(
        topic=topic, slug="mars", source_title="t", source_publisher="p", checked_on="2026-11-01"
    )
    FactText.objects.create(fact=fact, language="en", headline="About Mars", speech="Red.")
    client.post("/facts/space/mars/save/")
    back = sign_in(client, person_of(pool, "wish@example.com").name, "/facts/space/mars/save/")
    page = client.get(back["Location"], follow=True).content.decode()
    assert [saved.fact for saved in Favourite.objects.all()] == [fact]
    assert "Saved: About Mars" in page
    assert "(press to remove)" in page


def test_a_phone_only_person_signs_in(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "+12065550101")
    sign_in(client, person.name)
    user = User.objects.get()
    assert (user.sub, user.email, user.phone_number) == (person.sub, "", "+12065550101")


def test_no_token_and_no_claim_is_kept(client: Client, pool: LivePool) -> None:
    robin = person_of(pool, "kept@example.com")
    sign_in(client, robin.name)
    assert SocialAccount.objects.get().extra_data == {}
    assert not SocialToken.objects.exists()
    assert not EmailAddress.objects.exists()
    stored = [session.get_decoded() for session in Session.objects.all()]
    assert "eyJ" not in str(stored)
    assert "kept@example.com" not in str(stored)


def test_a_person_first_seen_by_voice_is_the_same_on_the_web(
    client: Client, pool: LivePool
) -> None:
    robin = person_of(pool, "voice@example.com")
    heard = User.objects.for_sub(robin.sub, door=Door.VOICE)
    sign_in(client, robin.name)
    user = User.objects.get()
    assert (user.pk, user.first_seen_by, user.email) == (heard.pk, "voice", "voice@example.com")


def test_an_equal_address_never_joins_two_people(client: Client, pool: LivePool) -> None:
    victim = User.objects.for_sub("sub-victim", door=Door.WEB)
    victim.email, victim.email_verified, victim.is_staff = "same@example.com", True, True
    victim.save()
    other = person_of(pool, "same@example.com")
    sign_in(client, other.name)
    assert User.objects.count() == 2
    assert not User.objects.get(sub=other.sub).is_staff


def test_a_changed_address_keeps_the_person(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "old@example.com")
    sign_in(client, person.name)
    pool.idp.admin_update_user_attributes(
        UserPoolId=pool.id,
        Username=person.sub,
        UserAttributes=[
            {"Name": "email", "Value": "new@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    sign_in(browser(), "new@example.com")
    assert User.objects.get().email == "new@example.com"


def test_rights_follow_the_pools_groups(client: Client, pool: LivePool) -> None:
    operator = person_of(pool, "operator@example.com", "operators")
    sign_in(client, operator.name, next_url="/admin/")
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert user.has_perm("facts.change_fact")
    assert client.get("/admin/").status_code == 200
    pool.idp.admin_remove_user_from_group(
        UserPoolId=pool.id, Username=operator.sub, GroupName="operators"
    )
    sign_in(browser(), operator.name)
    user = User.objects.get()
    assert not user.is_staff
    assert not user.has_perm("facts.change_fact")
    assert client.get("/admin/").status_code == 302


def test_administrators_may_do_everything(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "administrator@example.com", "administrators")
    sign_in(client, person.name)
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (True, True)


def test_another_group_gives_nothing(client: Client, pool: LivePool) -> None:
    pool.idp.create_group(UserPoolId=pool.id, GroupName="friends")
    person = person_of(pool, "friend@example.com", "friends")
    sign_in(client, person.name)
    assert not User.objects.get().is_staff


def test_an_inactive_person_stays_out(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "inactive@example.com")
    user = User.objects.for_sub(person.sub, door=Door.WEB)
    user.is_active = False
    user.save()
    response = sign_in(client, person.name)
    assert response["Location"] == "/accounts/inactive/"
    assert client.get("/me/").status_code == 302


def test_a_deleted_person_stays_deleted(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "deleted@example.com")
    Tombstone.objects.create(digest=sub_digest(person.sub))
    response = sign_in(client, person.name)
    assert response.status_code == 403
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()


def test_an_account_row_of_somebody_else_is_refused(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "mismatch@example.com")
    other = User.objects.for_sub("sub-other", door=Door.WEB)
    SocialAccount.objects.create(provider="cognito", uid=person.sub, user=other)
    response = sign_in(client, person.name)
    assert response.status_code == 401
    assert client.get("/me/").status_code == 302


def test_connect_cannot_merge_two_people(client: Client, pool: LivePool) -> None:
    one, two = person_of(pool, "one@example.com"), person_of(pool, "two@example.com")
    sign_in(client, one.name)
    back = urlsplit(hosted_sign_in(start(client, query="&process=connect"), two.name))
    client.get(f"{back.path}?{back.query}")
    assert User.objects.count() == 2
    assert SocialAccount.objects.filter(user__sub=one.sub).count() == 1


def test_another_person_in_the_same_browser_gets_a_fresh_session(
    client: Client, pool: LivePool
) -> None:
    one, two = person_of(pool, "first@example.com"), person_of(pool, "second@example.com")
    sign_in(client, one.name)
    session = client.session
    session["left"] = "behind"
    session.save()
    sign_in(client, two.name)
    assert "left" not in client.session
    assert client.session["_auth_user_id"] == str(User.objects.get(sub=two.sub).pk)


def test_a_state_counts_once_and_in_its_own_browser(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "state@example.com")
    back = callback_path(client, person.name)
    assert browser().get(back).status_code == 401
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 401


def test_a_token_for_another_nonce_is_refused(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "nonce@example.com")
    url = start(client)
    other = url.replace(query_of(url)["nonce"], "another-nonce")
    back = urlsplit(hosted_sign_in(other, person.name))
    assert client.get(f"{back.path}?{back.query}").status_code == 401
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=x",
        "?code=x&state=y",
        "?state=y",
        "?error=access_denied&state=y",
        "?code=%00&state=%00",
        "?code=" + "x" * 5000 + "&state=y",
    ],
)
def test_a_made_up_callback_is_refused(client: Client, pool: LivePool, query: str) -> None:
    assert client.get(CALLBACK + query).status_code == 401
    assert not User.objects.exists()


def test_a_cancelled_sign_in_says_so(client: Client, pool: LivePool) -> None:
    state = query_of(start(client))["state"]
    response = client.get(f"{CALLBACK}?error=access_denied&state={state}")
    assert response["Location"] == "/accounts/3rdparty/login/cancelled/?next=%2Fme%2F"
    assert client.get(response["Location"]).status_code == 200


def test_an_error_of_the_pool_gets_a_page(client: Client, pool: LivePool) -> None:
    state = query_of(start(client))["state"]
    response = client.get(f"{CALLBACK}?error=invalid_request&error_description=x&state={state}")
    assert response.status_code == 401


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "/%5Cevil.example",
        "http://127.0.0.1/x",
        "//127.0.0.1/",
        "http://localhost:8000/x",
    ],
)
def test_it_never_sends_people_elsewhere(client: Client, pool: LivePool, target: str) -> None:
    person = person_of(pool, "target@example.com")
    response = sign_in(client, person.name, next_url=target)
    assert response["Location"] == "/"


@pytest.mark.parametrize("suffix", ["", "?next=/facts/", "?next=https://evil.example/"])
def test_signing_out_ends_the_pools_session_too(
    client: Client, pool: LivePool, suffix: str
) -> None:
    person = person_of(pool, "out@example.com")
    sign_in(client, person.name)
    assert client.get("/accounts/logout/" + suffix).status_code == 200
    assert client.get("/me/").status_code == 200
    away = client.post("/accounts/logout/" + suffix)["Location"]
    assert away.startswith(f"{pool.values.domain_url}/logout?")
    assert query_of(away) == {
        "client_id": pool.values.web_client_id,
        "logout_uri": "http://localhost:8000/",
    }
    assert client.get("/me/").status_code == 302
    onward = requests.get(away, allow_redirects=False, timeout=5)
    assert (onward.status_code, onward.headers["Location"]) == (302, "http://localhost:8000/")


def test_the_admins_sign_out_is_complete(client: Client, pool: LivePool) -> None:
    person = person_of(pool, "admin-out@example.com", "operators")
    sign_in(client, person.name)
    away = client.post("/admin/logout/")["Location"]
    assert away.startswith(f"{pool.values.domain_url}/logout?")
    assert client.get("/admin/").status_code == 302


def test_the_pool_being_unreachable_is_a_page(
    client: Client, pool: LivePool, settings: Settings
) -> None:
    person = person_of(pool, "outage@example.com")
    back = callback_path(client, person.name)
    settings.COGNITO_DOMAIN_URL = "http://localhost:1"
    assert client.get(back).status_code == 401
    assert not User.objects.exists()


def test_a_sign_in_makes_one_outbound_call_with_keys_cached_and_two_cold(
    pool: LivePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = person_of(pool, "calls@example.com")
    calls: list[str] = []
    send = requests.Session.send

    def recording(self: Any, request: Any, **kwargs: Any) -> Any:
        calls.append(f"{request.method} {urlsplit(request.url).path}")
        return send(self, request, **kwargs)

    counts = []
    keys._key_sets.clear()
    for _ in range(2):
        client = browser()
        back = callback_path(client, person.name)
        with monkeypatch.context() as patched:
            patched.setattr(requests.Session, "send", recording)
            calls.clear()
            client.get(back)
            counts.append(len(calls))
    assert counts == [2, 1]
    assert calls == ["POST /oauth2/token"]


def test_no_statement_is_open_while_the_pool_is_asked(
    client: Client, pool: LivePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outbound call inside a transaction would hold a lock for as long as Cognito pleases."""
    person = person_of(pool, "transaction@example.com")
    back = callback_path(client, person.name)
    depth = len(connection.savepoint_ids)
    seen: list[int] = []
    post = requests.post

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.append(len(connection.savepoint_ids) - depth)
        return post(*args, **kwargs)

    monkeypatch.setattr(requests, "post", watched)
    client.get(back)
    assert seen == [0]


def test_a_sign_in_costs_a_bounded_number_of_statements(pool: LivePool) -> None:
    person = person_of(pool, "statements@example.com")
    counts = []
    for _ in range(2):
        client = browser()
        back = callback_path(client, person.name)
        with CaptureQueriesContext(connection) as captured:
            client.get(back)
        sql = [q["sql"] for q in captured.captured_queries]
        counts.append(len([s for s in sql if not s.startswith(("SAVEPOINT", "RELEASE"))]))
    assert counts[0] <= 26
    assert counts[1] <= 22


def test_the_policy_names_the_pools_origin(client: Client, pool: LivePool) -> None:
    """Without it Chromium blocks the redirect of the sign-in POST; no test client notices."""
    policy = client.get("/accounts/login/").headers["Content-Security-Policy"]
    form_action = next(part for part in policy.split("; ") if part.startswith("form-action"))
    assert form_action.split() == ["form-action", "'self'", pool.values.domain_url]


def test_nobody_signs_in_with_a_password(client: Client) -> None:
    user = User.objects.for_sub("sub-password", door=Door.WEB)
    user.set_password("a-password")
    user.save()
    assert not client.login(username=user.sub, password="a-password")
    assert client.post("/accounts/login/", {"login": user.sub, "password": "x"}).status_code == 403
    closed = "signup/ password/reset/ password/change/ email/ 3rdparty/ 3rdparty/signup/"
    for path in [*closed.split(), "social/signup/", "sessions/"]:
        client.force_login(user)
        assert client.get("/accounts/" + path).status_code == 404, path


def test_the_admin_has_no_password_form(client: Client) -> None:
    response = client.get("/admin/login/?next=/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
def test_a_race_of_four_callbacks_makes_one_person(pool: LivePool) -> None:
    """Four tabs return at once, held between looking and inserting: one person, no error."""
    person = person_of(pool, "race@example.com")
    clients = [browser() for _ in range(4)]
    backs = [callback_path(client, person.name) for client in clients]
    overlap = threading.Barrier(4)
    seen: list[object] = []

    def hold(sender: type[User], instance: User, **kwargs: object) -> None:
        if instance.pk is None and instance.sub:
            with contextlib.suppress(threading.BrokenBarrierError):
                overlap.wait(5)

    def visit(client: Client, back: str) -> None:
        try:
            seen.append(client.get(back).status_code)
        except Exception as error:  # noqa: BLE001 - any exception is a finding
            seen.append(repr(error))
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=visit, args=pair) for pair in zip(clients, backs, strict=True)
    ]
    post_init.connect(hold, sender=User, weak=False)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        post_init.disconnect(hold, sender=User)
        request_finished.send(sender=None)
    assert seen == [302] * 4
    assert User.objects.count() == Profile.objects.count() == SocialAccount.objects.count() == 1
