from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, FactText, Favourite, Hearing
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator.envelopes import Device
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements, text
from tests.conftest import browser
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
            shown.add(text(soup(client.get("/today/")).select_one(".fact-text")))
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


def test_it_takes_nobody_to_live_in_utc(sign_in: SignIn, linked: User) -> None:
    with time_machine.travel(datetime(2026, 11, 22, 8, 0, tzinfo=UTC), tick=False):
        page = main(sign_in(linked).get("/"))
    assert "Hello" in page
    assert "Good morning" not in page
    assert "your day begins at midnight UTC" in page
    linked.profile.time_zone = "Asia/Tokyo"
    linked.profile.save()
    assert "UTC" not in main(sign_in(linked).get("/"))


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


def test_it_tells_the_fact_of_the_day_to_visitors_as_alexa_would(
    client: Client, new_fact: NewFact
) -> None:
    new_fact(speech="Sunsets on Mars are blue.")
    page = soup(client.get("/"))
    assert text(page.select_one(".bubble p[lang=en]")) == "Sunsets on Mars are blue."
    assert text(soup(client.get("/today/")).select_one(".fact-text")) == "Sunsets on Mars are blue."
    assert "Sign in" in main(client.get("/today/"))


@pytest.mark.parametrize("address", ["/", "/today/"])
def test_a_visitor_turns_from_fact_to_fact_and_around(
    client: Client, new_fact: NewFact, address: str
) -> None:
    for number in range(4):
        new_fact(f"fact-{number}", speech=f"Fact number {number}.")
    shown, here = [], address
    for _turn in range(5):
        page = soup(client.get(here))
        shown.append(next(str(p) for p in page.select("main p[lang=en]") if "Fact" in str(p)))
        here = f"{address}{page.select_one('#another')['href']}"  # type: ignore[index]
    assert len(set(shown)) == 4
    assert shown[4] == shown[0]
    assert not client.session.keys()
    part = client.get(here, headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    assert "HX-Request" in part["Vary"]
    said = soup(part).select_one("#said[hx-swap-oob]")
    assert text(said) == text(soup(part).select_one("p[lang=en]"))


@pytest.mark.parametrize("number", ["-1", "x", "²", "99999999999", "\0", ""])
def test_it_bears_any_number(client: Client, new_fact: NewFact, number: str) -> None:
    new_fact()
    assert "All that we know" in main(client.get("/", {"n": number}))


def test_it_labels_a_fact_in_english(client: Client, new_fact: NewFact) -> None:
    fact = new_fact()
    page = client.get("/hi/today/")
    assert soup(page).select_one('.fact-text[lang="en"][dir="auto"]')
    assert len(soup(page).select(".fact .eyebrow")) == 1
    FactText.objects.create(fact=fact, language="hi", headline="h", speech="s")
    assert not soup(client.get("/hi/today/")).select(".fact .eyebrow")


def test_it_gives_another_one_that_was_not_heard(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(3):
        new_fact(f"fact-{number}")
    client = sign_in(linked)
    first = form_to(client.get("/today/"), "/today/another/")
    answer = client.post("/today/another/", first)
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    assert "Another one" in main(page)
    hearing = Hearing.objects.get(user=linked)
    assert hearing.door == Door.WEB
    assert str(hearing.fact_id) != first["shown"]
    client.post("/today/another/", {"shown": [first["shown"], hearing.fact_id]})
    assert Hearing.objects.filter(user=linked).values("fact").distinct().count() == 2


def test_it_swaps_another_one_and_what_was_heard_last(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    new_fact("sky")
    part = sign_in(linked).post("/today/another/", headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    assert part["HX-Push-Url"] == "/today/?fact=sky"  # Back comes to it again
    assert text(soup(part).select_one(".fact-text")) == "All that we know of sky."
    assert "About sky" in text(soup(part).select_one("#heard-last[hx-swap-oob]"))
    assert text(soup(part).select_one("#said[hx-swap-oob]")) == "All that we know of sky."


def test_it_keeps_nothing_of_who_wants_no_history(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    linked.profile.remember_history = False
    linked.profile.save()
    ids = {new_fact(f"fact-{number}").pk for number in range(5)}
    client = sign_in(linked)
    form = {"shown": [form_to(client.get("/"), "/today/another/")["shown"]]}
    for _turn in range(4):
        part = client.post("/today/another/", form, headers={"HX-Request": "true"})
        form = {"shown": [f["value"] for f in soup(part).select("[name=shown]")]}  # type: ignore[misc]
    assert {int(pk) for pk in form["shown"]} == ids
    assert not Hearing.objects.exists()


@pytest.mark.parametrize("shown", ["x", "-1", "9" * 50, "\0", "²"])
def test_it_bears_any_form(sign_in: SignIn, linked: User, new_fact: NewFact, shown: str) -> None:
    new_fact()
    client = sign_in(linked)
    assert client.post("/today/another/", {"shown": [shown] * 100}).status_code == 302
    assert client.get("/today/", {"fact": shown}).status_code == 200
    assert client.post("/today/topic/", {"topic": shown}).status_code == 302


def test_another_one_needs_a_person_and_a_fact(client: Client, linked: User) -> None:
    assert client.post("/today/another/")["Location"].startswith("/accounts/login/")
    client.force_login(linked)
    assert client.post("/today/another/")["Location"] == "/today/"
    assert client.get("/today/another/")["Location"] == "/today/"


def heard(person: User, fact: Fact, *days_ago: int, door: str = Door.VOICE) -> None:
    for days in days_ago:
        at = timezone.now() - timedelta(days=days)
        Hearing.objects.create(user=person, fact=fact, door=door, heard_at=at)


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [
        ([0], ""),
        ([0, 1], "for 2 days in a row"),
        ([1, 2], "for 2 days in a row"),  # today is not over
        ([0, 1, 1, 2, 4], "for 3 days in a row"),
        ([2, 3, 4], ""),
        (range(400), "for a whole year"),
    ],
)
def test_it_counts_days_in_a_row(
    sign_in: SignIn, linked: User, new_fact: NewFact, days_ago: list[int], said: str
) -> None:
    heard(linked, new_fact(), *days_ago)
    page = main(sign_in(linked).get("/"))
    assert said in page
    assert ("Something new" in page) is bool(said)


def test_its_days_begin_where_the_person_lives(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    """Two tellings of one day in UTC, of two days in Apia."""
    linked.profile.time_zone = "Pacific/Apia"
    linked.profile.save()
    fact = new_fact()
    for hour in (9, 12):
        at = datetime(2026, 11, 21, hour, tzinfo=UTC)  # 22:00 and 1:00
        Hearing.objects.create(user=linked, fact=fact, door=Door.WEB, heard_at=at)
    with time_machine.travel(datetime(2026, 11, 21, 13, tzinfo=UTC), tick=False):
        assert "for 2 days in a row" in main(sign_in(linked).get("/"))
    linked.profile.time_zone = "UTC"
    linked.profile.save()
    with time_machine.travel(datetime(2026, 11, 21, 13, tzinfo=UTC), tick=False):
        assert "in a row" not in main(sign_in(linked).get("/"))


def test_it_shows_what_the_person_heard_last(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    for number in range(5):
        heard(linked, new_fact(f"fact-{number}"), number + 1)
    heard(linked, Fact.objects.get(slug="fact-0"), 2, 2, 2, door=Door.WEB)
    heard(stranger, new_fact("theirs"), 0)
    last = soup(sign_in(linked).get("/")).select_one("#heard-last")
    assert last
    assert [text(h) for h in last.select("h3")] == [f"About fact-{n}" for n in range(3)]
    assert "with Alexa" in text(last)
    assert "1 day ago" in text(last).replace("\xa0", " ")


def test_it_offers_other_topics_when_these_are_used_up(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    heard(linked, new_fact("mars", "space"), 3)
    heard(linked, new_fact("bread", "food"), 3)
    new_fact("squid", "oceans")
    linked.profile.topics = ["space"]
    linked.profile.save()
    client = sign_in(linked)
    page = client.get("/")
    assert "You have heard everything from your topics" in main(page)
    tiles = soup(page).select("button[name=topic]")
    assert [tile["value"] for tile in tiles] == ["oceans"]
    said = client.post("/today/topic/", {"topic": "oceans"}, follow=True)
    assert "Oceans is one of your topics now" in text(soup(said))
    assert "About squid" not in main(said)
    assert "All that we know of squid" in main(said)
    linked.profile.refresh_from_db()
    assert linked.profile.topics == ["space", "oceans"]


def test_it_forgets_what_was_heard_yesterday(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    old, new = new_fact("old"), new_fact("new")
    yesterday = timezone.now() - timedelta(days=1)
    Hearing.objects.create(user=linked, fact=old, door=Door.VOICE, heard_at=yesterday)
    assert new.text("en").speech in main(sign_in(linked).get("/"))


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
    unheard = new_fact("unheard")
    assert statements(sign_in(linked), "/") <= MOST_STATEMENTS
    assert statements(browser(), "/") <= MOST_STATEMENTS
    assert statements(browser(), "/today/?n=3") <= MOST_STATEMENTS
    # used up, with others to pick
    new_fact("bread", "food")
    heard(linked, unheard, 1)
    linked.profile.topics = ["space"]
    linked.profile.save()
    Hearing.objects.update(heard_at=timezone.now() - timedelta(days=1))
    page = sign_in(linked).get("/")
    assert soup(page).select("button[name=topic]")
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


@pytest.mark.parametrize(
    ("zone", "language", "told"),
    [
        ("UTC", "en", "You heard it from Alexa at 10 p.m. UTC"),
        ("UTC", "de", "22:00 UTC"),
        ("Europe/London", "en", "You heard it from Alexa at 10 p.m."),
    ],
)
def test_when_alexa_told_it_has_its_zone_until_a_place_is_chosen(
    sign_in: SignIn, linked: User, new_fact: NewFact, zone: str, language: str, told: str
) -> None:
    fact = new_fact()
    linked.profile.time_zone = zone
    linked.profile.language = language
    linked.profile.save()
    with time_machine.travel(datetime(2026, 11, 22, 22, 0, tzinfo=UTC), tick=False):
        Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE)
        page = soup(sign_in(linked).get("/"))
    said = text(page.select_one(".origin"))
    assert told in said
    assert ("UTC" in said) is (zone == "UTC")
