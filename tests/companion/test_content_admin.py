"""What operators write: topics, facts, their texts and quiz questions; what people reported."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactReport, FactText, Topic
from tests.companion.pages import soup

pytestmark = pytest.mark.django_db
REPORTS = "/admin/facts/factreport/"


def change(office: Client, fact: Fact, **text: str) -> str:
    """The page that answers, empty where it was saved."""
    row = fact.texts.get()
    form = {
        "topic": str(fact.topic.pk),
        "slug": "squid",
        "source_title": "Squid",
        "source_publisher": "Press",
        "source_locator": "1",
        "checked_on": "",
        "is_published": "on",
        "texts-TOTAL_FORMS": text.pop("forms", "1"),
        "texts-INITIAL_FORMS": "1",
        "texts-0-id": str(row.pk),
        "texts-0-fact": str(fact.pk),
    }
    told = {
        "language": "en",
        "headline": "On squid",
        "speech": "It glows.",
        "more": "",
        "question": "What glows?",
        "options": "a squid\na whale\na crab",
        **text,
    }
    form |= {f"texts-0-{name}": value for name, value in told.items()}
    response = office.post(f"/admin/facts/fact/{fact.pk}/change/", form)
    assert response.status_code in {200, 302}
    return response.content.decode()


def change_topic(office: Client, topic: Topic, **values: str) -> str:
    form = {"slug": topic.slug, "name": topic.name, "position": "1", "names": "", **values}
    response = office.post(f"/admin/facts/topic/{topic.pk}/change/", form)
    assert response.status_code in {200, 302}
    return response.content.decode()


# --- facts and their texts ---------------------------------------------------------------------


def test_a_text_is_written_in_boxes_that_say_how_much_fits(office: Client, fact: Fact) -> None:
    page = office.get(f"/admin/facts/fact/{fact.pk}/change/").content.decode()
    for name, limit in (("speech", 220), ("more", 440)):
        [box] = re.findall(rf'<textarea name="texts-0-{name}"[^>]*>', page)
        assert f'maxlength="{limit * 3 // 2}"' in box  # a measure may be written both ways
        assert f"At most {limit} characters" in page


def test_a_fact_is_headed_by_its_headline_and_leads_to_its_languages(
    office: Client, fact: Fact
) -> None:
    FactText.objects.create(fact=fact, language="fr-ca", headline="Calmar", speech="Il brille.")
    page = soup(office.get(f"/admin/facts/fact/{fact.pk}/change/"))
    assert page.find("h2", string="On squid")
    links = {" ".join(link.text.split()): str(link["href"]) for link in page.select(".jump a")}
    assert list(links) == ["English", "French (fr-ca)"]
    for address in links.values():
        assert page.select_one(address)
    assert len(page.select("[name=_save]")) == 2, "above and below"


def test_a_text_is_one_line_whatever_was_typed(office: Client, fact: Fact) -> None:
    assert change(office, fact, speech="It glows\r\n in the dark.") == ""

    assert fact.texts.get().speech == "It glows in the dark."


def test_answers_are_written_a_line_each_and_shown_so(office: Client, fact: Fact) -> None:
    page = office.get(f"/admin/facts/fact/{fact.pk}/change/").content.decode()
    assert "a squid\na whale\na crab" in page.replace("\r", "")

    assert change(office, fact, options="a squid\r\n\r\n an eel \r\na shark\r\n") == ""
    assert fact.texts.get().options == ["a squid", "an eel", "a shark"]


def test_the_record_names_only_what_was_changed(office: Client, fact: Fact) -> None:
    """A browser sends two characters at the end of each line."""
    change(office, fact)
    change(office, fact, headline="On large squid", options="a squid\r\na whale\r\na crab")
    said = LogEntry.objects.latest("pk").get_change_message()
    assert "Headline" in said
    assert "Answers" not in said


def test_a_question_is_taken_away_with_its_answers(office: Client, fact: Fact) -> None:
    assert change(office, fact, question="", options="") == ""

    assert (fact.texts.get().question, fact.texts.get().options) == ("", [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ({"speech": f"It is [1 km|{'x' * 215}] wide."}, "when it is spoken; at most 220 fit"),
        ({"options": ""}, "A quiz question and its answers come together"),
        ({"question": "How far, [5 km|3?"}, "Two measures are written like"),
        ({"options": "a squid\na whale"}, "Three answers that sound different"),
        ({"options": "a squid\nA Squid.\na crab"}, "Three answers that sound different"),
        ({"options": "a squid\n!!\na crab"}, "Three answers that sound different"),
        ({"options": f"a squid\na crab\n{'x' * 31}"}, "each of at most 30 characters"),
        ({"options": "[" * 150}, "Three answers that sound different"),
        ({"options": "1" * 5000}, "at most 200 characters"),
        ({"options": "a\u200bb\na whale\na crab"}, "Three answers that sound different"),
        ({"language": "../../"}, "Select a valid choice"),
        ({"language": "fr"}, "A fact needs an English text"),
        ({"DELETE": "on"}, "A fact needs an English text"),
    ],
)
def test_a_text_that_would_fail_when_it_is_told_is_refused(
    office: Client, fact: Fact, text: dict[str, str], problem: str
) -> None:
    before = FactText.objects.values().get()

    assert problem in change(office, fact, **text)

    assert FactText.objects.values().get() == before


def test_a_forged_number_of_texts_costs_little(office: Client, fact: Fact) -> None:
    page = change(office, fact, forms="99999")

    assert page.count('name="texts-') < 1000


# --- topics ------------------------------------------------------------------------------------


def test_names_are_written_a_line_a_language_and_shown_so(office: Client, fact: Fact) -> None:
    topic = fact.topic

    assert (
        change_topic(office, topic, names="fr: Abysses | les abysses\r\n\r\nde:Tiefsee|die See")
        == ""
    )

    topic.refresh_from_db()
    assert topic.names == {
        "fr": {"name": "Abysses", "spoken": "les abysses"},
        "de": {"name": "Tiefsee", "spoken": "die See"},
    }
    page = office.get(f"/admin/facts/topic/{topic.pk}/change/").content.decode()
    assert "de: Tiefsee | die See\nfr: Abysses | les abysses" in page.replace("\r", "")


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ("[]", "is not written like"),
        ("null", "is not written like"),
        ("fr: Abysses", "is not written like"),
        ("fr: | x", "is not written like"),
        ("fr: a | b\nfr: c | d", "is not written like"),
        ("xx: a | b", "The skill speaks no “xx”"),
        (f"fr: a | {'b' * 61}", "needs a “name” and a “spoken” form"),
        ("fr: a\u200b | b", "needs a “name” and a “spoken” form"),
        ("1" * 5000, "at most 4000 characters"),
    ],
)
def test_names_that_no_page_could_show_are_refused(
    office: Client, fact: Fact, names: str, problem: str
) -> None:
    assert problem in change_topic(office, fact.topic, names=names)

    fact.topic.refresh_from_db()
    assert fact.topic.names == {}
    assert office.get("/facts/").status_code == 200


@pytest.mark.parametrize("name", ["", "   "])
def test_a_topic_has_a_name(office: Client, fact: Fact, name: str) -> None:
    assert "This field is required" in change_topic(office, fact.topic, name=name)


# --- reports -----------------------------------------------------------------------------------


def test_an_operator_closes_a_report_and_opens_it_again(office: Client, fact: Fact) -> None:
    FactReport.objects.file(fact.pk, None, language="en", request_id="turn-1")
    report = FactReport.objects.get()

    def act(action: str) -> None:
        office.post(REPORTS, {"action": action, "_selected_action": [report.pk]})
        report.refresh_from_db()

    assert "On squid" in office.get(f"{REPORTS}?state=open").content.decode()
    act("close")
    assert report.closed_at
    assert office.get(f"{REPORTS}?state=open").context["cl"].result_count == 0
    act("reopen")
    assert report.closed_at is None
    detail = office.get(f"{REPORTS}{report.pk}/change/").content.decode()
    assert f"/admin/facts/fact/{fact.pk}/change/" in detail
    assert "turn-1" in detail


def test_nobody_adds_or_deletes_a_report(office: Client, fact: Fact) -> None:
    FactReport.objects.file(fact.pk, None, language="en", request_id="turn-1")
    report = FactReport.objects.get()
    for path in ("add/", f"{report.pk}/delete/"):
        response: Any = office.post(f"{REPORTS}{path}", {"post": "yes"})
        assert response.status_code == 403
    assert FactReport.objects.count() == 1


# --- one breath --------------------------------------------------------------------------------


def test_a_speech_says_how_long_it_is_in_either_reading(office: Client, fact: Fact) -> None:
    FactText.objects.update(speech="It is [1 kilometer|0.6 miles] wide.")
    page = office.get(f"/admin/facts/fact/{fact.pk}/change/").content.decode()
    now = "Now: 23 of 220 characters in metric units and 21 in imperial ones, read aloud about 2 s."
    assert now in page
    assert "Now: 0 of 220 characters" in page  # of the empty form behind “Add another”


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"texts-0-speech": "It glows.", "texts-0-language": "en"}, "Now: 9 of 220"),
        ({"speech": "<b>" * 5000}, "Now: 1000 of 220"),
        ({}, "Now: 0 of 220"),
    ],
)
def test_it_is_counted_while_somebody_types(
    office: Client, query: dict[str, str], said: str
) -> None:
    response = office.get("/admin/facts/fact/breath/", query)
    assert said in response.content.decode()
    assert "<b>" not in response.content.decode()


def test_only_an_operator_has_it_counted(client: Client, stranger: User) -> None:
    client.force_login(stranger)
    assert client.get("/admin/facts/fact/breath/").status_code == 302


def test_the_boxes_in_the_list_of_topics_have_a_name(office: Client, fact: Fact) -> None:
    page = office.get("/admin/facts/topic/").content.decode()
    assert re.search(r'<input type="number"[^>]* aria-label="position"', page)
