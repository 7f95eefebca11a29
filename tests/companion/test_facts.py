from __future__ import annotations

from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Door, User
from companion import wish
from skill_endpoint.facts.models import Fact, FactText, Favourite, Hearing, Topic
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, main, soup, statements, text
from tests.conftest import browser

HTMX = {"HX-Request": "true"}


def path(fact: Fact, action: str = "") -> str:
    name = f"fact_{action}" if action else "fact"
    return reverse(name, args=[fact.topic.slug, fact.slug])


def test_it_lists_facts_by_topic(client: Client, new_fact: NewFact) -> None:
    new_fact("mars", "space")
    new_fact("squid", "oceans")
    page = soup(client.get("/facts/"))
    assert [text(h) for h in page.select("#results h2")] == ["Oceans", "Space"]
    assert [text(h) for h in page.select("#results h3")] == ["About squid", "About mars"]


def test_it_lists_one_topic(client: Client, new_fact: NewFact) -> None:
    new_fact("mars", "space")
    new_fact("squid", "oceans")
    page = main(client.get("/facts/space/"))
    assert "About mars" in page
    assert "About squid" not in page


def test_it_finds_each_word_wherever_it_stands(client: Client, new_fact: NewFact) -> None:
    new_fact("mars", "space", headline="Blue sunsets", speech="Dust scatters light.")
    new_fact("squid", "oceans", headline="Blue blood", speech="Copper in it.")
    found = main(client.get("/facts/", {"q": "DUST blue space"}))
    assert "Blue sunsets" in found
    assert "Blue blood" not in found


def test_it_says_when_nothing_is_found(client: Client, new_fact: NewFact) -> None:
    new_fact()
    assert "Nothing found" in main(client.get("/facts/", {"q": "zebra"}))


def test_it_answers_htmx_with_the_results_alone(client: Client, new_fact: NewFact) -> None:
    new_fact()
    answer = client.get("/facts/", {"q": "sunsets"}, headers=HTMX)
    assert b"<html" not in answer.content
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize("words", ["\0", "a" * 5000, "%00", "'; drop table", "<b>", "\ud83d\ude00"])
def test_it_bears_any_search(client: Client, new_fact: NewFact, words: str) -> None:
    new_fact()
    answer = client.get("/facts/", {"q": words.encode("utf-8", "surrogatepass")})
    assert answer.status_code in {200, 422}
    assert b"<b>" not in answer.content.replace(b"<bdi>", b"")


def test_it_says_what_is_wrong_with_a_search(client: Client, db: None) -> None:
    answer = client.get("/facts/", {"q": "a" * 101})
    assert answer.status_code == 422
    assert "at most 100 characters" in main(answer)


@pytest.mark.parametrize("number", ["0", "-1", "2", "999999999999999999999", "x", "1" * 5000, "\0"])
def test_it_knows_no_such_page(client: Client, new_fact: NewFact, number: str) -> None:
    new_fact()
    assert client.get("/facts/", {"page": number}).status_code == 404


def test_it_pages(client: Client, new_fact: NewFact) -> None:
    for number in range(30):
        new_fact(f"fact-{number}", topic="space")
    first, second = client.get("/facts/?q=fact"), client.get("/facts/?q=fact&page=2")
    assert len(soup(first).select("#results h3")) == 24
    assert len(soup(second).select("#results h3")) == 6
    assert "q=fact" in str(soup(first).select_one("a[rel=next]"))


@pytest.mark.parametrize("address", ["/facts/nothing/", "/facts/space/nothing/", "/facts/x/mars/"])
def test_it_knows_no_such_fact(client: Client, new_fact: NewFact, address: str) -> None:
    new_fact("mars")
    assert client.get(address).status_code == 404


def test_it_shows_the_fact_with_source_and_date(client: Client, new_fact: NewFact) -> None:
    fact = new_fact(speech="Sunsets on Mars are blue.", more="Fine dust does it.")
    page = soup(client.get(path(fact)))
    assert "Sunsets on Mars are blue." in text(page.main)
    assert "Fine dust does it." in text(page.main)
    assert page.select_one('cite a[href="https://example.com/mars"]')
    assert page.select_one('time[datetime="2026-11-01"]')


def test_it_makes_no_link_of_a_source_that_is_no_address(client: Client, new_fact: NewFact) -> None:
    fact = new_fact(source_locator="javascript:alert(1)")
    page = soup(client.get(path(fact)))
    assert not page.select("cite a")
    assert "javascript:alert(1)" in text(page.main)


