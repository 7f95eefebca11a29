"""Where a person is signed in."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from companion.devices import device_of, network_of
from tests.companion.pages import main, soup, statements
from tests.conftest import browser
from tests.local_aws import LivePool
from tests.sign_in import person_of, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/me/sessions/"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


def signed_in(user: User, user_agent: str = FIREFOX, address: str = "203.0.113.7") -> Client:
    """A browser whose session is on the list, as after a sign-in through the pool."""
    client = browser()
    client.defaults["HTTP_USER_AGENT"] = user_agent
    client.force_login(user)
    session = client.session
    session["pool_sign_in_at"] = int(time.time())
    session.save()
    UserSession.objects.create(
        user=user, session_key=session.session_key, ip=address, user_agent=user_agent
    )
    return client


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (ANDROID, "Chrome on Android"),
        (IPHONE, "Safari on iPhone"),
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Something/1.0", "A browser on Mac"),
        ("curl/8", "A browser"),
        ("", "A browser"),
        ("</script>\u202e" * 30, "A browser"),
    ],
)
def test_a_device_is_named_in_words(user_agent: str, words: str) -> None:
    assert str(device_of(user_agent)) == words


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.7", "203.0.113.*"),
        ("2001:db8:12:34::1", "2001:db8:12:*"),
        ("::ffff:203.0.113.7", "203.0.113.*"),
        ("nonsense", ""),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str, shown: str) -> None:
    assert network_of(address) == shown


def test_it_lists_each_browser_and_marks_this_one(linked: User, stranger: User) -> None:
    here = signed_in(linked)
    signed_in(linked, IPHONE, "198.51.100.9")
    signed_in(stranger, EDGE)
    page = here.get(PAGE)
    rows = soup(page).select("main .list > li")
    assert len(rows) == 2
    texts = [" ".join(row.get_text(" ").split()) for row in rows]
    mine = next(text for text in texts if "Firefox on Linux" in text)
    other = next(text for text in texts if "Safari on iPhone" in text)
    assert "This one" in mine
    assert "This one" not in other
    assert "198.51.100.*" in other
    assert "198.51.100.9" not in page.content.decode()
    assert str(here.session.session_key) not in page.content.decode()


def test_one_can_be_ended_after_a_question(linked: User) -> None:
    here, there = signed_in(linked), signed_in(linked, IPHONE)
    other = UserSession.objects.get(session_key=there.session.session_key)
    path = f"{PAGE}{other.pk}/end/"
    assert "Sign out this browser?" in main(here.get(path))
    assert there.get("/me/").status_code == 200, "a question ends nothing"
    assert "Signed out: Safari on iPhone" in main(here.post(path, follow=True))
    assert there.get("/me/").status_code == 302
    assert here.get("/me/").status_code == 200
    assert here.post(path).status_code == 404, "twice is once"


def test_all_others_can_be_ended_after_a_question(linked: User, stranger: User) -> None:
    here, there, third = signed_in(linked), signed_in(linked, IPHONE), signed_in(linked, EDGE)
    somebody = signed_in(stranger)
    path = f"{PAGE}end-others/"
    assert "2 other browsers are signed in" in main(here.get(path))
    assert "Signed out on 2 other devices." in main(here.post(path, follow=True))
    assert [each.get("/me/").status_code for each in (here, there, third, somebody)] == [
        200,
        302,
        302,
        200,
    ]
    assert here.get(path)["Location"] == PAGE, "there is nobody left"
    assert "Sign out everywhere else" not in main(here.get(PAGE))


def test_other_peoples_do_not_exist(linked: User, stranger: User) -> None:
    signed_in(stranger)
    path = f"{PAGE}{UserSession.objects.get(user=stranger).pk}/end/"
    here = signed_in(linked)
    assert (here.get(path).status_code, here.post(path).status_code) == (404, 404)
    assert UserSession.objects.filter(user=stranger).exists()


def test_this_one_ends_by_signing_out(linked: User) -> None:
    here = signed_in(linked)
    path = f"{PAGE}{UserSession.objects.get(user=linked).pk}/end/"
    assert here.post(path).status_code == 404


def test_what_has_expired_is_not_listed(linked: User) -> None:
    here, there = signed_in(linked), signed_in(linked, IPHONE)
    past = timezone.now() - timedelta(hours=1)
    Session.objects.filter(session_key=there.session.session_key).update(expire_date=past)
    assert "iPhone" not in main(here.get(PAGE))


def test_it_takes_few_statements_whatever_the_rows(linked: User) -> None:
    here = signed_in(linked)
    for _ in range(30):
        signed_in(linked, IPHONE)
    here.get(PAGE)
    assert statements(here, PAGE) <= 6


def test_a_visit_is_noted_once_in_a_few_minutes(linked: User) -> None:
    here = signed_in(linked)
    past = timezone.now() - timedelta(hours=1)
    UserSession.objects.update(last_seen_at=past)
    here.get("/me/", headers={"user-agent": IPHONE})
    seen = UserSession.objects.get()
    assert seen.last_seen_at > past
    assert (seen.ip, seen.user_agent) == ("127.0.0.0", IPHONE)
    UserSession.objects.update(last_seen_at=past)
    here.get("/me/")
    assert UserSession.objects.get().last_seen_at == past
    cache.clear()  # as after five minutes
    here.get("/me/")
    assert UserSession.objects.get().last_seen_at > past


@pytest.mark.local_aws
def test_a_real_sign_in_is_on_the_list(pool: LivePool, client: Client) -> None:
    known = person_of(pool, "sessions@example.com")
    sign_in(client, known.name)
    assert "This one" in main(client.get(PAGE))
    assert UserSession.objects.get().ip == "127.0.0.0"  # never the whole address
    assert client.get("/accounts/sessions/").status_code == 404
