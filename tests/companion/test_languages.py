from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Profile, User
from companion.languages import CODES, without_language
from skill_endpoint.facts.models import FactText
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import form_to, soup, statements, text

DAY = 24 * 3600


def language(client: Client, path: str = "/", **headers: str) -> str:
    """What the page says it is in, in two places that have to agree."""
    response = client.get(path, headers=headers)
    page = soup(response)
    assert page.html
    assert page.html["lang"] == response["Content-Language"]
    return str(page.html["lang"])


def test_it_has_a_language_for_each_that_the_skill_speaks() -> None:
    assert CODES == ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("pt-BR", "pt"),
        ("xx,*;q=0.1", "en"),
        ("", "en"),
        ("de" * 5000, "en"),
        ("\x00\xff;q=nan", "en"),
    ],
)
def test_it_answers_in_the_browsers_language(
    client: Client, db: None, asked: str, given: str
) -> None:
    assert language(client, accept_language=asked) == given


def test_it_tells_caches_what_the_language_depends_on(client: Client, db: None) -> None:
    assert {"Accept-Language", "Cookie"} <= {*client.get("/")["Vary"].split(", ")}


def test_it_reads_from_right_to_left(client: Client, db: None) -> None:
    page = soup(client.get("/", headers={"accept-language": "ar"}))
    assert page.html
    assert page.html["dir"] == "rtl"


def test_a_visitor_chooses_for_a_year(client: Client, db: None) -> None:
    form = form_to(client.get("/facts/?q=mars"), "/i18n/set/")
    answer = client.post("/i18n/set/", {**form, "language": "it"})
    assert answer["Location"] == "/facts/?q=mars"
    assert answer.cookies["doors_language"]["max-age"] == 365 * DAY
    assert language(client, accept_language="de") == "it"


def test_a_person_chooses_for_every_browser(linked: User, sign_in: SignIn) -> None:
    sign_in(linked).post("/i18n/set/", {"language": "ja"})
    assert language(sign_in(linked), accept_language="de") == "ja"


def test_it_bears_a_language_that_is_no_more(linked: User, sign_in: SignIn) -> None:
    Profile.objects.filter(user=linked).update(language="tlh")
    assert language(sign_in(linked)) == "en"


@pytest.mark.parametrize("choice", ["tlh", "", "\0", "EN", "de" * 5000])
def test_it_knows_no_such_language(client: Client, db: None, choice: str) -> None:
    assert client.post("/i18n/set/", {"language": choice}).status_code == 400
    client.cookies["doors_language"] = "tlh"
    assert language(client) == "en"


def test_it_takes_no_get(client: Client, db: None) -> None:
    assert client.get("/i18n/set/", {"language": "de"}).status_code == 405


def test_an_address_may_name_its_language(client: Client, new_fact: NewFact) -> None:
    new_fact("blue-sunsets")
    for path in ("/fr/", "/fr/facts/", "/fr/facts/space/", "/fr/facts/space/blue-sunsets/"):
        assert language(client, path, accept_language="de") == "fr"
    assert client.get("/tlh/facts/").status_code == 404


def test_whoever_comes_by_it_goes_on_in_its_language(client: Client, new_fact: NewFact) -> None:
    cookie = client.get("/fr/facts/").cookies["doors_language"]
    assert cookie["max-age"] == ""
    assert language(client, "/facts/") == "fr"


def test_it_changes_nobodys_choice(client: Client, linked: User, sign_in: SignIn) -> None:
    client.post("/i18n/set/", {"language": "it"})
    assert "doors_language" not in client.get("/fr/").cookies
    Profile.objects.filter(user=linked).update(language="nl")
    theirs = sign_in(linked)
    theirs.get("/fr/")
    assert language(theirs) == "nl"


def test_a_choice_leads_away_from_the_address_of_another_language(client: Client, db: None) -> None:
    form = form_to(client.get("/fr/facts/?q=mars"), "/i18n/set/")
    answer = client.post("/i18n/set/", {**form, "language": "de"})
    assert answer["Location"] == "/facts/?q=mars"
    assert without_language("/free/facts/") == "/free/facts/"


@pytest.mark.parametrize(
    "behind",
    ["/evil.example/x", "//evil.example", "\\evil.example", "\t/evil.example", "/\\evil.example"],
)
@pytest.mark.parametrize("choice", ["de", "auto"])
def test_a_choice_leads_to_no_other_site(
    client: Client, db: None, behind: str, choice: str
) -> None:
    answer = client.post("/i18n/set/", {"language": choice, "next": f"/de/{behind}"})
    assert answer["Location"] == "/"
    assert without_language("/de/%2Fevil.example") == "/%2Fevil.example"  # a path here


def test_the_simulator_is_in_english(client: Client, db: None) -> None:
    assert language(client, "/dev/alexa/", accept_language="de") == settings.LANGUAGE_CODE


def test_the_page_of_languages_says_what_there_is(
    linked: User, sign_in: SignIn, new_fact: NewFact
) -> None:
    fact = new_fact()
    new_fact("hidden", is_published=False)
    new_fact("other")
    FactText.objects.create(fact=fact, language="fr", headline="Bleu", speech="Bleu.")
    client = sign_in(linked)
    rows = [text(row) for row in soup(client.get("/me/languages/")).select("fieldset .language")]
    assert rows[2] == "English 2 facts"
    assert rows[4] == "Français 1 fact · the others are told in English for now"
    assert rows[5] == "हिन्दी facts are told in English for now"
    assert statements(client, "/me/languages/") <= 3


def test_it_says_where_alexa_speaks_a_language(linked: User, sign_in: SignIn) -> None:
    linked.profile.language = "de"
    linked.profile.save()
    page = soup(sign_in(linked).get("/me/languages/"))
    spoken = dict(zip(page.select("dt"), page.select("dd"), strict=True))
    named = {text(language): text(countries) for language, countries in spoken.items()}
    assert named["Français"] == "Frankreich und Kanada"
    assert named["日本語"] == "Japan"


def test_it_goes_by_the_browser_again(linked: User, sign_in: SignIn) -> None:
    client = sign_in(linked)
    form = form_to(client.get("/me/languages/"), "/i18n/set/")
    assert form["language"] == "auto"
    client.post("/i18n/set/", {**form, "language": "it"})
    assert form_to(client.get("/me/languages/"), "/i18n/set/")["language"] == "it"
    answer = client.post("/i18n/set/", {**form, "language": "auto"})
    assert answer["Location"] == "/me/languages/"
    assert answer.cookies["doors_language"].value == ""
    assert Profile.objects.get(user=linked).language == ""
    assert language(client, accept_language="de") == "de"
