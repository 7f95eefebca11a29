from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Door, User
from companion.removal import Removal
from skill_endpoint.facts.models import Fact, FactText, Favourite, Hearing
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements, text

UNDO = "/saved/undo/"


def hear(user: User, fact: Fact, door: Door = Door.VOICE, at: datetime | None = None) -> Hearing:
    return Hearing.objects.create(user=user, fact=fact, door=door, heard_at=at or timezone.now())


def remove(hearing: Hearing) -> str:
    return f"/history/{hearing.pk}/remove/"


def rows(client: Client, path: str = "/history/") -> list[str]:
    return [text(row) for row in soup(client.get(path)).select(".list > li")]


@pytest.mark.parametrize("path", ["/history/", "/history/forget/", "/history/1/remove/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_asks_visitors_to_sign_in(client: Client, db: None, path: str, method: str) -> None:
    answer = getattr(client, method)(path)
    assert answer["Location"] == f"/accounts/login/?next={path}"


def test_it_says_what_to_say_when_empty(sign_in: SignIn, linked: User) -> None:
    page = sign_in(linked).get("/history/")
    assert "“Alexa, open Small Wonders.”" in main(page)
    assert text(soup(page).title).startswith("Nothing heard yet")
    assert not soup(page).find("a", href="/history/forget/")


def test_it_shows_both_doors_newest_first(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    now = timezone.now()
    hear(linked, new_fact("spoken"), Door.VOICE, now - timedelta(minutes=2))
    hear(linked, new_fact("read"), Door.WEB, now)
    first, second = rows(sign_in(linked))
    assert "About read" in first
    assert "on the website" in first
    assert "About spoken" in second
    assert "with Alexa" in second


@pytest.mark.parametrize(
    ("door", "shown"), [("voice", ["spoken"]), ("web", ["read"]), ("x", ["read", "spoken"])]
)
def test_it_shows_one_door(
    sign_in: SignIn, linked: User, new_fact: NewFact, door: str, shown: list[str]
) -> None:
    hear(linked, new_fact("spoken"), Door.VOICE, timezone.now() - timedelta(minutes=2))
    hear(linked, new_fact("read"), Door.WEB)
    found = rows(sign_in(linked), f"/history/?door={door}")
    assert [row.split()[1] for row in found] == shown


def test_it_says_when_nothing_came_by_a_door(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    hear(linked, new_fact())
    page = main(sign_in(linked).get("/history/?door=web"))
    assert "Nothing heard on the website yet" in page


def test_it_begins_the_day_where_the_person_lives(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    linked.profile.time_zone = "Pacific/Auckland"
    linked.profile.save()
    hear(linked, new_fact(), at=datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    day = soup(sign_in(linked).get("/history/")).select_one("h2.day time")
    assert day
    assert (day["datetime"], text(day)) == ("2026-11-22", "November 22, 2026")


def test_it_says_when_it_is_switched_off(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    hear(linked, new_fact())
    linked.profile.remember_history = False
    linked.profile.save()
    page = sign_in(linked).get("/history/")
    assert "Your history is switched off" in main(page)
    assert "About blue-sunsets" in main(page)
    assert soup(page).find("a", href="/me/#history")


def test_it_says_when_a_fact_was_taken_back(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    hear(linked, new_fact("wrong", is_published=False))
    page = sign_in(linked).get("/history/")
    assert "We took this fact back" in main(page)
    assert not soup(page).select(".list h3 a, .star")


def test_it_bears_a_fact_without_a_text(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    hearing = hear(linked, new_fact(language="fr"))
    client = sign_in(linked)
    assert "blue-sunsets" in main(client.get("/history/"))
    assert client.post(remove(hearing)).status_code == 302


def test_it_tells_in_the_pages_language(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    FactText.objects.create(fact=fact, language="fr", headline="Couchers bleus", speech="Bleus.")
    FactText.objects.create(fact=fact, language="de", headline="Blau", speech="Blau.")
    hear(linked, fact)
    linked.profile.language = "fr"
    linked.profile.save()
    title = soup(sign_in(linked).get("/history/")).select_one(".list h3")
    assert title
    assert (title["lang"], text(title)) == ("fr", "Couchers bleus")


def test_a_fact_has_one_star_on_a_page(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    twice, other = new_fact("twice"), new_fact("other")
    for fact in (twice, other, twice):
        hear(linked, fact)
    Favourite.objects.create(user=linked, fact=twice, door=Door.WEB)
    Favourite.objects.create(user=stranger, fact=other, door=Door.WEB)
    stars = soup(sign_in(linked).get("/history/")).select("button.star")
    assert [text(star) for star in stars] == ["Saved (press to remove)", "Save"]
    assert len({star["id"] for star in stars}) == 2


def test_it_removes_one_and_puts_it_back_as_it_was(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    heard_at = timezone.now() - timedelta(days=3)
    hearing = hear(linked, new_fact(), Door.VOICE, heard_at)
    client = sign_in(linked)
    form = form_to(client.get("/history/?door=voice"), remove(hearing))
    assert client.post(remove(hearing), form)["Location"] == "/history/?door=voice"
    for _ in range(2):  # also after a reload
        page = client.get("/history/")
        assert "Removed from your history: About blue-sunsets" in main(page)
    assert not Hearing.objects.exists()
    form = form_to(page, UNDO)
    for _ in range(2):
        assert client.post(UNDO, form)["Location"] == "/history/"
    again = Hearing.objects.get()
    assert (again.user, again.door, again.heard_at) == (linked, Door.VOICE, heard_at)
    page = client.get("/history/")
    assert "It is back in your history." in main(page)
    assert "Removed" not in main(page)


def test_a_second_press_changes_nothing(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    hearing, _other = hear(linked, fact), hear(linked, fact)
    client = sign_in(linked)
    for _ in range(2):
        assert client.post(remove(hearing)).status_code == 302
    assert Hearing.objects.count() == 1


def test_saving_the_fact_does_not_put_it_back_into_the_history(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    hearing = hear(linked, new_fact())
    client = sign_in(linked)
    client.post(remove(hearing))
    client.post("/facts/space/blue-sunsets/save/")
    assert Favourite.objects.get().door == Door.WEB
    assert not Hearing.objects.exists()
    assert "Removed from your history" in main(client.get("/history/"))


def test_it_offers_undo_for_a_while_only(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    hearing = hear(linked, new_fact())
    client = sign_in(linked)
    client.post(remove(hearing))
    with time_machine.travel(timezone.now() + Removal.OFFERED):
        client.post(UNDO)
    assert not Hearing.objects.exists()


def test_it_says_when_the_fact_is_gone(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    hearing = hear(linked, fact)
    client = sign_in(linked)
    client.post(remove(hearing))
    fact.delete()
    client.post(UNDO, {"next": "/history/"})
    assert "cannot be put back" in main(client.get("/history/"))


def test_nobody_removes_what_others_heard(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    hearing = hear(linked, new_fact())
    client = sign_in(stranger)
    assert client.post(remove(hearing)).status_code == 404
    client.post("/history/forget/")
    assert rows(client) == []
    assert Hearing.objects.get() == hearing


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999", "x", "-1"])
def test_an_unknown_row_is_not_found(sign_in: SignIn, linked: User, pk: str) -> None:
    assert sign_in(linked).post(f"/history/{pk}/remove/").status_code == 404


def test_it_removes_nothing_by_get(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    hearing = hear(linked, new_fact())
    client = sign_in(linked)
    assert client.get(remove(hearing))["Location"] == "/history/"  # back from signing in
    assert "1 line of your history goes" in main(client.get("/history/forget/"))
    assert Hearing.objects.exists()


def test_it_forgets_everything_after_asking(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    for _ in range(3):
        hearing = hear(linked, fact)
    hear(stranger, fact)
    client = sign_in(linked)
    client.post(remove(hearing))
    asked = client.get("/history/forget/")
    assert "2 lines of your history go, for good." in main(asked)
    assert "may come again" in main(asked)
    assert client.post("/history/forget/", form_to(asked, "/history/forget/")).status_code == 302
    page = main(client.get("/history/"))
    assert "Forgotten: 2 facts" in page
    assert "Removed" not in page  # Undo would bring one back
    client.post("/history/forget/")
    assert "There was nothing to forget." in main(client.get("/history/"))
    assert [row.user for row in Hearing.objects.all()] == [stranger]


def test_it_pages_by_thirty_in_few_statements(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    now = timezone.now()
    for number in range(65):
        hear(linked, new_fact(f"fact-{number}"), at=now - timedelta(seconds=number))
    client = sign_in(linked)
    assert statements(client, "/history/") <= 6
    third = rows(client, "/history/?page=3")
    assert ["About fact-60" in third[0], len(third)] == [True, 5]
    assert len(rows(client, "/history/?page=4")) == 5  # its last page
    for page in ("0", "x", "-1", "9" * 5000):
        assert client.get(f"/history/?page={page}").status_code == 404


def test_the_last_page_of_much_history_looks_at_its_own_rows_only(
    linked: User, new_fact: NewFact
) -> None:
    """What lies before the page is counted along the index."""
    hear(linked, new_fact())
    mine = Hearing.objects.filter(user=linked).values("pk")[:30]
    plan = Hearing.objects.filter(pk__in=mine).with_facts("en").explain()
    if connection.vendor == "sqlite":
        assert "USING COVERING INDEX heard_in_order" in plan
