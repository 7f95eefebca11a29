"""One attempt: its verdict, what went over the wire, what can be done with it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import DELETION, LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Door, User
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Attempt, Event, Outcome, Stage, Viewing
from tests.companion.conftest import SignIn
from tests.companion.pages import form_to, main, soup, statements, text
from tests.companion.traces import attempts

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 12
SECRETS = (
    "alexa-secret",
    "another-secret-0123456789",
    "code-of-the-pool",
    "state-of-alexa",
    "planted-refresh-token-0123456789",
)


def address(attempt: Attempt, more: str = "") -> str:
    return f"/traces/{attempt.reference}/{more}"


def part(response: Any, heading: str) -> str:
    """The section under this heading."""
    found = soup(response).find("section", attrs={"aria-labelledby": heading})
    return text(found) if found else ""


def test_the_verdict_shows_what_differs_and_where_to_mend_it(office: Client) -> None:
    attempt = attempts.failed()
    page = office.get(address(attempt))
    said = part(page, "verdict")
    finding = page.context["made"].main
    assert finding.code == attempt.finding
    assert finding.rule.cause in said
    assert len(finding.evidence) >= 2
    for each in finding.evidence:
        assert each.label in said
        assert each.value in said
    assert "To mend it:" in said
    assert finding.rule.source in said
    assert f"Failed · {attempt.reference}" in text(soup(page).title)


@pytest.mark.parametrize("problem", ["timeout", "unreachable", "tls", "too_long", "broken"])
def test_why_there_was_no_answer_is_a_sentence(office: Client, problem: str) -> None:
    sent, _ = attempts.token()
    attempt = attempts.store((Stage.TOKEN, (sent, Message(problem=problem))))
    (line,) = soup(office.get(address(attempt))).select(".sides > .side:last-child > .wire-line")
    assert text(line).endswith(".")


def test_a_linked_one_has_nothing_to_mend(office: Client) -> None:
    said = part(office.get(address(attempts.linked())), "verdict")
    assert "Linked, and nothing is wrong with it." in said
    assert "To mend it:" not in said.partition("Also noticed")[0]


def test_the_failing_exchange_is_open_and_the_others_are_not(office: Client) -> None:
    page = soup(office.get(address(attempts.failed())))
    exchanges = page.select("details.exchange")
    assert [each.has_attr("open") for each in exchanges] == [False, False, True]
    assert "3. token 400 Bad Request" in text(exchanges[2])
    request, response = exchanges[2].select(".side")
    assert "POST http://localhost:8000/oauth/token" in text(request)
    assert "grant_type authorization_code" in text(request)
    assert "error invalid_client" in text(response)


def test_tokens_are_told_by_header_claims_and_a_short_hash(office: Client) -> None:
    page = soup(office.get(address(attempts.linked())))
    response = text(page.select("details.exchange")[2].select(".side")[1])
    for words in ("alg RS256", "token_use access", "characters)", "UTC)"):
        assert words in response, words


def test_the_timeline_names_what_was_not_reached(office: Client) -> None:
    lanes = [text(lane) for lane in soup(office.get(address(attempts.left()))).select(".lane")]
    assert len(lanes) == 6
    assert "authorize browser" in lanes[0]
    assert "nobody came back" in lanes[1]
    assert "token Alexa not reached" in lanes[3]


def test_each_parameter_has_a_word_and_a_mark(office: Client) -> None:
    page = soup(office.get(address(attempts.failed())))
    checks = {text(row.th): text(row.td) for row in page.select(".checks-table tbody tr")}
    assert checks["client secret"] == "differs"
    assert checks["state, there and back"] == "equal"
    assert checks["redirect_uri, in both calls"] == "equal"
    assert checks["client id, for tokens"] == "ours"


def test_it_can_be_sent_again_with_variables(office: Client) -> None:
    page = soup(office.get(address(attempts.failed())))
    command = page.find(id="curl-3")
    assert command
    assert "curl -sS -i" in text(command)
    assert '"$CLIENT_SECRET"' in text(command)
    assert '"$CODE"' in text(command)
    assert "$CLIENT_SECRET , $CODE" in text(page.select("details.exchange")[2])


@pytest.mark.parametrize("path", ["", "report.json", "report.md"])
def test_nothing_secret_is_on_it(office: Client, path: str) -> None:
    for attempt in (attempts.failed(), attempts.linked()):
        content = office.get(address(attempt, path)).content.decode()
        assert attempt.reference in content
        for secret in SECRETS:
            assert secret not in content, secret


def test_the_report_says_what_the_page_says_but_not_who(office: Client) -> None:
    attempt = attempts.linked(site_sub="site-sub-0123456789")
    answer = office.get(address(attempt, "report.json"))
    assert "attachment" in answer["Content-Disposition"]
    data = json.loads(answer.content)
    assert data["reference"] == attempt.reference
    assert data["stages"]["callback"] == "ok"
    assert [each["stage"] for each in data["exchanges"]] == ["authorize", "callback", "token"]
    words = office.get(address(attempt, "report.md")).content.decode()
    assert f"# Linking attempt {attempt.reference}: " in words
    for report in (answer.content.decode(), words):
        assert attempts.SUB not in report
        assert "site-sub-0123456789" not in report
        assert "3f0c1b1e…" in report


def test_text_of_others_is_no_markup_of_the_report(office: Client) -> None:
    report = office.get(address(attempts.hostile(), "report.md")).content.decode()
    for line in report.splitlines():
        outside = "".join(line.split("`")[::2])
        assert "<script>" not in outside, line
        assert "$(" not in outside, line
    assert "\u202e" not in report


def test_that_it_was_looked_at_is_written_down_once_an_hour(
    office: Client, operator: User, sign_in: SignIn
) -> None:
    attempt = attempts.linked()
    for _ in range(3):
        page = office.get(address(attempt))
    office.get(address(attempt, "report.json"))
    assert Viewing.objects.count() == 1
    assert operator.sub in main(page).partition("Seen by")[2]

    Viewing.objects.update(at=timezone.now() - timedelta(hours=1, minutes=1))
    office.get(address(attempt))
    assert Viewing.objects.count() == 2
    other = User.objects.for_sub("sub-boss", door=Door.WEB)
    other.is_staff = other.is_superuser = True
    other.save()
    sign_in(other).get(address(attempt))
    assert Viewing.objects.filter(viewer=other).count() == 1


def test_who_is_gone_still_counts_as_a_viewer(office: Client) -> None:
    attempt = attempts.linked()
    Viewing.objects.create(attempt=attempt, viewer=None)
    assert "somebody who is gone" in main(office.get(address(attempt)))


def test_its_person_and_their_other_attempts(office: Client) -> None:
    attempt = attempts.failed()
    earlier = attempts.linked(at=timezone.now() - timedelta(days=1))
    elsewhere = attempts.linked(sub="another-sub")
    said = text(soup(office.get(address(attempt))).aside)
    assert "has no account here: never on the website, or erased." in said
    assert earlier.reference in said
    assert elsewhere.reference not in said

    person = User.objects.for_sub(attempts.SUB, door=Door.VOICE)
    link = soup(office.get(address(attempt))).find(
        "a", href=f"/admin/accounts/user/{person.pk}/change/"
    )
    assert link


def test_the_same_cause_is_counted(office: Client) -> None:
    attempt = attempts.failed()
    assert "No other in 7 days." in main(office.get(address(attempt)))
    attempts.failed()
    attempts.failed(at=timezone.now() - timedelta(days=8))
    page = office.get(address(attempt))
    assert "1 other in 7 days." in main(page)
    link = soup(page).find("a", string="1 other")
    assert link
    assert "2 attempts" in main(office.get(str(link["href"])))


def test_it_is_judged_by_what_is_known_now(office: Client) -> None:
    attempt = attempts.failed()
    Attempt.objects.update(outcome=Outcome.OPEN, finding="", stages={})
    office.get(address(attempt))
    now = Attempt.objects.get()
    assert (now.outcome, now.finding) == (Outcome.FAILED, attempt.finding)
    assert now.stages[Stage.TOKEN] == "failed"


def test_looking_writes_no_verdict_that_is_there(office: Client) -> None:
    attempt = attempts.failed()
    office.get(address(attempt))
    assert statements(office, address(attempt)) <= MOST_STATEMENTS - 2


def test_an_incomplete_one_and_a_withheld_exchange_say_so(office: Client) -> None:
    attempt = attempts.store((Stage.AUTHORIZE, attempts.authorize()), (Stage.TOKEN, None))
    Attempt.objects.update(is_complete=False)
    said = main(office.get(address(attempt)))
    assert "This trace is incomplete" in said
    assert "Withheld: this exchange could not be redacted" in said


def test_one_without_any_exchange(office: Client) -> None:
    attempt = attempts.store()
    assert "Nothing of it was recorded." in main(office.get(address(attempt)))
    for report in ("report.json", "report.md"):
        assert office.get(address(attempt, report)).status_code == 200


@pytest.mark.parametrize("reference", ["22222", "nonsense!", "%00", "x" * 300, "AEIOU", "<b>"])
def test_one_that_is_not_here(office: Client, reference: str) -> None:
    for more in ("", "report.json", "report.md"):
        answer = office.get(f"/traces/{reference}/{more}")
        assert answer.status_code == 404
    assert "Traces are kept 14 days" in main(office.get(f"/traces/{reference}/"))
    assert "<b>" not in office.get("/traces/<b>/").content.decode().replace("<body>", "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("more", "meanwhile"),
    [
        ("", 'FROM "oauth_trace_event"'),
        ("", 'INTO "oauth_trace_viewing"'),
        ("report.json", 'INTO "oauth_trace_viewing"'),
        ("pin/", 'UPDATE "oauth_trace_attempt"'),
    ],
)
def test_one_that_goes_while_it_is_opened(
    office: Client, operator: User, more: str, meanwhile: str
) -> None:
    operator.is_superuser = True  # such a test's database is without the group of operators
    operator.save()
    attempt = attempts.failed()

    def deletes(execute: Any, sql: str, *rest: Any) -> Any:
        if meanwhile in sql:
            wrappers, connection.execute_wrappers = connection.execute_wrappers, []
            Attempt.objects.all().delete()
            connection.execute_wrappers = wrappers
        return execute(sql, *rest)

    with connection.execute_wrapper(deletes):
        ask = office.post if more == "pin/" else office.get
        answer = ask(address(attempt, more))
    assert not Attempt.objects.exists()
    assert answer.status_code == 404
    assert f"There is no attempt {attempt.reference}" in main(answer)


def test_a_look_takes_nothing_from_what_alexa_adds_meanwhile(office: Client) -> None:
    attempt = attempts.failed(sub="")
    Attempt.objects.update(outcome=Outcome.OPEN)  # so that it is judged anew

    def adds(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if 'FROM "oauth_trace_event"' in sql:
            wrappers, connection.execute_wrappers = connection.execute_wrappers, []
            Attempt.objects.update(sub=attempts.SUB)
            connection.execute_wrappers = wrappers
        return answer

    with connection.execute_wrapper(adds):
        office.get(address(attempt))
    now = Attempt.objects.get()
    assert (now.sub, now.outcome) == (attempts.SUB, Outcome.FAILED)


def test_small_letters_find_it(office: Client) -> None:
    attempt = attempts.linked()
    assert office.get(f"/traces/{attempt.reference.lower()}/").status_code == 200


def test_pinned_and_unpinned(office: Client) -> None:
    attempt = attempts.linked()
    page = office.get(address(attempt))
    there = address(attempt, "pin/")
    office.post(there, form_to(page, there))
    assert Attempt.objects.get().pinned
    page = office.get(address(attempt))
    assert "Pinned: it stays" in main(page)
    assert len(soup(office.get("/traces/?pinned=1")).select("ol.attempts > li")) == 1
    office.post(there, form_to(page, there))
    assert not Attempt.objects.get().pinned
    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert said == ["Pinned an attempt.", "Unpinned an attempt."]


def test_operators_do_not_delete(office: Client) -> None:
    attempt = attempts.linked()
    said = main(office.get(address(attempt)))
    assert "Delete…" not in said
    assert "Only an administrator can delete it before." in said
    assert "an administrator deletes it" in main(office.get("/traces/22222/"))
    assert office.get(address(attempt, "delete/")).status_code == 404
    assert office.post(address(attempt, "delete/")).status_code == 404
    assert Attempt.objects.exists()


def test_administrators_delete_after_a_question(office: Client, operator: User) -> None:
    operator.is_superuser = True
    operator.save()
    attempt = attempts.linked()
    asked = office.get(address(attempt, "delete/"))
    assert f"Delete attempt {attempt.reference}?" in main(asked)
    assert Attempt.objects.exists()
    there = address(attempt, "delete/")
    answer = office.post(there, form_to(asked, there), follow=True)
    assert f"Attempt {attempt.reference} is deleted." in main(answer)
    assert not Attempt.objects.exists()
    assert not Event.objects.exists()
    assert LogEntry.objects.get().action_flag == DELETION
    assert office.post(there).status_code == 404


def test_strangers_find_and_change_nothing(stranger: User, sign_in: SignIn) -> None:
    attempt = attempts.linked(sub=stranger.sub)  # not even their own
    browser = sign_in(stranger)
    for more in ("", "report.json", "report.md", "pin/", "delete/"):
        for ask in (browser.get, browser.post):
            answer = ask(address(attempt, more), {"pinned": "1"})
            assert answer.status_code in {404, 405}, more
            assert attempt.reference not in answer.content.decode().replace(
                address(attempt, more), ""
            )
    assert not Attempt.objects.get().pinned
    assert not Viewing.objects.exists()


def test_a_get_changes_nothing(office: Client) -> None:
    attempt = attempts.linked()
    assert office.get(address(attempt, "pin/")).status_code == 405
    assert office.get("/traces/on/").status_code == 405
    assert office.get("/traces/off/").status_code == 405


def test_hostile_values_stay_text(office: Client, operator: User) -> None:
    operator.is_superuser = True
    operator.save()
    attempt = attempts.hostile()
    plain = {
        tag.name
        for made in (attempts.linked(), attempts.failed())
        for tag in soup(office.get(address(made))).find_all()
    }
    for path in (
        address(attempt),
        "/traces/",
        f"/traces/?outcome={attempt.outcome}",
        address(attempt, "delete/"),
    ):
        answer = office.get(path)
        assert answer.status_code == 200
        _nothing_foreign(answer, plain)


def _nothing_foreign(answer: Any, plain: set[str]) -> None:
    """No tag, attribute or address that came with a stored value."""
    page = BeautifulSoup(answer.content, "html.parser")
    listed = {"ol", "li", "form", "input", "button", "nav", "time", "label", "h1"}
    assert {tag.name for tag in page.find_all()} <= plain | listed
    for tag in page.find_all():
        assert not [name for name in tag.attrs if name.startswith("on") or name == "style"], tag
        for name in ("href", "src", "action"):
            assert str(tag.get(name, "/")).startswith(("/", "https://", "#", "?")), tag
    for script in page.find_all("script"):
        assert script.get("src"), script
        assert not script.string, script
    # a character that turns text around ends with its own element
    for found in page.find_all(string=lambda each: "\u202e" in each or "\u2066" in each):
        inside = {parent.name for parent in found.parents}
        assert inside & {"bdi", "title"}, (str(found)[:80], inside)


def test_it_takes_few_statements(office: Client) -> None:
    User.objects.for_sub(attempts.SUB, door=Door.VOICE)
    for _ in range(8):
        attempt = attempts.failed()
    Attempt.objects.update(finding="", outcome=Outcome.OPEN)  # to be judged, and viewed first
    assert statements(office, address(attempt)) <= MOST_STATEMENTS


def test_other_causes_that_look_the_same_are_offered(office: Client) -> None:
    # of a code that is refused it shows no more than that; a secret that differs is certain
    refused = attempts.token(status=400, answer={"error": "invalid_client"})
    page = office.get(address(attempts.store((Stage.TOKEN, refused))))
    assert "that would look like this" in part(page, "verdict")
    assert not office.get(address(attempts.failed())).context["made"].possible
    possible, main = page.context["made"].possible, page.context["made"].main
    assert possible
    assert {rule.seen for rule in possible} == {main.rule.seen}
    assert main.rule not in possible
    # who went away may have seen an error that does not show here
    gone = office.get(address(attempts.left())).context["made"]
    assert {rule.stage for rule in gone.possible} == {Stage.LOGIN}
    assert len({rule.seen for rule in gone.possible}) > 1
    assert office.get(address(attempts.linked())).context["made"].possible == ()
