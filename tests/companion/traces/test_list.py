"""The list of attempts: who sees it, what a row says, filters with counts, live, as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Door, User
from accounts.oauth_trace.diagnosis import rules
from accounts.oauth_trace.models import Attempt, Outcome, Span
from companion.traces import briefs, filters
from tests.companion.conftest import SignIn
from tests.companion.pages import main, soup, statements, text
from tests.companion.traces import attempts

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MOST_STATEMENTS = 12


def rows(response: Any) -> list[str]:
    return [text(row) for row in soup(response).select("ol.attempts > li")]


def facet(response: Any, title: str) -> dict[str, str]:
    """Labels of a filter with their counts; empty for one that has none."""
    for part in soup(response).select(".facet"):
        if text(part.h3) == title:
            return {
                text(chip.bdi): text(chip.select_one(".count")) for chip in part.select("a.chip")
            }
    return {}


def test_it_is_for_operators(client: Client, stranger: User, sign_in: SignIn) -> None:
    attempt = attempts.linked()
    for path in ("/traces/", f"/traces/{attempt.reference}/", "/traces/attempts.csv"):
        assert client.get(path)["Location"].startswith("/accounts/login/"), path
        assert sign_in(stranger).get(path).status_code == 404, path
    stranger.is_staff = True  # staff of something else
    stranger.save()
    assert sign_in(stranger).get("/traces/").status_code == 404


def test_nothing_yet(office: Client) -> None:
    said = main(office.get("/traces/"))
    assert "0 attempts" in said
    assert "No attempts yet." in said
    assert "OAUTH_TRACE=1" in said


def test_a_row_says_how_it_went(office: Client) -> None:
    attempt = attempts.failed()
    (row,) = rows(office.get("/traces/"))
    assert attempt.outcome == Outcome.FAILED
    for part in (
        attempt.reference,
        "failed",
        "authorize: ok",
        "token: failed",
        "refresh: not reached",
        f"{attempt.finding}",
        "North America",
        "the skill’s client",
        "en-US",
        "3f0c1b1e…",
        "took 2 min",
    ):
        assert part in row, part
    assert attempts.SUB not in row


def test_the_newest_is_first(office: Client) -> None:
    old = attempts.linked(at=timezone.now() - timedelta(days=2))
    new = attempts.linked()
    first, second = rows(office.get("/traces/"))
    assert new.reference in first
    assert old.reference in second


def test_filters_are_links_with_counts(office: Client) -> None:
    attempts.linked()
    attempts.failed(at=timezone.now() - timedelta(days=3))
    attempts.left()
    layla = "https://layla.amazon.com/api/skill/link/X"
    attempts.linked(redirect_uri=layla, sub="another-sub")

    page = office.get("/traces/")
    assert facet(page, "Result") == {
        "all": "",
        "linked": "2",
        "failed": "1",
        "not finished": "1",
    }
    assert facet(page, "Region") == {"all": "", "North America": "3", "Europe, India": "1"}
    assert facet(page, "Stage") == {"all": "", "token": "1", "sign-in": "1"}

    assert len(rows(office.get("/traces/?region=eu"))) == 1
    assert len(rows(office.get("/traces/?outcome=linked"))) == 2
    assert len(rows(office.get("/traces/?time=24h"))) == 3
    assert len(rows(office.get("/traces/?time=7d&outcome=failed"))) == 1
    assert len(rows(office.get(f"/traces/?person={attempts.SUB}"))) == 2
    both = office.get("/traces/?region=eu&outcome=linked")
    assert facet(both, "Result")["linked"] == "1"  # of this region
    assert facet(both, "Region")["North America"] == "1"  # of this result


def test_each_value_of_a_row_leads_to_those_that_share_it(office: Client) -> None:
    attempt = attempts.failed()
    row = soup(office.get("/traces/")).select_one("ol.attempts > li")
    assert row
    links = {str(link["href"]) for link in row.select("a")}
    assert {
        "/traces/?outcome=failed",
        f"/traces/?cause={attempt.finding}",
        "/traces/?region=na",
        "/traces/?client=ours",
        "/traces/?language=en-US",
        f"/traces/?person={attempts.SUB}",
        f"/traces/{attempt.reference}/",
    } <= links
    for link in links:
        assert len(rows(office.get(link))) == 1 or attempt.reference in link, link


def test_a_row_is_a_link_and_a_fold(office: Client) -> None:
    """From one attempt to the next it is two steps with the keyboard."""
    attempt = attempts.failed()
    row = soup(office.get("/traces/")).select_one("ol.attempts > li")
    assert row
    stops = [each for each in row.select("a, summary") if not each.find_parent("ul")]
    assert [each.name for each in stops] == ["a", "summary"]
    assert stops[0]["href"] == f"/traces/{attempt.reference}/"


def test_what_is_rare_is_folded_away_until_it_is_chosen(office: Client) -> None:
    attempts.failed()
    attempts.left()

    def folded(query: str) -> tuple[list[str], bool]:
        fold = soup(office.get(f"/traces/{query}")).select_one("nav > details")
        assert fold
        return [text(title) for title in fold.select("h3")], fold.has_attr("open")

    titles, is_open = folded("")
    assert titles == ["Stage", "Cause", "Region"]
    assert not is_open
    assert not folded("?outcome=failed&time=7d")[1]
    assert folded("?region=na")[1]
    assert folded(f"?person={attempts.SUB}") == ([*titles, "Person"], True)


def test_a_cause_has_one_short_name(office: Client) -> None:
    attempt = attempts.failed()
    page = office.get("/traces/")
    assert "-" in attempt.finding
    assert attempt.finding in facet(page, "Cause")
    assert text(soup(page).select_one(".cause code")) == attempt.finding
    with override_settings(OAUTH_TRACE=True):
        assert attempt.finding in text(soup(office.get("/admin/")).find(id="attempts"))


def test_more_causes_than_fit_are_behind_a_fold(office: Client) -> None:
    codes = [rule.code for rule in rules()[: filters.MOST_OPTIONS + 3]]
    for number, code in enumerate(codes):
        for _ in range(2 if number else 1):  # the first is the rarest
            Attempt.objects.begin(outcome="failed", finding=code)
    page = office.get("/traces/")
    assert facet(page, "Cause").keys() == {"all", *codes}
    fold = soup(page).select_one(".facet details")
    assert text(fold and fold.summary) == "3 more"
    assert codes[0] in text(fold)
    # the chosen one is to be seen
    chosen = soup(office.get(f"/traces/?cause={codes[0]}")).select_one(".facet details")
    assert codes[0] not in text(chosen)
    assert facet(office.get(f"/traces/?cause={codes[0]}"), "Cause")[codes[0]] == "1"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "1 attempt"),
        ("time=24h", "1 attempt in the last 24 hours"),
        ("outcome=failed", "1 attempt of this kind"),
        ("region=na&time=7d", "1 attempt of this kind in the last 7 days"),
        ("pinned=1", "0 attempts of this kind"),
    ],
)
def test_the_heading_says_what_is_counted(office: Client, query: str, said: str) -> None:
    attempts.failed()
    assert text(soup(office.get(f"/traces/?{query}")).find(id="attempts-title")) == said


def test_list_and_page_agree_how_long_it_took(office: Client) -> None:
    for attempt, took in ((attempts.failed(milliseconds=900), "2 min 1 s"), (attempts.left(), "")):
        (row,) = [each for each in rows(office.get("/traces/")) if attempt.reference in each]
        page = soup(office.get(f"/traces/{attempt.reference}/")).select_one(".facts-line")
        for said in (row, text(page)):
            assert ("took" in said) == bool(took), said
            assert took in said


def test_a_link_that_works_misses_nothing(office: Client) -> None:
    attempts.linked()
    (row,) = rows(office.get("/traces/"))
    assert "refresh: not yet" in row
    assert "first skill request: not yet" in row
    assert "refresh: not yet" in office.get("/traces/attempts.csv").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "outcome=nonsense",
        "time=1y",
        "cause=<script>",
        "region=%00",
        "stage=x&client=x",
        "before=1e999",
        "before=99999999999999999999",
        "person=%27%20OR%201",
        "language=%ff",
        "live=2&pinned=yes",
    ],
)
def test_what_is_no_value_does_not_filter(office: Client, query: str) -> None:
    attempts.linked()
    page = office.get(f"/traces/?{query}")
    assert page.status_code == 200
    assert len(rows(page)) == 1
    assert "of this kind" not in main(page)


def test_older_than_the_latest_few_thousand(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefs, "MOST", 2)
    oldest = attempts.linked(at=timezone.now() - timedelta(days=3))
    for days in (2, 1):
        attempts.linked(at=timezone.now() - timedelta(days=days))
    page = office.get("/traces/")
    assert "Counted are the latest 2 here" in main(page)
    assert len(rows(page)) == 2
    link = soup(page).find("a", string="older ones")
    assert link
    (row,) = rows(office.get(str(link["href"])))
    assert oldest.reference in row


def test_pages(office: Client) -> None:
    attempts.many(35)
    assert len(rows(office.get("/traces/"))) == 30
    assert len(rows(office.get("/traces/?page=2"))) == 6
    assert office.get("/traces/?page=x").status_code == 404


def test_found_by_what_somebody_reads_out(office: Client) -> None:
    attempt = attempts.linked()
    said = f" {attempt.reference[:2]}-{attempt.reference[2:].lower()} "
    found = office.get("/traces/find/", {"reference": said})
    assert found["Location"] == f"/traces/{attempt.reference}/"
    assert office.get("/traces/find/", {"reference": " / "})["Location"] == "/traces/"


def test_live_it_answers_only_when_something_changed(office: Client) -> None:
    attempts.linked()
    page = office.get("/traces/?live=1")
    part = soup(page).find(id="attempts")
    assert part
    assert part["hx-trigger"] == "every 3s"
    address = str(part["hx-get"])
    assert office.get(address, headers=HTMX).status_code == 204

    attempts.failed()
    changed = office.get(address, headers=HTMX)
    assert changed.status_code == 200
    assert len(rows(changed)) == 2
    assert b"<html" not in changed.content
    again = soup(changed).find(id="attempts")
    assert again
    assert office.get(str(again["hx-get"]), headers=HTMX).status_code == 204
    # without scripts the same address is a page
    assert b"<html" in office.get(address).content


def test_still_it_does_not_ask(office: Client) -> None:
    attempts.linked()
    part = soup(office.get("/traces/")).find(id="attempts")
    assert part
    assert not part.has_attr("hx-get")


def test_a_quiet_one_is_judged_when_somebody_looks(office: Client) -> None:
    attempt = attempts.left()
    Attempt.objects.update(
        outcome=Outcome.OPEN, finding="", updated_at=timezone.now() - timedelta(minutes=11)
    )
    (row,) = rows(office.get("/traces/"))
    assert "not finished" in row
    attempt.refresh_from_db()
    assert attempt.outcome == Outcome.GAVE_UP


def test_the_chart_says_in_words_what_it_draws(office: Client) -> None:
    now = timezone.now()
    attempts.linked(at=now)
    attempts.failed(at=now)
    attempts.linked(at=now - timedelta(days=2))
    days = [text(day) for day in soup(office.get("/traces/")).select("ol.days li")]
    assert len(days) == 3
    assert days[0].endswith(": 1 linked")
    assert days[1].endswith(": none")
    assert days[2].endswith(": 1 linked, 1 failed")


def test_the_days_of_the_chart_are_those_of_the_rows(office: Client, operator: User) -> None:
    operator.profile.time_zone = "Asia/Tokyo"
    operator.profile.save()
    late = (timezone.now() - timedelta(days=2)).replace(hour=23, minute=30)
    attempts.linked(at=late)
    attempts.linked(at=late - timedelta(days=1))
    page = office.get("/traces/")
    next_day = f"{late + timedelta(days=1):%Y-%m-%d}"
    assert f"{next_day} 08:30" in rows(page)[0]
    assert f"{next_day}: 1 linked" in text(soup(page).select("ol.days li")[-1])


def test_as_a_file_no_cell_is_a_formula(office: Client) -> None:
    attempts.linked(language="=1+1", sub="@SUM(A1)")
    attempts.failed()
    answer = office.get("/traces/attempts.csv?outcome=linked")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(table) == 2  # the heading, and the one of this kind
    assert "'=1+1" in table[1]
    assert not [cell for cell in table[1] if cell.startswith(("=", "@", "+", "-"))]


def test_the_file_does_not_say_who(office: Client) -> None:
    attempts.linked()
    assert attempts.SUB not in office.get("/traces/attempts.csv").content.decode()


def test_who_leads_to_the_person_for_who_may_see_them(office: Client, operator: User) -> None:
    person = User.objects.for_sub(attempts.SUB, door=Door.VOICE)
    attempts.linked()
    link = f"/admin/accounts/user/{person.pk}/change/"
    assert soup(office.get("/traces/")).find("a", href=link)

    group = operator.groups.get()
    group.permissions.remove(group.permissions.get(codename="view_user"))
    assert not soup(office.get("/traces/")).find("a", href=link)


def test_recording_and_nothing_arrives(office: Client) -> None:
    begun = timezone.now() - timedelta(minutes=11)
    Span.objects.create(started_at=begun, ends_at=begun + timedelta(hours=1))
    attempts.linked(at=begun - timedelta(hours=1))  # before
    with override_settings(OAUTH_TRACE=True):
        for path in ("/traces/", "/traces/?outcome=linked"):
            findings = soup(office.get(path)).select("#attempts .finding")
            assert findings, path
            assert "To mend it:" in text(findings[0])
        attempts.linked(at=begun + timedelta(minutes=1))
        for path in ("/traces/", "/traces/?outcome=failed", "/traces/?pinned=1"):
            assert not soup(office.get(path)).select("#attempts .finding"), path


def test_just_switched_on_it_waits(office: Client) -> None:
    now = timezone.now()
    Span.objects.create(started_at=now, ends_at=now + timedelta(hours=1))
    with override_settings(OAUTH_TRACE=True):
        said = main(office.get("/traces/"))
    assert "Recording until" in said
    assert "To mend it:" not in said


def test_the_site_speaks_english_here_whatever_its_language(office: Client) -> None:
    attempts.failed()
    office.cookies["doors_language"] = "ar"
    page = soup(office.get("/traces/", headers={"Accept-Language": "ar"}))
    part = page.select_one("main > .traces")
    assert part
    assert (part["lang"], part["dir"]) == ("en", "ltr")


@pytest.mark.parametrize("path", ["/traces/", "/traces/?live=1&outcome=failed"])
def test_it_takes_few_statements(office: Client, path: str) -> None:
    begun = timezone.now() - timedelta(minutes=11)
    Span.objects.create(started_at=begun, ends_at=begun + timedelta(hours=1))
    attempts.many()
    Attempt.objects.filter(outcome=Outcome.GAVE_UP).update(
        outcome=Outcome.OPEN, updated_at=begun
    )  # to be judged anew
    with override_settings(OAUTH_TRACE=True):
        assert statements(office, path) <= MOST_STATEMENTS
