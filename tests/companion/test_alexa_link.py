from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from skill_endpoint.models import AccountLink
from tests.companion.conftest import SignIn
from tests.companion.pages import main, soup, statements, text


def link(user: User, alexa_user_id: str = "amzn1.ask.account.AAAA7F3K", **fields: Any) -> None:
    AccountLink.objects.create(
        application_id="skill",
        alexa_user_id=alexa_user_id,
        user=user,
        **{"linked_at": timezone.now() - timedelta(days=40), **fields},
    )


def test_it_asks_visitors_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/alexa-link/")["Location"] == "/accounts/login/?next=/alexa-link/"


def test_it_says_why_and_how_to_link(sign_in: SignIn, stranger: User) -> None:
    answer = sign_in(stranger).get("/alexa-link/")
    assert "Not linked" in text(soup(answer).title)
    assert len(soup(answer).select("main > section .ticks li")) == 3
    assert "Open the Alexa app" in main(answer)
    assert soup(answer).select_one('a[href="/dev/alexa/"]')


def test_it_names_no_simulator_outside_development(
    sign_in: SignIn, stranger: User, settings: Any
) -> None:
    settings.DEV_TOOLS = False
    assert "/dev/" not in sign_in(stranger).get("/alexa-link/").content.decode()


def test_it_says_what_alexa_gets_truthfully(sign_in: SignIn, stranger: User) -> None:
    codes = {code.get_text() for code in soup(sign_in(stranger).get("/alexa-link/")).select("code")}
    assert codes == {"openid", "email", "phone"}


def test_it_says_since_when_a_link_works(sign_in: SignIn, linked: User) -> None:
    link(linked, last_used_at=timezone.now() - timedelta(hours=2))
    answer = sign_in(linked).get("/alexa-link/")
    assert "Linked and working" in text(soup(answer).title)
    assert "2 hours ago" in main(answer)
    assert "…AAAA7F3K" in main(answer)
    assert "Open the Alexa app" not in main(answer)


def test_it_says_why_to_link_again(sign_in: SignIn, linked: User) -> None:
    link(linked, refused_at=timezone.now(), refused_reason="expired")
    answer = sign_in(linked).get("/alexa-link/")
    assert "Needs linking again" in text(soup(answer).title)
    assert "expired and was not renewed" in main(answer)


@pytest.mark.parametrize("reason", ["signature", "unknown_key", "", "a reason of the future"])
def test_it_has_words_for_every_reason(sign_in: SignIn, linked: User, reason: str) -> None:
    link(linked, refused_at=timezone.now(), refused_reason=reason)
    assert "is not accepted any more" in main(sign_in(linked).get("/alexa-link/"))


def test_it_says_that_the_skill_was_switched_off(sign_in: SignIn, linked: User) -> None:
    link(linked, disabled_at=timezone.now())
    assert "What you saved is still here" in main(sign_in(linked).get("/alexa-link/"))


def test_it_lists_every_link_and_calls_the_best_state(sign_in: SignIn, linked: User) -> None:
    link(linked, "old", disabled_at=timezone.now())
    link(linked, "voice", person_id="p", refused_at=timezone.now(), refused_reason="expired")
    link(linked, "new")
    answer = sign_in(linked).get("/alexa-link/")
    assert "Linked and working" in text(soup(answer).title)
    assert len(soup(answer).select('section[id], section[aria-labelledby^="link-"]')) == 3
    assert "A voice that Alexa recognizes" in main(answer)


def test_it_shows_no_link_of_others(sign_in: SignIn, linked: User, stranger: User) -> None:
    link(linked)
    page = main(sign_in(stranger).get("/alexa-link/"))
    assert "Not linked" in page
    assert "7F3K" not in page


def test_it_takes_few_statements_with_many_links(sign_in: SignIn, linked: User) -> None:
    for number in range(30):
        link(linked, str(number))
    assert statements(sign_in(linked), "/alexa-link/") <= 6
