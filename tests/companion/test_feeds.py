"""The fact of the day for programs: what is in it, who may keep it, and what it leaves behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactText
from tests.companion.conftest import NewFact, SignIn
from tests.companion.pages import soup, statements, text, xml

ATOM = {"a": "http://www.w3.org/2005/Atom"}
FEEDS = ["/today.json", "/today.txt", "/feed.atom"]

pytestmark = pytest.mark.usefixtures("one_day")


def in_french(fact: Fact) -> None:
    FactText.objects.create(
        fact=fact, language="fr", headline="Les soirs bleus", speech="Le soir, Mars est bleue."
    )


def test_it_tells_what_the_page_tells(client: Client, new_fact: NewFact) -> None:
    for number in range(12):
        new_fact(f"fact-{number}")
    shown = text(soup(client.get("/today/")).select_one(".fact-text"))
    assert json.loads(client.get("/today.json").content)["fact"] == shown
    assert client.get("/today.txt").text.splitlines()[0] == shown
    newest = xml(client.get("/feed.atom")).find("a:entry/a:summary", ATOM)
    assert newest is not None
    assert newest.text == shown


def test_it_is_in_the_language_of_its_address(client: Client, new_fact: NewFact) -> None:
    in_french(new_fact())
    told = client.get("/fr/today.json", headers={"accept-language": "de"})
    assert told["Content-Language"] == "fr"
    assert "Accept-Language" not in told.get("Vary", "")
    body = json.loads(told.content)
    assert (body["language"], body["headline"]) == ("fr", "Les soirs bleus")
    assert urlsplit(body["address"]).path == "/fr/facts/space/blue-sunsets/"
    assert b"Les soirs bleus" in client.get("/fr/feed.atom").content
    assert "Mars est bleue" in client.get("/fr/today.txt").text


def test_without_one_it_is_in_the_language_that_is_asked_for(
    client: Client, new_fact: NewFact
) -> None:
    in_french(new_fact())
    told = client.get("/today.json", headers={"accept-language": "fr"})
    assert json.loads(told.content)["language"] == "fr"
    assert {"Accept-Language", "Cookie"} <= {*told["Vary"].split(", ")}


def test_a_language_without_a_text_says_which_it_is_in(client: Client, new_fact: NewFact) -> None:
    new_fact()
    assert json.loads(client.get("/hi/today.json").content)["language"] == "en"


@pytest.mark.parametrize("feed", FEEDS)
def test_it_leaves_nothing_behind(client: Client, new_fact: NewFact, feed: str) -> None:
    new_fact()
    for address in (feed, f"/fr{feed}"):
        answer = client.get(address)
        assert not answer.cookies
        assert "public" in answer["Cache-Control"]
        assert "max-age=300" in answer["Cache-Control"]


@pytest.mark.parametrize("feed", FEEDS)
def test_it_is_sent_once(client: Client, new_fact: NewFact, feed: str) -> None:
    fact = new_fact()
    first = client.get(feed)
    again = client.get(feed, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    fact.texts.update(headline="Mended", speech="Mended.")
    cache.clear()  # as after some minutes
    assert client.get(feed, headers={"if-none-match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("feed", FEEDS)
def test_it_takes_few_statements(client: Client, new_fact: NewFact, feed: str) -> None:
    for number in range(60):
        in_french(new_fact(f"fact-{number}", topic=f"topic-{number % 7}"))
    assert statements(client, feed) <= 2


def test_it_is_of_nobody_in_particular(
    client: Client, sign_in: SignIn, linked: User, new_fact: NewFact
) -> None:
    new_fact("mars", "space")
    new_fact("bread", "food")
    told = client.get("/en/today.json").content
    for topic in ("space", "food"):
        linked.profile.topics = [topic]
        linked.profile.save()
        assert sign_in(linked).get("/en/today.json").content == told


def test_any_site_may_read_the_json(client: Client, db: None, new_fact: NewFact) -> None:
    assert client.get("/today.json")["Access-Control-Allow-Origin"] == "*"
    new_fact()
    assert client.get("/today.json")["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/today/")


def test_it_says_when_there_is_no_fact(client: Client, db: None) -> None:
    assert client.get("/today.json").status_code == 404
    assert "error" in json.loads(client.get("/today.json").content)
    assert client.get("/today.txt").status_code == 404
    assert xml(client.get("/feed.atom")).findall("a:entry", ATOM) == []


def test_the_feed_has_a_month_of_days(client: Client, new_fact: NewFact) -> None:
    for number in range(5):
        new_fact(f"fact-{number}", headline="Mars's <b> & co", speech="x")
    with time_machine.travel(datetime(2026, 11, 22, 7, tzinfo=UTC), tick=False):
        answer = client.get("/feed.atom")
    feed = xml(answer)
    assert answer["Content-Type"].startswith("application/atom+xml")
    ids = [str(entry.findtext("a:id", "", ATOM)) for entry in feed.findall("a:entry", ATOM)]
    assert (len(ids), len(set(ids))) == (30, 30)
    assert ids[0].endswith(":2026-11-22")
    assert feed.findtext("a:entry/a:updated", "", ATOM) == "2026-11-22T00:00:00+00:00"
    assert feed.findtext("a:entry/a:title", "", ATOM) == "Mars’s <b> & co"
    assert feed.findtext("a:author/a:name", "", ATOM) == "Small Wonders"
    links = [str(link.get("href")) for link in feed.iter("{http://www.w3.org/2005/Atom}link")]
    assert len(links) > 30
    assert all(link.startswith(settings.PUBLIC_URL) for link in links)


def test_pages_name_the_feed(client: Client, new_fact: NewFact) -> None:
    new_fact()
    link = soup(client.get("/facts/")).select_one('link[type="application/atom+xml"]')
    assert link
    assert client.get(str(link["href"])).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_takes_nothing(client: Client, db: None, method: str) -> None:
    for feed in FEEDS:
        assert getattr(client, method)(feed).status_code == 405
