"""What search engines find: each page in each language that it really has, and nothing private."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from companion.languages import CODES
from companion.views.search_engines import FACTS_IN_A_FILE
from skill_endpoint.facts.models import Fact, FactText, Topic, Version
from tests.companion.conftest import NewFact
from tests.companion.pages import soup, statements, xml

SITEMAP = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "x": "http://www.w3.org/1999/xhtml",
}


@pytest.fixture
def bilingual(new_fact: NewFact) -> Fact:
    fact = new_fact("blue-sunsets")
    FactText.objects.create(fact=fact, language="fr", headline="Bleu", speech="Bleu.")
    FactText.objects.create(fact=fact, language="fr-ca", headline="Bleu", speech="Bleu.")
    return fact


def head(client: Client, address: str, **headers: str) -> tuple[str, dict[str, str]]:
    """The canonical address of a page, and its alternates by language."""
    page = soup(client.get(address, headers=headers))
    canonical = page.select_one('link[rel="canonical"]')
    assert canonical
    alternates = page.select('link[rel="alternate"][hreflang]')
    return str(canonical["href"]), {str(link["hreflang"]): str(link["href"]) for link in alternates}


@pytest.mark.parametrize(
    "path", ["/today/", "/facts/", "/facts/space/", "/facts/space/blue-sunsets/"]
)
def test_a_page_names_itself_in_each_language_that_it_has(
    client: Client, bilingual: Fact, path: str
) -> None:
    here = settings.PUBLIC_URL
    alternates = {"en": f"{here}/en{path}", "fr": f"{here}/fr{path}", "x-default": f"{here}{path}"}
    assert head(client, path) == (f"{here}/en{path}", alternates)
    assert head(client, path, accept_language="fr") == (f"{here}/fr{path}", alternates)
    assert head(client, f"/fr{path}") == (f"{here}/fr{path}", alternates)
    # nobody wrote it in Hindi: the page is that in English
    assert head(client, f"/hi{path}") == (f"{here}/en{path}", alternates)


def test_the_front_page_is_in_all_languages(client: Client, db: None) -> None:
    canonical, alternates = head(client, "/hi/?n=2")
    assert canonical == f"{settings.PUBLIC_URL}/hi/"
    assert set(alternates) == {*CODES, "x-default"}


def test_each_page_of_a_list_is_one(client: Client, new_fact: NewFact) -> None:
    for number in range(30):
        new_fact(f"fact-{number}")
    canonical, _alternates = head(client, "/en/facts/space/?page=2")
    assert canonical.endswith("/en/facts/space/?page=2")


def test_searches_are_nobodys_business(client: Client, new_fact: NewFact) -> None:
    new_fact()
    noindex = 'meta[name="robots"][content="noindex"]'
    assert soup(client.get("/facts/?q=mars")).select(noindex)
    assert not soup(client.get("/facts/")).select(noindex)


def test_a_shared_link_shows_the_fact(client: Client, new_fact: NewFact) -> None:
    new_fact(headline='Mars\'s "blue" <b>', speech="Sunsets on Mars are blue.")
    page = soup(client.get("/facts/space/blue-sunsets/"))

    def said(name: str) -> str:
        tag = page.select_one(f'meta[property="og:{name}"]')
        return str(tag["content"]) if tag else ""

    assert said("title") == 'Mars’s "blue" <b>'
    assert said("description") == "Sunsets on Mars are blue."
    assert said("url") == f"{settings.PUBLIC_URL}/en/facts/space/blue-sunsets/"
    assert said("image").startswith(f"{settings.PUBLIC_URL}/static/companion/skill-icon-512")


def listed(client: Client, path: str) -> ET.Element:
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer["Content-Type"].startswith("application/xml")
    assert not answer.cookies
    return xml(answer)


def locations(tree: ET.Element) -> list[str]:
    return [str(each.text) for each in tree.iterfind(".//s:loc", SITEMAP)]


def test_the_sitemap_leads_to_pages_that_are_there(client: Client, bilingual: Fact) -> None:
    index = listed(client, "/sitemap.xml")
    pages = [
        page for file in locations(index) for page in locations(listed(client, urlsplit(file).path))
    ]
    assert f"{settings.PUBLIC_URL}/fr/facts/space/blue-sunsets/" in pages
    assert f"{settings.PUBLIC_URL}/hi/" in pages
    assert f"{settings.PUBLIC_URL}/hi/facts/space/blue-sunsets/" not in pages
    for page in pages:
        assert head(client, urlsplit(page).path)[0] == page


def test_the_sitemap_names_the_other_languages_as_the_page_does(
    client: Client, bilingual: Fact
) -> None:
    entry = listed(client, "/sitemap-facts-1.xml").find("s:url", SITEMAP)
    assert entry is not None
    links = {
        str(link.get("hreflang")): str(link.get("href"))
        for link in entry.iterfind("x:link", SITEMAP)
    }
    assert links == head(client, "/facts/space/blue-sunsets/")[1]


def test_it_says_when_a_text_was_last_gone_over(client: Client, new_fact: NewFact) -> None:
    fact = new_fact()
    tree = listed(client, "/sitemap-facts-1.xml")
    assert tree.findtext(".//s:lastmod", "", SITEMAP) == "2026-11-01"
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    Version.objects.create(fact=fact, content={}, how=Version.How.EDITED, made_at=at)
    cache.clear()  # as after some minutes
    tree = listed(client, "/sitemap-facts-1.xml")
    assert tree.findtext(".//s:lastmod", "", SITEMAP) == "2026-11-20"
    Fact.objects.update(checked_on=None)
    Version.objects.all().delete()
    cache.clear()
    assert listed(client, "/sitemap-facts-1.xml").find(".//s:lastmod", SITEMAP) is None


def test_withdrawn_facts_are_not_listed(client: Client, new_fact: NewFact) -> None:
    new_fact(is_published=False)
    index = locations(listed(client, "/sitemap.xml"))
    assert [urlsplit(file).path for file in index] == ["/sitemap-pages.xml"]
    assert "facts" not in "".join(locations(listed(client, "/sitemap-pages.xml")))
    for number in ("0", "1", "2", "99999999999999999999999"):
        assert client.get(f"/sitemap-facts-{number}.xml").status_code == 404


def test_many_facts_take_many_files_and_few_statements(client: Client, db: None) -> None:
    topic = Topic.objects.create(slug="space", name="Space")
    facts = Fact.objects.bulk_create(
        Fact(topic=topic, slug=f"fact-{number}") for number in range(FACTS_IN_A_FILE + 5)
    )
    FactText.objects.bulk_create(
        FactText(fact=fact, language=language, headline="h", speech="s")
        for fact in facts
        for language in ("en", "fr", "de")
    )
    assert len(locations(listed(client, "/sitemap.xml"))) == 3
    assert len(locations(listed(client, "/sitemap-facts-2.xml"))) == 15
    for path in ("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-facts-1.xml"):
        assert statements(client, path) <= 3


def test_it_is_sent_once(client: Client, new_fact: NewFact) -> None:
    new_fact()
    for path in ("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-facts-1.xml"):
        etag = client.get(path)["ETag"]
        assert client.get(path, headers={"if-none-match": etag}).status_code == 304


def test_robots_are_told_what_is_private(client: Client, new_fact: NewFact) -> None:
    new_fact()
    said = client.get("/robots.txt").text
    assert f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml" in said
    closed = re.findall(r"^Disallow: (/\S+)$", said, re.MULTILINE)
    assert len(closed) > 5
    for path in closed:
        if "*" not in path:
            assert client.get(path).status_code != 200, path
    for page in locations(listed(client, "/sitemap-pages.xml")):
        assert not any(urlsplit(page).path.startswith(path) for path in closed)
