from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, Favourite, Hearing
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements, text
from tests.skill_endpoint.voice import one_shot

# one is the profile's: it goes when the authentication backend joins it to the person
MOST_STATEMENTS = 6


def test_it_promises_and_shows_a_fact_to_visitors(client: Client, new_fact: NewFact) -> None:
    fact = new_fact(speech="Sunsets on Mars are blue.")
    page = main(client.get("/"))
    assert "A true, surprising fact a day" in page
    assert "Sunsets on Mars are blue." in page
    assert fact.source_title in page


def test_it_stands_without_any_fact(client: Client, db: None) -> None:
    assert "How it goes" in main(client.get("/"))


def test_it_starts_sign_in_and_sign_up_by_post(client: Client, db: None) -> None:
    page = client.get("/")
    assert "csrfmiddlewaretoken" in form_to(page, reverse("cognito_login"))
    assert "csrfmiddlewaretoken" in form_to(page, reverse("sign_up"))


def test_it_changes_the_fact_with_the_day(client: Client, new_fact: NewFact) -> None:
    for number in range(12):
        new_fact(f"fact-{number}")
    shown = set()
    for day in range(1, 8):
        with time_machine.travel(datetime(2026, 12, day, 12, tzinfo=UTC), tick=False):
            shown.add(text(soup(client.get("/")).select_one(".fact-text")))
    assert len(shown) > 3


def test_it_leaves_out_facts_nobody_here_can_read(client: Client, new_fact: NewFact) -> None:
    new_fact("bleu", language="fr", speech="Le ciel est bleu.")
    page = client.get("/")
    assert page.status_code == 200
    assert "Le ciel" not in main(page)


def test_it_greets_by_name_in_the_persons_time_zone(sign_in: SignIn, linked: User) -> None:
    linked.profile.display_name, linked.profile.time_zone = "Ada", "Asia/Tokyo"
    linked.profile.save()
    with time_machine.travel(datetime(2026, 11, 22, 23, 0, tzinfo=UTC), tick=False):
        assert "Good morning, Ada" in main(sign_in(linked).get("/"))


def test_it_escapes_the_name(sign_in: SignIn, linked: User) -> None:
    linked.profile.display_name = "<script>alert(1)</script>"
    linked.profile.save()
    assert b"<script>alert" not in sign_in(linked).get("/").content


def test_it_shows_the_fact_that_alexa_told_today(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    facts = {new_fact(f"fact-{number}") for number in range(6)}
    client = sign_in(linked)
    shown = text(soup(client.get("/")).select_one(".fact-text"))
    todays = next(fact for fact in facts if fact.text("en").speech == shown)
    Hearing.objects.create(user=linked, fact=todays, door=Door.VOICE)
    page = soup(client.get("/"))
    assert text(page.select_one(".fact-text")) == shown
    assert "You heard it from Alexa" in text(page.main)


def test_what_else_was_heard_today_does_not_take_its_place(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(6):
        new_fact(f"fact-{number}")
    client = sign_in(linked)
    shown = text(soup(client.get("/")).select_one(".fact-text"))
    for fact in Fact.objects.all():
        if fact.text("en").speech != shown:
            Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE)
    page = soup(client.get("/"))
    assert text(page.select_one(".fact-text")) == shown
    assert "You heard it from Alexa" not in text(page.main)


def test_it_forgets_what_was_heard_yesterday(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    old, new = new_fact("old"), new_fact("new")
    yesterday = timezone.now() - timedelta(days=1)
    Hearing.objects.create(user=linked, fact=old, door=Door.VOICE, heard_at=yesterday)
    assert new.text("en").speech in main(sign_in(linked).get("/"))


def test_it_shows_only_own_saved_facts(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    Favourite.objects.create(user=linked, fact=new_fact("mine"), door=Door.VOICE)
    Favourite.objects.create(user=stranger, fact=new_fact("theirs"), door=Door.WEB)
    page = soup(sign_in(linked).get("/"))
    recent = text(page.find("section", attrs={"aria-labelledby": "recent"}))
    assert "About mine" in recent
    assert "About theirs" not in recent


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Linked and working"),
        ({"refused_at": timezone.now(), "refused_reason": "expired"}, "Needs linking again"),
        ({"disabled_at": timezone.now()}, "The skill is switched off"),
    ],
)
def test_it_says_how_alexa_stands(
    sign_in: SignIn, linked: User, changes: dict[str, object], said: str
) -> None:
    AccountLink.objects.create(
        application_id="skill", alexa_user_id="a", user=linked, linked_at=timezone.now(), **changes
    )
    assert said in main(sign_in(linked).get("/"))


def test_it_says_that_alexa_is_not_linked(sign_in: SignIn, stranger: User) -> None:
    assert "Not linked" in main(sign_in(stranger).get("/"))


def test_it_takes_few_statements_however_much_was_saved(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(30):
        fact = new_fact(f"fact-{number}")
        Favourite.objects.create(user=linked, fact=fact, door=Door.WEB)
        Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE)
        AccountLink.objects.create(
            application_id="skill",
            alexa_user_id=str(number),
            user=linked,
            linked_at=timezone.now(),
        )
    new_fact("unheard")
    assert statements(sign_in(linked), "/") <= MOST_STATEMENTS


@pytest.mark.parametrize("keeps_history", [True, False])
def test_it_shows_the_fact_that_alexa_tells_all_day(
    sign_in: SignIn,
    linked: User,
    linked_device: Device,
    new_fact: NewFact,
    *,
    keeps_history: bool,
) -> None:
    facts = [new_fact(f"fact-{number}", topic="food") for number in range(6)]
    new_fact("sky")
    linked.profile.topics, linked.profile.time_zone = ["food"], "Asia/Tokyo"
    linked.profile.remember_history = keeps_history
    linked.profile.save()
    for number, fact in enumerate(facts):
        shown = text(soup(sign_in(linked).get("/")).select_one(".fact-text"))
        assert shown in one_shot(linked_device, "DailyFactIntent").text
        before = timezone.now() - timedelta(days=2, minutes=number)
        Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE, heard_at=before)
        one_shot(linked_device, "AnotherFactIntent")
    assert statements(sign_in(linked), "/") <= MOST_STATEMENTS
