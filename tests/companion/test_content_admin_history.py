"""What a fact or topic said before: every change is kept, compared, and can be taken back."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from skill_endpoint.facts import history
from skill_endpoint.facts.differences import changes
from skill_endpoint.facts.models import Fact, FactReport, FactText, Topic, Version
from tests.companion.conftest import NewFact
from tests.companion.test_content_admin import change, change_topic

pytestmark = pytest.mark.django_db
FACTS = "/admin/facts/fact/"


def page(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


def revert(office: Client, row: Fact | Topic, version: Version, seen: str | None = None) -> Any:
    address = f"/admin/facts/{row._meta.model_name}/{row.pk}/history/{version.pk}/revert/"
    asked = office.get(address)
    assert asked.status_code == 200
    return office.post(address, {"seen": seen or asked.context["seen"]})


def test_the_first_change_keeps_what_stood_there_before(office: Client, fact: Fact) -> None:
    assert change(office, fact, speech="It glows blue.") == ""

    after, before = fact.versions.all()
    assert (before.how, before.by) == ("found", None)
    assert (after.how, str(after.by)) == ("edited", "sub-operator")
    assert before.content["texts"]["en"]["speech"] == "It glows."
    assert after.content["texts"]["en"]["speech"] == "It glows blue."


def test_a_save_without_a_change_is_no_version(office: Client, fact: Fact) -> None:
    change(office, fact, speech="It glows blue.")
    count = Version.objects.count()

    change(office, fact, speech="It glows blue.")

    assert Version.objects.count() == count


def test_the_history_shows_who_changed_what(office: Client, fact: Fact) -> None:
    assert "Nothing was changed here yet" in page(office.get(f"{FACTS}{fact.pk}/history/"))
    User.objects.filter(sub="sub-operator").update(email="office@example.com")

    change(office, fact, speech="It glows blue.")

    response = office.get(f"{FACTS}{fact.pk}/history/")
    shown = page(response)
    assert "office@example.com" in shown
    assert "as it was found" in shown
    assert "<del>glows.</del>" in response.content.decode()
    assert "<ins>glows blue.</ins>" in response.content.decode()
    assert "This is what stands there now." in shown


def test_a_version_is_taken_back_with_all_its_texts(office: Client, fact: Fact) -> None:
    change(office, fact, speech="It glows blue.")
    FactText.objects.create(fact=fact, language="fr", headline="Calmar", speech="Il brille.")
    Fact.objects.update(is_published=False, checked_on=None)
    first = fact.versions.last()
    assert first is not None

    response = revert(office, fact, first)

    assert response["Location"] == f"{FACTS}{fact.pk}/history/"
    fact.refresh_from_db()
    assert (fact.is_published, str(fact.checked_on)) == (True, "2026-11-20")
    assert [text.speech for text in fact.texts.all()] == ["It glows."]
    newest, between = fact.versions.all()[:2]
    assert (newest.how, str(newest.by)) == ("reverted", "sub-operator")
    assert between.content["texts"]["fr"]["speech"] == "Il brille."  # nothing is lost
    assert LogEntry.objects.all()[0].change_message == "Reverted to an earlier version."


def test_the_question_shows_the_difference_to_what_stands_there_now(
    office: Client, fact: Fact
) -> None:
    change(office, fact, speech="It glows blue.")
    first = fact.versions.last()
    assert first is not None

    asked = office.get(f"{FACTS}{fact.pk}/history/{first.pk}/revert/")

    assert "<del>glows blue.</del>" in asked.content.decode()
    assert fact.texts.get().speech == "It glows blue."  # to look is not to do


def test_a_change_between_question_and_answer_is_not_overwritten(
    office: Client, fact: Fact
) -> None:
    change(office, fact, speech="It glows blue.")
    first = fact.versions.last()
    assert first is not None
    seen = office.get(f"{FACTS}{fact.pk}/history/{first.pk}/revert/").context["seen"]
    change(office, fact, speech="It glows green.")

    answer = revert(office, fact, first, seen=seen)

    assert "It was changed meanwhile" in page(answer)
    assert fact.texts.get().speech == "It glows green."


def test_what_cannot_be_any_more_is_said_and_not_done(
    office: Client, fact: Fact, new_fact: NewFact
) -> None:
    change(office, fact, speech="It glows blue.")
    first = fact.versions.last()
    assert first is not None
    Fact.objects.filter(pk=fact.pk).update(topic=new_fact().topic)
    Topic.objects.filter(slug="deep-sea").delete()

    answer = revert(office, fact, first)

    assert "The topic “deep-sea” of that version is gone." in page(answer)
    assert fact.texts.get().speech == "It glows blue."


def test_a_topic_has_a_history_too(office: Client, fact: Fact) -> None:
    topic = fact.topic
    change_topic(office, topic, names="fr: Abysses | les abysses")
    first = topic.versions.last()
    assert first is not None
    assert "les abysses" in page(office.get(f"/admin/facts/topic/{topic.pk}/history/"))

    revert(office, topic, first)

    topic.refresh_from_db()
    assert topic.names == {}


def test_loading_keeps_only_what_it_overwrites(office: Client, fact: Fact, tmp_path: Path) -> None:
    (tmp_path / "deep-sea.toml").write_text(
        'slug = "deep-sea"\nname = "Deep sea"\nspoken = "the deep sea"\nposition = 1\n'
        '[[facts]]\nslug = "squid"\nchild_safe = true\n'
        'source = { title = "Squid", publisher = "Press", locator = "1" }\n'
        '[facts.texts.en]\nheadline = "On squid"\nspeech = "It is large."\n'
    )
    call_command("facts", "load", str(tmp_path))
    assert not Version.objects.exists()  # an operator's words stayed

    call_command("facts", "load", str(tmp_path), "--overwrite")

    after, before = fact.versions.all()
    assert (before.how, before.content["texts"]["en"]["speech"]) == ("found", "It glows.")
    assert (after.how, after.content["texts"]["en"]["speech"]) == ("loaded", "It is large.")
    (tmp_path / "deep-sea.toml").write_text(
        (tmp_path / "deep-sea.toml").read_text().replace("large", "very large")
    )
    call_command("facts", "load", str(tmp_path))
    assert fact.versions.count() == 2
    assert "Changed since by the content files" in page(office.get(f"{FACTS}{fact.pk}/history/"))


@pytest.mark.parametrize("version", ["0", "9" * 30, "x"])
def test_a_version_that_is_not_there_is_not_found(office: Client, fact: Fact, version: str) -> None:
    assert office.get(f"{FACTS}{fact.pk}/history/{version}/revert/").status_code in {302, 404}


def test_a_version_belongs_to_its_fact(office: Client, fact: Fact, new_fact: NewFact) -> None:
    change(office, fact, speech="It glows blue.")
    version, other = fact.versions.first(), new_fact()
    assert version is not None
    assert office.get(f"{FACTS}{other.pk}/history/{version.pk}/revert/").status_code == 404


def test_who_may_not_change_facts_does_not_revert(
    client: Client, stranger: User, fact: Fact
) -> None:
    history.keep([fact], Version.How.FOUND)
    version = fact.versions.get()
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    for method in (client.get, client.post):
        assert method(f"{FACTS}{fact.pk}/history/{version.pk}/revert/").status_code == 403


def test_a_long_history_costs_no_more(
    office: Client, fact: Fact, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(25):
        FactText.objects.update(speech=f"It glows {number} times.")
        history.keep([Fact.objects.get()], Version.How.EDITED, User.objects.get(sub="sub-operator"))
    with django_assert_max_num_queries(14):
        response = office.get(f"{FACTS}{fact.pk}/history/?page=2")
    assert "It glows 14 times." in page(response)
    assert len(response.context["entries"]) == 10


def test_the_name_goes_with_its_person_and_the_version_stays(
    office: Client, fact: Fact, operator: User
) -> None:
    change(office, fact, speech="It glows blue.")
    operator.delete()

    assert fact.versions.count() == 2
    assert not fact.versions.exclude(by=None).exists()


# --- the difference ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("It glows blue.", "It glows green.", ["blue."], ["green."]),
        ("タコには心臓が三つある", "タコには心臓が二つある", ["三"], ["二"]),
        ("हिंद महासागर गहरा है", "हिंद महासागर नीला है", ["गहरा"], ["नीला"]),
    ],
)
def test_a_difference_is_marked_by_words_or_where_there_are_none_by_letters(
    before: str, after: str, gone: list[str], new: list[str]
) -> None:
    [difference] = changes(
        {"texts": {"ja": {"speech": before}}}, {"texts": {"ja": {"speech": after}}}
    )
    assert (difference.label, difference.language) == ("speech", "ja")
    assert [piece.text for piece in difference.before if piece.differs] == gone
    assert [piece.text for piece in difference.after if piece.differs] == new


# --- actions -----------------------------------------------------------------------------------


def act(office: Client, action: str, *facts: Fact, path: str = FACTS) -> None:
    keys = [row.pk for row in facts]
    response = office.post(path, {"action": action, "_selected_action": keys})
    assert response.status_code == 302


def test_actions_are_recorded_a_fact_each_and_only_where_something_changes(
    office: Client, fact: Fact, new_fact: NewFact
) -> None:
    withdrawn = new_fact(is_published=False, checked_on=None)

    act(office, "withdraw", fact, withdrawn)
    assert not Fact.objects.published().exists()
    [entry] = LogEntry.objects.all()
    assert (entry.object_repr, entry.change_message) == ("squid", "Withdrawn.")
    assert fact.versions.count() == 2
    assert not withdrawn.versions.exists()

    act(office, "publish", fact, withdrawn)
    assert Fact.objects.published().count() == 2
    assert LogEntry.objects.count() == 3

    act(office, "mark_checked", withdrawn)
    withdrawn.refresh_from_db()
    assert withdrawn.checked_on is not None
    assert LogEntry.objects.all()[0].change_message == "Marked as checked."


def test_many_facts_are_published_in_a_few_statements(
    office: Client, new_fact: NewFact, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    facts = [new_fact(f"fact-{number}", is_published=False) for number in range(30)]
    with django_assert_max_num_queries(30):
        act(office, "publish", *facts)
    assert Fact.objects.published().count() == 30


def test_reports_stand_on_the_facts_page_and_are_closed_there(office: Client, fact: Fact) -> None:
    FactReport.objects.file(fact.pk, None, language="fr-ca", request_id="turn-1")
    report = FactReport.objects.get()
    shown = page(office.get(f"{FACTS}{fact.pk}/change/"))
    assert "Somebody said that this is wrong" in shown
    assert "fr-ca" in shown

    response = office.post(f"/admin/facts/factreport/{report.pk}/close/")

    assert response["Location"] == f"{FACTS}{fact.pk}/change/"
    report.refresh_from_db()
    assert report.closed_at
    assert "1 report was closed." in page(office.get(response["Location"]))
    office.post(f"/admin/facts/factreport/{report.pk}/reopen/")
    assert [entry.change_message for entry in LogEntry.objects.all()] == [
        "Opened again.",
        "Closed.",
    ]


def test_a_report_is_closed_by_a_button_alone(office: Client, client: Client, fact: Fact) -> None:
    FactReport.objects.file(fact.pk, None, language="en", request_id="turn-1")
    address = f"/admin/facts/factreport/{FactReport.objects.get().pk}/close/"
    assert office.get(address).status_code == 405
    for path in ("/admin/facts/factreport/x/close/", "/admin/facts/factreport/0/close/"):
        assert office.post(path).status_code == 404
    assert FactReport.objects.open().count() == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("missing=fr", ["squid"]),
        ("missing=nonsense", ["blue-sunsets", "squid"]),
        ("reported=open", ["squid"]),
        ("reported=x", ["blue-sunsets", "squid"]),
        ("checked=never", ["blue-sunsets"]),
        ("checked=lately", ["squid"]),
        ("checked=old", []),
        ("checked=x", ["blue-sunsets", "squid"]),
        ("is_published__exact=0", ["blue-sunsets"]),
    ],
)
def test_the_list_is_narrowed_down_to_what_has_to_be_done(
    office: Client, fact: Fact, new_fact: NewFact, query: str, found: list[str]
) -> None:
    fact.checked_on = timezone.localdate()
    fact.save()
    other = new_fact(is_published=False, checked_on=None)
    FactText.objects.create(fact=other, language="fr", headline="Ciel", speech="Il est bleu.")
    FactReport.objects.file(fact.pk, None, language="en", request_id="turn-1")

    response = office.get(f"{FACTS}?{query}")

    assert sorted(row.slug for row in response.context["cl"].result_list) == found


def test_the_list_costs_the_same_whatever_there_is(office: Client, new_fact: NewFact) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(FACTS).status_code == 200
        return len(captured)

    new_fact("first")
    few = statements()
    for number in range(60):
        new_fact(f"fact-{number}", topic=f"topic-{number % 5}")
    assert statements() == few


def test_a_withdrawn_fact_has_no_page_to_look_at(office: Client, fact: Fact) -> None:
    link = fact.get_absolute_url()
    assert f'href="{link}"' in office.get(f"{FACTS}{fact.pk}/change/").content.decode()
    Fact.objects.update(is_published=False)
    assert f'href="{link}"' not in office.get(f"{FACTS}{fact.pk}/change/").content.decode()