def test_it_says_that_a_fact_was_taken_back(client: Client, new_fact: NewFact) -> None:
    gone = client.get(path(new_fact(is_published=False)))
    assert gone.status_code == 410
    assert "We took this fact back" in main(gone)
    assert "About" not in main(gone)
    assert "About" not in main(client.get("/facts/"))


def test_it_hides_facts_without_a_text_to_read(client: Client, new_fact: NewFact) -> None:
    fact = new_fact(language="fr")
    assert client.get(path(fact)).status_code == 404
    assert client.get("/facts/").status_code == 200


def test_it_sends_a_visitor_to_sign_in_and_back(client: Client, new_fact: NewFact) -> None:
    fact = new_fact()
    form = form_to(client.get(path(fact)), path(fact, "save"))
    answer = client.post(path(fact, "save"), form)
    assert answer["Location"] == f"/accounts/login/?{urlencode({'next': path(fact, 'save')})}"


def test_it_saves_what_a_visitor_wanted_when_they_come_back_signed_in(
    client: Client, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    client.post(path(fact, "save"), {"next": "/facts/?q=mars"})
    assert client.get(path(fact, "save"))["Location"] == path(fact)  # not signed in after all
    client.force_login(linked)
    assert client.get(path(fact, "save"))["Location"] == "/facts/?q=mars"
    assert Favourite.objects.get(user=linked, fact=fact).door == Door.WEB
    Favourite.objects.all().delete()
    assert client.get(path(fact, "save"))["Location"] == path(fact)
    assert not Favourite.objects.exists()


def test_the_sign_in_page_says_that_the_fact_is_saved_then(
    client: Client, new_fact: NewFact
) -> None:
    said, fact = "saved as soon as you are signed in", new_fact()
    where = client.post(path(fact, "save"))["Location"]
    assert said in main(client.get(where))
    assert said not in main(client.get("/accounts/login/?next=/me/"))


def test_it_saves_for_no_other_person_who_comes_later(
    client: Client, stranger: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    client.post(path(fact, "save"))
    with time_machine.travel(timezone.now() + wish.KEPT):
        client.force_login(stranger)
        client.get(path(fact, "save"))
    assert not Favourite.objects.exists()


def test_it_saves_no_other_fact_than_the_wished_for(
    client: Client, linked: User, new_fact: NewFact
) -> None:
    client.post(path(new_fact(), "save"))
    client.force_login(linked)
    client.get(path(new_fact("another"), "save"))
    assert not Favourite.objects.exists()


@time_machine.travel("2026-11-22T10:00Z", tick=False)  # in one window
def test_it_limits_the_wishes_of_visitors(
    client: Client, new_fact: NewFact, settings: Settings
) -> None:
    settings.RATE_LIMITS = True
    save = path(new_fact(), "save")
    answers = [client.post(save).status_code for _ in range(31)]
    assert answers == [302] * 30 + [429]


def test_it_wishes_nothing_by_get_or_without_a_token(linked: User, new_fact: NewFact) -> None:
    client = Client(SERVER_NAME="localhost", SERVER_PORT="8000", enforce_csrf_checks=True)
    fact = new_fact()
    client.get(path(fact, "save"))
    assert client.post(path(fact, "save")).status_code == 403
    client.force_login(linked)
    client.get(path(fact, "save"))
    assert not Favourite.objects.exists()


def test_it_undoes_to_the_page_with_the_star(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    client = sign_in(linked)
    client.post(path(fact, "save"))
    removed = client.post(path(fact, "remove"), {"next": "/"}, headers=HTMX)
    assert form_to(removed, reverse("saved_undo"))["next"] == "/"


def test_it_prints_apostrophes_as_they_are_set(client: Client, new_fact: NewFact) -> None:
    fact = new_fact(headline="Mars's 'blue' <b>", speech="It isn't red.")
    assert "Mars’s 'blue' <b>" in main(client.get(path(fact)))
    assert "It isn’t red." in main(client.get("/facts/"))


def test_it_writes_dates_in_one_style(client: Client, new_fact: NewFact) -> None:
    assert "Checked on November 1, 2026" in main(client.get(path(new_fact())))


def test_it_saves_by_the_web_door(sign_in: SignIn, linked: User, new_fact: NewFact) -> None:
    fact = new_fact()
    client = sign_in(linked)
    assert client.post(path(fact, "save")).url == path(fact)  # type: ignore[attr-defined]
    assert Favourite.objects.get(user=linked, fact=fact).door == Door.WEB
    assert "Saved" in main(client.get(path(fact)))


def test_it_saves_once_however_often_asked(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    Favourite.objects.create(user=linked, fact=fact, door=Door.VOICE)
    client = sign_in(linked)
    for _ in range(2):
        client.post(path(fact, "save"))
    assert Favourite.objects.get(user=linked, fact=fact).door == Door.VOICE


def test_it_removes_once_however_often_asked(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    client = sign_in(linked)
    client.post(path(fact, "save"))
    for _ in range(2):
        assert client.post(path(fact, "remove")).status_code == 302
    assert not Favourite.objects.exists()


def test_it_leaves_other_peoples_stars(
    sign_in: SignIn, linked: User, stranger: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    Favourite.objects.create(user=linked, fact=fact, door=Door.WEB)
    client = sign_in(stranger)
    client.post(path(fact, "remove"))
    client.post(reverse("saved_undo"))
    assert list(Favourite.objects.values_list("user", flat=True)) == [linked.pk]


def test_it_answers_htmx_with_the_star_and_undo(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact()
    client = sign_in(linked)
    saved = client.post(path(fact, "save"), headers=HTMX)
    assert b"<html" not in saved.content
    assert soup(saved).find("form", action=path(fact, "remove"))
    removed = client.post(path(fact, "remove"), headers=HTMX)
    assert soup(removed).find("form", action=path(fact, "save"))
    assert soup(removed).find("form", action=reverse("saved_undo"))


@pytest.mark.parametrize("action", ["save", "remove"])
def test_it_asks_visitors_to_sign_in(client: Client, new_fact: NewFact, action: str) -> None:
    fact = new_fact()
    answer = client.post(path(fact, action))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")
    assert not Favourite.objects.exists()


def test_it_takes_htmx_to_sign_in_as_a_page(client: Client, new_fact: NewFact) -> None:
    fact = new_fact()
    here = {"HX-Current-URL": f"http://localhost:8000{path(fact)}"}
    answer = client.post(path(fact, "save"), headers={**HTMX, **here})
    assert answer["HX-Redirect"] == f"/accounts/login/?{urlencode({'next': path(fact, 'save')})}"


@pytest.mark.parametrize(
    "here", ["http://[", "//evil.example/x", "http://localhost:8000//evil.example"]
)
def test_it_goes_to_no_page_that_a_header_makes_up(
    client: Client, new_fact: NewFact, here: str
) -> None:
    remove = path(new_fact(), "remove")
    answer = client.post(remove, headers={**HTMX, "HX-Current-URL": here})
    assert answer["HX-Redirect"] == f"/accounts/login/?{urlencode({'next': remove})}"


@pytest.mark.parametrize("action", ["save", "remove"])
def test_it_goes_on_after_a_sign_in_that_ended_at_the_action(
    sign_in: SignIn, linked: User, new_fact: NewFact, action: str
) -> None:
    fact = new_fact()
    assert sign_in(linked).get(path(fact, action)).status_code == 302
    assert not Favourite.objects.exists()


@pytest.mark.parametrize("action", ["save", "remove"])
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "evil",
        "\0/",
    ],
)
def test_it_goes_back_to_no_other_site(
    sign_in: SignIn, linked: User, new_fact: NewFact, action: str, elsewhere: str
) -> None:
    fact = new_fact()
    answer = sign_in(linked).post(path(fact, action), {"next": elsewhere})
    assert answer["Location"] == path(fact)


def test_it_goes_back_to_the_page_that_asked(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    answer = sign_in(linked).post(path(new_fact(), "save"), {"next": "/saved/?page=2"})
    assert answer["Location"] == "/saved/?page=2"


@pytest.mark.parametrize("action", ["save", "remove"])
def test_it_knows_no_such_fact_to_save(sign_in: SignIn, linked: User, action: str) -> None:
    assert sign_in(linked).post(f"/facts/space/nothing/{action}/").status_code == 404


def test_it_saves_no_fact_that_is_not_published(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    fact = new_fact(is_published=False)
    assert sign_in(linked).post(path(fact, "save")).status_code == 404


def test_it_wants_a_csrf_token(linked: User, new_fact: NewFact) -> None:
    client = Client(SERVER_NAME="localhost", SERVER_PORT="8000", enforce_csrf_checks=True)
    client.force_login(linked)
    assert client.post(path(new_fact(), "save")).status_code == 403


def test_it_takes_few_statements_with_many_facts(
    sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    for number in range(60):
        fact = new_fact(f"fact-{number}", topic=f"topic-{number % 7}")
        FactText.objects.create(fact=fact, language="fr", headline="h", speech="s")
    client = sign_in(linked)
    assert statements(client, "/facts/?q=fact") <= 6
    assert statements(client, "/facts/topic-1/") <= 6
    assert statements(client, "/facts/topic-1/fact-1/") <= 6
    assert statements(client, "/facts/?q=nothing&new=1") <= 6
    assert statements(browser(), "/facts/?q=fact") <= 6


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("ECUREUIL", "Un écureuil."),
        ("écureuil", "Un ecureuil."),
        ("élan", "L’ÉLAN."),
        ("coeur", "Le cœur."),
        ("cœur", "Le COEUR."),
        ("l'eau", "De l’eau."),
        ("strasse", "Die Straße."),
        ("نسان", "أنسان"),
        ("أنسان", "انسان"),
        ("चाँद", "यह चाँद है।"),
        ("猫", "猫は眠る。"),
        ("100%", "100% pure."),
    ],
)
def test_it_finds_letters_with_and_without_accents_in_any_case(
    client: Client, new_fact: NewFact, typed: str, told: str
) -> None:
    new_fact("it", speech=told)
    new_fact("other", speech="Elan vital, non.", headline="Nothing")
    found = soup(client.get("/facts/", {"q": typed})).select("#results h3")
    assert "About it" in [text(h) for h in found]


@pytest.mark.parametrize(
    ("language", "typed", "told"),
    [
        ("en", "whales", "A whale sings."),
        ("en", "volcanoes", "One volcano."),
        ("en", "berries", "A berry."),
        ("en", "whale", "Whales sing."),
        ("en", "scatter", "It scatters light."),
        ("de", "wale", "Der Blauwal singt."),
        ("de", "Wal", "Blauwale singen."),
        ("ar", "حوت", "الحوت يغني."),
        ("ja", "クジラ", "大きなクジラは歌う。"),
    ],
)
def test_it_finds_a_word_by_its_beginning_and_its_other_number(
    client: Client, new_fact: NewFact, language: str, typed: str, told: str
) -> None:
    new_fact("it", language=language, speech=told)
    assert "About it" in main(client.get(f"/{language}/facts/", {"q": typed}))


def test_it_shows_the_sentence_that_was_found(client: Client, new_fact: NewFact) -> None:
    new_fact("it", speech="A whale sings.", more="It dives deep. Krill is its food! It rests.")
    found = "#results p.found"
    assert text(soup(client.get("/facts/?q=KRILL")).select_one(found)) == "… Krill is its food!"
    assert text(soup(client.get("/facts/?q=whale+rest")).select_one(found)) == "… It rests."
    assert not soup(client.get("/facts/?q=whales")).select(found)
    assert not soup(client.get("/facts/")).select(found)


@pytest.mark.parametrize(
    ("typed", "told"), [("cat", "They scatter."), ("mars", "In March."), ("a", "An atlas.")]
)
def test_it_finds_nothing_inside_a_word(
    client: Client, new_fact: NewFact, typed: str, told: str
) -> None:
    new_fact("it", "oceans", headline="One", speech=told)
    assert "Nothing found" in main(client.get("/en/facts/", {"q": typed}))


@pytest.mark.parametrize("typed", ["चद", "a.b", "(", "[a-z]", "^", "\\d", "100_", "x*"])
def test_it_takes_a_search_by_the_letter(client: Client, new_fact: NewFact, typed: str) -> None:
    new_fact("it", speech="यह चाँद है। acb 100% 7", headline="Nothing")
    assert "Nothing found" in main(client.get("/facts/", {"q": typed}))


def test_it_finds_a_topic_by_its_name_in_the_pages_language(
    client: Client, new_fact: NewFact
) -> None:
    new_fact("squid", "oceans")
    new_fact("mars", "space")
    name = {"name": "Océans & îles", "spoken": "les océans"}
    Topic.objects.filter(slug="oceans").update(names={"fr": name})
    for words in ("océans", "ILES", "oceans"):
        found = main(client.get("/fr/facts/", {"q": words}))
        assert "About squid" in found
        assert "About mars" not in found
    assert "About squid" not in main(client.get("/en/facts/", {"q": "îles"}))
    assert "Océans & îles" in main(client.get("/fr/facts/"))


def test_it_suggests_what_was_meant(client: Client, new_fact: NewFact) -> None:
    new_fact("squid", headline="An octopus tastes with its arms")
    page = soup(client.get("/facts/space/", {"q": "octupus"}))
    links = [str(link["href"]) for link in page.select(".empty a")]
    assert links == ["/facts/?q=octopus", "/facts/?q=octupus", "/facts/"]
    assert "Search for" not in main(client.get("/facts/", {"q": "xyzzy"}))


def test_it_counts_what_is_new(
    sign_in: SignIn, client: Client, linked: User, stranger: User, new_fact: NewFact
) -> None:
    for number in range(3):
        fact = new_fact(f"fact-{number}")
        Hearing.objects.create(user=stranger, fact=fact, door=Door.VOICE)
    new_fact("bleu", language="fr")  # nobody here can read it
    for _twice in range(2):
        Hearing.objects.create(user=linked, fact=fact, door=Door.VOICE)
    chip = '.chip[href="/facts/space/"]'
    assert text(soup(client.get("/facts/")).select_one(chip)) == "Space 3"
    mine = sign_in(linked)
    assert text(soup(mine.get("/facts/")).select_one(chip)) == "Space 2 new for you"
    page = soup(mine.get("/facts/?new=1"))
    assert [text(h) for h in page.select("#results h3")] == ["About fact-0", "About fact-1"]
    assert page.select_one("#new[checked]")
    theirs = sign_in(stranger)
    assert "You have heard everything here" in main(theirs.get("/facts/?new=1"))
    stranger.profile.remember_history = False
    stranger.profile.save()
    for nobody in (theirs, client):
        page = soup(nobody.get("/facts/?new=1"))
        assert not page.select("#new")
        assert len(page.select("#results h3")) == 3


def test_it_says_once_that_facts_are_in_english(client: Client, new_fact: NewFact) -> None:
    told = new_fact()
    new_fact("another")

    def said(path: str) -> int:
        return len(soup(client.get(path)).select("#results > .notice"))

    page = client.get("/ar/facts/")
    assert said("/ar/facts/") == 1
    assert len(soup(page).select('#results h3[lang="en"][dir="auto"]')) == 2
    FactText.objects.create(fact=told, language="ar", headline="h", speech="s")
    assert said("/ar/facts/") == 1
    Fact.objects.exclude(pk=told.pk).delete()
    assert said("/ar/facts/") == said("/en/facts/") == 0


def test_it_leads_to_the_same_page_in_other_languages(client: Client, new_fact: NewFact) -> None:
    fact = new_fact()
    assert "Also told in" not in main(client.get(path(fact)))
    FactText.objects.create(fact=fact, language="fr", headline="Bleu", speech="Bleu.")
    for here in (path(fact), "/facts/", "/facts/space/"):
        links = soup(client.get(here)).select("main a[hreflang]")
        assert [(text(link), link["lang"]) for link in links] == [("Français", "fr")]
        assert "Bleu" in main(browser().get(str(links[0]["href"])))


def test_it_leads_to_its_neighbours(client: Client, new_fact: NewFact) -> None:
    first, middle, last = (new_fact(slug) for slug in ("a", "c", "e"))
    new_fact("b", is_published=False)
    new_fact("d", language="fr")
    new_fact("bb", topic="food")

    def neighbours(fact: Fact) -> tuple[str, str]:
        page = soup(client.get(path(fact)))
        before, after = page.select_one("a[rel=prev]"), page.select_one("a[rel=next]")
        return str(before and before["href"]), str(after and after["href"])

    assert neighbours(first) == ("None", path(middle))
    assert neighbours(middle) == (path(first), path(last))
    assert neighbours(last) == (path(middle), "None")


def test_its_title_says_what_is_shown(client: Client, new_fact: NewFact) -> None:
    for number in range(30):
        new_fact(f"fact-{number}")

    def title(address: str) -> str:
        return text(soup(client.get(address)).title)

    assert title("/facts/?page=2") == "All facts · Page 2 · Small Wonders"
    assert title("/facts/space/") == "Space · Small Wonders"
    assert title("/facts/?q=fact") == "Search for “fact” · Small Wonders"


def test_signing_in_leads_back(client: Client, new_fact: NewFact) -> None:
    new_fact()

    def sign_in_address(here: str) -> str:
        link = soup(client.get(here)).select_one("header > a.button")
        return str(link and link["href"])

    assert sign_in_address("/facts/?q=m&page=1").endswith("?next=%2Ffacts%2F%3Fq%3Dm%26page%3D1")
    assert sign_in_address("/") == sign_in_address("/accounts/login/") == "/accounts/login/"
    assert sign_in_address("/nowhere/") == "/accounts/login/"
    assert sign_in_address("/accounts/login/?next=/me/") == "/accounts/login/?next=%2Fme%2F"
    assert sign_in_address("/accounts/login/?next=//evil.example/") == "/accounts/login/"
