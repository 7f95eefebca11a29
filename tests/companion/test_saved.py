from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Door, User
from companion.removal import Removal
from skill_endpoint.facts.models import Fact, Favourite
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements, text


def keep(user: User, fact: Fact, door: Door = Door.VOICE, at: datetime | None = None) -> Favourite:
    return Favourite.objects.create(user=user, fact=fact, door=door, saved_at=at or timezone.now())


def remove(fact: Fact) -> str:
    return reverse("fact_remove", args=[fact.topic.slug, fact.slug])


def test_it_asks_visitors_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/saved/")["Location"] == "/accounts/login/?next=/saved/"


def test_it_says_what_to_say_when_empty(sign_in: SignIn, linked: User) -> None:
    assert "“Alexa, save that.”" in main(sign_in(linked).get("/saved/"))


def test_it_shows_both_doors_newest_first(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    now = timezone.now()
    keep(linked, new_fact("spoken"), Door.VOICE, now - timedelta(minutes=2))
    keep(linked, new_fact("clicked"), Door.WEB, now)
    rows = [text(row) for row in soup(sign_in(linked).get("/saved/")).select(".list > li")]
    assert "About clicked" in rows[0]
    assert "on the website" in rows[0]
    assert "About spoken" in rows[1]
    assert "with Alexa" in rows[1]


def test_it_shows_nothing_of_others(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    keep(linked, new_fact("secret"))
    keep(stranger, new_fact("own"))
    assert "About secret" not in main(sign_in(stranger).get("/saved/"))


def test_it_begins_the_day_where_the_person_lives(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    linked.profile.time_zone = "Pacific/Auckland"
    linked.profile.save()
    keep(linked, new_fact(), at=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    page = soup(sign_in(linked).get("/saved/"))
    assert text(page.select_one("h2.day")) == "November 22, 2026"


def test_it_bears_a_time_zone_that_is_gone(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    linked.profile.time_zone = "Mars/Olympus"
    linked.profile.save()
    keep(linked, new_fact())
    client = sign_in(linked)
    for address in ("/saved/", "/", "/me/", "/alexa-link/"):
        assert client.get(address).status_code == 200


def test_it_says_when_a_fact_was_taken_back(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact("wrong", is_published=False)
    keep(linked, fact)
    client = sign_in(linked)
    page = client.get("/saved/")
    assert "We took this fact back" in main(page)
    assert not soup(page).select(".list h3 a")
    client.post(remove(fact))
    assert not Favourite.objects.exists()


def test_it_bears_a_fact_without_a_text(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact(language="fr")
    keep(linked, fact)
    client = sign_in(linked)
    assert client.get("/saved/").status_code == 200
    assert client.post(remove(fact)).status_code == 302


def test_it_offers_undo_after_a_reload(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact))
    for _ in range(2):
        page = client.get("/saved/")
        assert "Removed from your list: About blue-sunsets" in main(page)
        assert soup(page).find("form", action=reverse("saved_undo"))


def test_it_puts_back_what_was_removed_as_it_was(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    before = keep(linked, fact, Door.VOICE, timezone.now() - timedelta(days=3))
    client = sign_in(linked)
    client.post(remove(fact))
    for _ in range(2):
        assert client.post(reverse("saved_undo"))["Location"] == "/saved/"
    after = Favourite.objects.get(user=linked)
    assert (after.fact, after.door, after.saved_at) == (fact, Door.VOICE, before.saved_at)
    assert "Removed from your list:" not in main(client.get("/saved/"))


def test_it_takes_a_second_press_of_the_star_for_undo(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact, other = new_fact("this"), new_fact("other")
    keep(linked, fact, Door.VOICE)
    client = sign_in(linked)
    client.post(remove(fact))
    for saved in (other, fact):
        client.post(reverse("fact_save", args=[saved.topic.slug, saved.slug]))
    doors = dict(Favourite.objects.values_list("fact__slug", "door"))
    assert doors == {"this": Door.VOICE, "other": Door.WEB}


def test_it_offers_undo_for_a_while_only(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact))
    with time_machine.travel(timezone.now() + Removal.OFFERED):
        assert "Removed from your list:" not in main(client.get("/saved/"))
        client.post(reverse("saved_undo"))
    assert not Favourite.objects.exists()


@pytest.mark.parametrize("pressed_on", ["/today/", "/fr/today/?fact=x", "/saved/"])
@pytest.mark.parametrize("by_htmx", [True, False])
def test_it_offers_undo_where_it_was_pressed_and_with_its_list(
    sign_in: SignIn, linked: User, new_fact: NewFact, pressed_on: str, by_htmx: bool
) -> None:
    fact, _other = new_fact(), new_fact("other")
    keep(linked, fact)
    client = sign_in(linked)
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{pressed_on}"}
    answer = client.post(remove(fact), {"next": pressed_on}, headers=headers if by_htmx else {})
    assert not by_htmx or b"saved/undo" in answer.content
    for address in (pressed_on, "/saved/"):
        assert soup(client.get(address)).select("form.undo"), address


@pytest.mark.parametrize(
    "address", ["/", "/facts/", "/history/", "/me/", "/alexa-link/", "/nothing/"]
)
def test_it_offers_undo_nowhere_else(
    sign_in: SignIn, linked: User, new_fact: NewFact, address: str
) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact), {"next": "/today/"})
    assert "Removed from your list:" not in main(client.get(address))


def test_it_closes_the_offer(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact), {"next": "/facts/"})
    page = soup(client.get("/facts/?q=blue"))
    close = page.select_one(f'form.notice button[formaction="{reverse("saved_dismiss")}"]')
    assert text(close) == "Close"
    client.get(reverse("saved_dismiss"))
    assert "Removed from your list:" in main(client.get("/saved/"))
    answer = client.post(reverse("saved_dismiss"), {"next": "/facts/?q=blue"})
    assert answer["Location"] == "/facts/?q=blue"
    assert "Removed from your list:" not in main(client.get("/saved/"))
    assert not Favourite.objects.exists()


def test_it_forgets_undo_when_the_fact_is_saved_again(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact))
    client.post(reverse("fact_save", args=[fact.topic.slug, fact.slug]))
    assert "Removed from your list:" not in main(client.get("/saved/"))


def test_it_undoes_nothing_when_the_fact_is_gone(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact))
    fact.delete()
    assert client.post(reverse("saved_undo")).status_code == 302
    assert not Favourite.objects.exists()


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_it_goes_back_to_no_other_site_after_undo(
    sign_in: SignIn, linked: User, elsewhere: str
) -> None:
    answer = sign_in(linked).post(reverse("saved_undo"), {"next": elsewhere})
    assert answer["Location"] == "/saved/"


def test_it_undoes_nothing_by_get(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact))
    assert client.get(reverse("saved_undo"))["Location"] == "/saved/"  # back from signing in
    assert not Favourite.objects.exists()


def test_it_offers_three_that_others_saved_to_start_with(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    for slug in ("one", "two", "three", "four"):
        new_fact(slug)
    keep(stranger, Fact.objects.get(slug="one"))
    client = sign_in(linked)
    rows = [text(row) for row in soup(client.get("/saved/")).select(".list > li")]
    assert len(rows) == 3
    assert "About one" in rows[0]
    assert soup(client.get("/saved/")).find("form", action="/facts/space/one/save/")
    assert statements(client, "/saved/") <= 6


def test_it_shows_one_topic_of_those_that_are_on_the_list(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    new_fact("unsaved", topic="history")
    keep(linked, new_fact("mars"))
    keep(linked, new_fact("squid", topic="oceans"))
    client = sign_in(linked)
    page = soup(client.get("/saved/?topic=oceans"))
    assert [text(chip) for chip in page.select(".chip")] == ["All", "Oceans", "Space"]
    assert [text(row) for row in page.select(".list h3")] == ["About squid"]
    assert "Saved facts: Oceans" in text(page.title)


@pytest.mark.parametrize("topic", ["history", "nowhere", "%00", "x" * 3000])
def test_it_says_when_a_topic_has_nothing(
    sign_in: SignIn, linked: User, new_fact: NewFact, topic: str
) -> None:
    keep(linked, new_fact("mars"))
    page = main(sign_in(linked).get(f"/saved/?topic={topic}"))
    assert "Nothing of this topic is on your list" in page or "About mars" in page


@pytest.mark.parametrize(
    ("language", "day"), [("de", "22. November 2026"), ("ja", "2026年11月22日")]
)
def test_it_writes_days_as_the_language_does(
    sign_in: SignIn, linked: User, new_fact: NewFact, language: str, day: str
) -> None:
    linked.profile.language = language
    linked.profile.save()
    keep(linked, new_fact(), at=datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert text(soup(sign_in(linked).get("/saved/")).select_one("h2.day")) == day


def test_undo_asks_for_attention_once(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    client.post(remove(fact))
    assert soup(client.get("/saved/")).select("form.undo.fresh")
    with time_machine.travel(timezone.now() + Removal.PROMINENT):
        assert not soup(client.get("/saved/")).select("form.undo.fresh")


def test_it_pages_by_twenty_in_few_statements(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(45):
        keep(linked, new_fact(f"fact-{number}"))
    client = sign_in(linked)
    assert statements(client, "/saved/") <= 6
    assert len(soup(client.get("/saved/?page=3")).select(".list > li")) == 5
    for page in ("0", "-1", "x", "", "9" * 5000):
        assert client.get(f"/saved/?page={page}").status_code == 404


def test_it_goes_to_the_last_page_when_the_last_row_of_one_is_removed(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(21):
        keep(linked, new_fact(f"fact-{number}"))
    client = sign_in(linked)
    row = soup(client.get("/saved/?page=2")).select_one(".list form")
    assert row
    form = form_to(client.get("/saved/?page=2"), str(row["action"]))
    answer = client.post(str(row["action"]), form)
    assert answer["Location"] == "/saved/?page=2"
    assert len(soup(client.get("/saved/?page=2")).select(".list > li")) == 20


def test_htmx_gets_the_list_back(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    keep(linked, fact)
    client = sign_in(linked)
    form = form_to(client.get("/saved/"), remove(fact))
    answer = client.post(remove(fact), form, headers={"HX-Request": "true"}, follow=True)
    assert soup(answer).select("#rows .empty")
    assert "Removed from your list" in text(soup(answer).select_one("#notices"))


def test_it_prints_the_source(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    keep(linked, new_fact())
    page = soup(sign_in(linked).get("/saved/"))
    assert "A Sunset on Mars" in text(page.select_one(".print-only"))


@pytest.mark.parametrize(("zone", "clock"), [("UTC", "10 p.m. UTC"), ("Europe/Vienna", "11 p.m.")])
def test_a_clock_time_says_its_zone_until_a_place_is_chosen(
    sign_in: SignIn, linked: User, new_fact: NewFact, zone: str, clock: str
) -> None:
    linked.profile.time_zone = zone
    linked.profile.save()
    keep(linked, new_fact(), at=datetime(2026, 11, 21, 22, 0, tzinfo=UTC))
    page = soup(sign_in(linked).get("/saved/"))
    assert text(page.select_one(".list .origin time")) == clock
