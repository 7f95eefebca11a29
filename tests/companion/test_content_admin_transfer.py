"""Facts to a spreadsheet and back: what comes is looked at first, and refused where it is wrong."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.groups import apply_pool_groups
from accounts.models import Door, User
from skill_endpoint.facts.models import Fact, FactImport, FactText, Topic, Version
from skill_endpoint.facts.transfer_plan import plan
from skill_endpoint.facts.transfer_sheet import (
    COLUMNS,
    MAX_BYTES,
    MAX_LINES,
    MAX_ROWS,
    Refused,
    decoded,
    guarded,
    read,
    unguarded,
    written,
)
from tests.companion.conftest import NewFact
from tests.conftest import browser

pytestmark = pytest.mark.django_db
FACTS = "/admin/facts/fact/"
IMPORT = f"{FACTS}import/"
COLUMNS_LINE = b"slug,language\n"
NEW = {
    "topic": "deep-sea",
    "slug": "eel",
    "language": "en",
    "headline": "On eels",
    "speech": "Eels travel far.",
    "source_title": "Eels",
    "source_publisher": "Press",
    "source_locator": "2",
}


def table(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return ("\ufeff" + out.getvalue()).encode()


def send(office: Client, data: bytes) -> Any:
    """The preview where the file was taken, else the form with what is wrong with the file."""
    file = SimpleUploadedFile("facts.csv", data, content_type="text/csv")
    response = office.post(IMPORT, {"file": file})
    return office.get(response["Location"]) if response.status_code == 302 else response


def confirm(office: Client, preview: Any) -> Any:
    return office.post(preview.request["PATH_INFO"], {"seen": preview.context["seen"]})


def said(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


def exported(office: Client, query: str = "") -> list[dict[str, str]]:
    response: Any = office.get(f"{FACTS}export/?file=1{query}")
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# --- out ---------------------------------------------------------------------------------------


def test_a_file_has_a_row_a_fact_and_language(office: Client, fact: Fact) -> None:
    FactText.objects.create(fact=fact, language="fr", headline="Calmar", speech="Il brille.")

    english, french = exported(office)

    assert (english["slug"], english["language"], english["answer_3"]) == ("squid", "en", "a crab")
    assert (english["checked_on"], english["published"]) == ("2026-11-20", "yes")
    assert (french["language"], french["speech"], french["question"]) == ("fr", "Il brille.", "")
    response: Any = office.get(f"{FACTS}export/?file=1")
    # to its end: one that is left half read ends when its memory is freed, amid any later test
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbftopic,slug,")
    assert "attachment" in response["Content-Disposition"]


def test_a_translator_gets_a_row_to_fill_below_the_english_one(
    office: Client, fact: Fact, new_fact: NewFact
) -> None:
    FactText.objects.create(fact=new_fact(), language="fr", headline="Ciel", speech="Il est bleu.")

    rows = exported(office, "&language=fr&missing=on")

    assert [(row["slug"], row["language"], row["headline"]) for row in rows] == [
        ("squid", "en", "On squid"),
        ("squid", "fr", ""),
    ]
    assert (
        said(office.get(f"{FACTS}export/?file=1&language=xx")).count("Select a valid choice") == 1
    )


def test_the_chosen_facts_are_exported(office: Client, fact: Fact, new_fact: NewFact) -> None:
    new_fact()
    form = {"action": "export_chosen", "_selected_action": [fact.pk]}
    response: Any = office.post(FACTS, form)
    text = b"".join(response.streaming_content).decode()
    assert "squid" in text
    assert "blue-sunsets" not in text


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''@x", "＝1", "'Tis", "plain", ""]
)
def test_no_cell_is_a_formula_and_each_comes_back_as_it_was(cell: str) -> None:
    assert not re.match(r"[=+\-@\t\r＝]", guarded(cell))
    assert unguarded(guarded(cell)) == cell


def test_a_formula_in_a_text_is_written_as_text(office: Client, fact: Fact) -> None:
    FactText.objects.update(headline='=HYPERLINK("x")')
    [row] = exported(office)
    assert row["headline"] == '\'=HYPERLINK("x")'


def test_many_facts_are_exported_in_few_statements(
    new_fact: NewFact, django_assert_max_num_queries: DjangoAssertNumQueries, office: Client
) -> None:
    for number in range(30):
        new_fact(f"fact-{number}")
    with django_assert_max_num_queries(6):
        assert len(exported(office)) == 30


def test_all_that_the_project_brings_comes_back_unchanged() -> None:
    call_command("facts", "load", verbosity=0)
    facts = Fact.objects.with_text()

    made = plan(read(decoded("".join(written(facts)).encode())))

    assert (made.faults, made.entries) == ([], [])
    assert made.unchanged == len(facts)


# --- in ----------------------------------------------------------------------------------------


def test_nothing_is_written_before_somebody_says_so(office: Client, fact: Fact) -> None:
    changed = {"slug": "squid", "language": "en", "headline": "On squid", "speech": "It is large."}
    preview = send(office, table(NEW, changed))

    shown = said(preview)
    assert "1 new fact" in shown
    assert "1 changed fact" in shown
    assert "<ins>is large.</ins>" in preview.content.decode()
    assert Fact.objects.count() == 1
    assert fact.texts.get().speech == "It glows."

    response = confirm(office, preview)

    assert response.status_code == 302
    assert "New facts: 1. Changed facts: 1." in said(office.get(response["Location"]))
    eel = Fact.objects.get(slug="eel")
    assert (eel.topic.slug, eel.texts.get().speech) == ("deep-sea", "Eels travel far.")
    assert fact.texts.get().speech == "It is large."
    assert fact.texts.get().question == ""  # an empty cell of a text is an empty text
    assert [version.how for version in fact.versions.all()] == ["imported", "found"]
    assert eel.versions.get().how == "imported"
    assert {(entry.object_repr, entry.action_flag) for entry in LogEntry.objects.all()} == {
        ("eel", 1),
        ("squid", 2),
    }


def test_a_translation_alone_is_a_small_file(office: Client, fact: Fact) -> None:
    row = {"slug": "squid", "language": "fr", "headline": "Calmar", "speech": "Il brille."}
    preview = send(office, table(row, columns=tuple(row), delimiter=";"))

    confirm(office, preview)

    fact.refresh_from_db()
    assert fact.text("fr").speech == "Il brille."
    assert fact.text("en").speech == "It glows."
    assert fact.source_title == "Squid"


def test_an_empty_row_and_an_empty_cell_of_the_fact_leave_what_is_there(
    office: Client, fact: Fact
) -> None:
    FactText.objects.create(fact=fact, language="fr", headline="Calmar", speech="Il brille.")
    preview = send(office, table({"slug": "squid", "language": "fr"}))
    assert "nothing to import" in said(preview)


@pytest.mark.parametrize("cell", ["2026-11-20", "20.11.2026", "11/20/2026", "20/11/2026"])
def test_a_day_is_read_as_office_programs_write_it(office: Client, fact: Fact, cell: str) -> None:
    preview = send(office, table({"slug": "squid", "language": "en", "checked_on": cell}))
    assert "nothing to import" in said(preview)


def test_a_day_that_can_be_two_is_the_one_that_stands_there(office: Client, fact: Fact) -> None:
    Fact.objects.update(checked_on="2026-04-03")
    for cell in ("3/4/2026", "4/3/2026"):
        preview = send(office, table({"slug": "squid", "language": "en", "checked_on": cell}))
        assert "nothing to import" in said(preview)


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ({"speech": "x" * 221}, "speech", "at most 220 fit"),
        ({"headline": ""}, "headline", "This field cannot be blank."),
        ({"question": "Why?"}, "question", "come together"),
        ({"question": "Why?", "answer_1": "a", "answer_2": "b"}, "answer_3", "Three answers"),
        ({"question": "Why?", "answer_1": "a", "answer_3": "b"}, "answer_2", "Three answers"),
        ({"topic": "spce"}, "topic", "There is no such topic."),
        ({"language": "xx"}, "language", "The skill speaks: en"),
        ({"language": "fr"}, "language", "needs a row with its English text"),
        ({"slug": "Not A Slug"}, "slug", "lower-case letters"),
        ({"slug": ""}, "slug", "lower-case letters"),
        ({"source_title": ""}, "source_title", "This field cannot be blank."),
        ({"checked_on": "3/4/2026"}, "checked_on", "Write the day like 2026-11-20."),
        ({"checked_on": "2026-02-30"}, "checked_on", "Write the day like 2026-11-20."),
        ({"checked_on": "2999-01-01"}, "checked_on", "lies in the future"),
        ({"published": "maybe"}, "published", "Write yes or no."),
        ({"speech": "It is\x08 odd."}, "speech", "a character that nobody can read"),
    ],
)
def test_a_fault_is_named_with_its_line_and_the_files_own_words(
    office: Client, fact: Fact, row: dict[str, str], column: str, problem: str
) -> None:
    good = {"slug": "squid", "language": "en", "headline": "On squid", "speech": "It is large."}
    preview = send(office, table(good, NEW | row))

    [fault] = preview.context["faults"]
    assert (fault.line, fault.column) == (3, column)
    assert problem in fault.problem
    assert fault.words in {row.get(column, "")[:80], "It is� odd."}
    assert "Import all of this" not in said(preview)
    confirm(office, preview)
    assert fact.texts.get().speech == "It glows."
    assert Fact.objects.count() == 1


def test_rows_that_contradict_each_other_are_faults(office: Client, fact: Fact) -> None:
    french = NEW | {"language": "fr", "source_title": "Anguilles"}
    preview = send(office, table(NEW, french, NEW))
    problems = {(fault.line, fault.problem) for fault in preview.context["faults"]}
    assert problems == {
        (3, "Line 2 says something else of the same fact."),
        (4, "Line 2 has the same fact in the same language."),
    }


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("checked_on", ("2026-11-21", "11/21/2026", "21.11.2026")),
        ("published", ("yes", "WAHR", "true", "Vrai", "VERO", "verdadero")),
        ("child_safe", ("no", "FALSCH", "Faux", "FALSO", "onwaar", "0")),
    ],
)
def test_rows_that_write_the_same_differently_do_not_contradict(
    office: Client, fact: Fact, column: str, cells: tuple[str, ...]
) -> None:
    languages = ("en", "de", "fr", "it", "es", "nl")
    rows = [
        NEW | {"language": language, column: cell}
        for language, cell in zip(languages, cells, strict=False)
    ]
    preview = send(office, table(*rows))
    assert not preview.context["faults"]
    confirm(office, preview)
    eel = Fact.objects.get(slug="eel")
    assert str(eel.checked_on) == "2026-11-21" or column != "checked_on"
    assert (eel.is_published, eel.child_safe) == (True, column != "child_safe")


def test_all_faults_of_a_fact_are_named_at_once(office: Client, fact: Fact) -> None:
    french = NEW | {"language": "fr", "topic": "space", "speech": "x" * 221, "published": "oui"}
    preview = send(office, table(NEW | {"checked_on": "soon"}, french))
    faults = [(fault.line, fault.column) for fault in preview.context["faults"]]
    assert faults == [(2, "checked_on"), (3, "topic"), (3, "published"), (3, "speech")]
    assert "1 new fact" not in said(preview), "nothing can be imported"
    assert "4 faults" in said(preview)


def test_lines_are_counted_as_an_editor_counts_them(office: Client, fact: Fact) -> None:
    preview = send(
        office, table(*(NEW | {"more": "Two\nlines.", "slug": slug} for slug in ("eel", "X")))
    )
    assert [fault.line for fault in preview.context["faults"]] == [4]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "The file is empty."),
        (b"  \r\n", "The file is empty."),
        (bytes(range(256)), "not in UTF-8"),
        ("slug,language\nsquid,en".encode("utf-16"), "not in UTF-8"),
        (b"slug,language\nsquid\0,en", "This is no text file"),
        (b"slug,language\n", "has a heading and no rows"),
        (b"a,b\n1,2", "The first line must name the columns"),
        (b"slug,language,slug\n1,2,3", "The first line must name the columns"),
        (b"slug,headline\nsquid,x", "The first line must name the columns"),
        (b'slug,language\n"squid,en', "cannot be read as CSV"),
        (b"slug,language\n" + b"x" * 200_000 + b",en", "cannot be read as CSV"),
        (b"slug,language\n" + b"squid,en\n" * (MAX_ROWS + 1), "more than 10000 rows"),
        (COLUMNS_LINE + b"\n" * (MAX_LINES + 1), "more than 10000 rows"),
        (COLUMNS_LINE + b"\r" * (MAX_LINES + 1), "more than 10000 rows"),
        (COLUMNS_LINE + b",\r\n" * (MAX_LINES + 1), "more than 10000 rows"),
        (b"slug," * 20_000 + b"slug\nsquid", "The first line must name the columns"),
        (b"slug,language\n" + b"x" * MAX_BYTES, "too large"),
    ],
)
def test_what_is_no_table_of_ours_is_refused_whole(
    office: Client, fact: Fact, data: bytes, problem: str
) -> None:
    assert problem in said(send(office, data))
    assert not FactImport.objects.exists()


def test_a_form_without_a_file_is_asked_for_one(office: Client) -> None:
    assert "This field is required" in said(office.post(IMPORT, {}))
    assert office.post(IMPORT, {"file": "text"}).status_code == 200


def test_facts_that_changed_meanwhile_are_shown_anew(office: Client, fact: Fact) -> None:
    row = {"slug": "squid", "language": "en", "headline": "On squid", "speech": "It is large."}
    preview = send(office, table(row))
    FactText.objects.update(speech="It is small.")

    again = confirm(office, preview)

    assert "Facts were changed meanwhile" in said(again)
    assert "<del>small.</del>" in again.content.decode()
    assert fact.texts.get().speech == "It is small."
    assert confirm(office, again).status_code == 302
    assert fact.texts.get().speech == "It is large."


def test_a_preview_says_what_was_last_done_to_a_fact(office: Client, fact: Fact) -> None:
    """The file may be an older export, and would undo it."""
    row = {"slug": "squid", "language": "en", "headline": "On squid", "speech": "It is large."}
    assert "History:" not in said(send(office, table(row)))
    confirm(office, send(office, table(row)))
    preview = send(office, table(row | {"speech": "It is small."}))
    assert re.search(r"History: .+ · imported · not yet on the website", said(preview))


def test_two_tabs_and_a_second_press_do_no_harm(office: Client, fact: Fact) -> None:
    first, second = send(office, table(NEW)), send(office, table(NEW | {"slug": "crab"}))
    for preview in (first, first, second):
        response = confirm(office, preview)
        assert "Imported (" in said(office.get(response["Location"]))
    assert Fact.objects.count() == 3
    assert LogEntry.objects.count() == 2


def test_after_signing_in_again_the_preview_is_still_there(
    office: Client, fact: Fact, operator: User
) -> None:
    preview = send(office, table(NEW))
    path = preview.request["PATH_INFO"]
    office.logout()

    answer = office.post(path, {"seen": preview.context["seen"]})

    assert answer["Location"].endswith(f"?next={path}")
    office.force_login(operator)
    assert "1 new fact" in said(office.get(path))


def test_a_file_is_its_senders_alone(office: Client, fact: Fact) -> None:
    path = send(office, table(NEW)).request["PATH_INFO"]
    other = User.objects.for_sub("sub-other", door=Door.WEB)
    apply_pool_groups(other, frozenset({"operators"}))
    colleague = browser()
    colleague.force_login(other)
    assert colleague.get(path).status_code == 404
    assert colleague.post(path).status_code == 404


def test_who_may_not_change_facts_sends_no_file(client: Client, stranger: User) -> None:
    stranger.is_staff = True
    stranger.save()
    client.force_login(stranger)
    for path in (IMPORT, f"{IMPORT}5d1f3f0e-0000-4000-8000-000000000000/", f"{FACTS}export/"):
        assert client.get(path).status_code == 403
    assert client.get(f"{FACTS}coverage/").status_code == 403


def test_few_files_wait(office: Client, fact: Fact) -> None:
    for number in range(8):
        send(office, table(NEW | {"slug": f"eel-{number}"}))
    assert FactImport.objects.count() == 5


def test_a_large_preview_is_paged_and_costs_few_statements(
    office: Client, fact: Fact, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [NEW | {"slug": f"eel-{n}", "headline": f"On eel {n}"} for n in range(700)]
    preview = send(office, table(*rows))
    assert len(preview.context["page"]) == 20
    with django_assert_max_num_queries(10):
        office.get(f"{preview.request['PATH_INFO']}?page=2")
    with django_assert_max_num_queries(40):
        assert confirm(office, preview).status_code == 302
    assert Fact.objects.count() == 701


def test_the_pages_of_a_preview_are_worked_out_once(office: Client, fact: Fact) -> None:
    rows = [NEW | {"slug": f"eel-{n}"} for n in range(40)]
    preview = send(office, table(*rows, NEW | {"slug": "squid"}))
    with CaptureQueriesContext(connection) as asked:
        again = office.get(f"{preview.request['PATH_INFO']}?page=2")
    assert again.context["seen"] == preview.context["seen"]
    assert again.context["plan"].unchanged == preview.context["plan"].unchanged
    assert again.context["page"].number == 2
    assert not [query for query in asked if '"slug" IN (' in query["sql"]]  # of the file


def test_a_preview_follows_what_operators_change(office: Client, fact: Fact) -> None:
    preview = send(office, table(NEW | {"topic": "deep-space"}))
    assert "There is no such topic" in said(preview)
    Topic.objects.create(slug="deep-space", name="Deep space")
    assert "There is no such topic" not in said(office.get(preview.request["PATH_INFO"]))
    preview = send(office, table(NEW | {"slug": "squid", "speech": "It is large."}))
    FactText.objects.update(speech="It is small.")
    Version.objects.create(fact=fact, content={}, how=Version.How.EDITED)
    assert "small." in said(office.get(preview.request["PATH_INFO"]))


def test_a_cache_that_is_down_breaks_no_preview(
    office: Client, fact: Fact, settings: Settings
) -> None:
    preview = send(office, table(NEW))
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://localhost:1/0",
        }
    }
    assert office.get(preview.request["PATH_INFO"]).context["plan"].new
    assert confirm(office, preview).status_code == 302


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_whatever_a_file_holds_it_is_read_or_refused(text: str) -> None:
    for data in (
        text.encode("utf-8", "ignore"),
        f"slug,language\n{text}".encode("utf-8", "ignore"),
    ):
        try:
            sheet = read(decoded(data))
        except Refused:
            continue
        assert sheet.lines or sheet.faults


# --- coverage ----------------------------------------------------------------------------------


def test_the_grid_counts_what_is_told_in_which_language(
    office: Client, fact: Fact, new_fact: NewFact
) -> None:
    FactText.objects.create(fact=fact, language="fr", headline="Calmar", speech="Il brille.")
    new_fact("octopus", topic="deep-sea")
    new_fact("withdrawn", topic="deep-sea", is_published=False)

    response = office.get(f"{FACTS}coverage/")

    grid = response.context["grid"]
    [row] = grid.rows
    told = dict(zip(grid.languages, [(cell.told, cell.of) for cell in row.cells], strict=True))
    assert (told["en"], told["fr"], told["de"]) == ((2, 2), (1, 2), (0, 2))
    assert "1 of 2" in said(response)
    assert "Topic Facts English French" in said(response)
    french = row.cells[grid.languages.index("fr")]
    found = office.get(french.address).context["cl"].result_list
    assert [found_fact.slug for found_fact in found] == ["octopus"]
    total = office.get(grid.totals[grid.languages.index("de")].address)
    assert total.context["cl"].result_count == 2


def test_the_grid_costs_the_same_whatever_there_is(
    office: Client, new_fact: NewFact, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        new_fact(f"fact-{number}", topic=f"topic-{number % 7}")
    with django_assert_max_num_queries(6):
        office.get(f"{FACTS}coverage/")


def test_an_empty_house_says_how_to_fill_it(office: Client) -> None:
    for path in (FACTS, f"{FACTS}coverage/", "/admin/facts/topic/"):
        assert "manage.py facts load" in said(office.get(path))


def test_a_search_that_finds_nothing_leads_back_to_all(office: Client, fact: Fact) -> None:
    assert "No fact is like that." in said(office.get(f"{FACTS}?q=zzz"))
