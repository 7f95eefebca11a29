from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.oauth_trace.models import Attempt as Traced
from accounts.pool.console import SCOPES
from skill_endpoint.models import AccountLink
from tests.companion.conftest import SignIn
from tests.companion.pages import form_to, main, soup, statements, text

START, PROGRESS = "/alexa-link/start/", "/alexa-link/progress/"
HTMX = {"HX-Request": "true"}


def link(
    user: User, alexa_user_id: str = "amzn1.ask.account.AAAA7F3K", **fields: Any
) -> AccountLink:
    return AccountLink.objects.create(
        application_id="skill",
        alexa_user_id=alexa_user_id,
        user=user,
        **{"linked_at": timezone.now() - timedelta(days=40), **fields},
    )


def test_it_asks_visitors_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/alexa-link/")["Location"] == "/accounts/login/?next=/alexa-link/"


def test_it_says_why_and_how_to_link(sign_in: SignIn, stranger: User) -> None:
    answer = sign_in(stranger).get("/alexa-link/")
    assert "Not linked" in text(soup(answer).title)
    assert len(soup(answer).select("main > section .ticks li")) == 3
    assert "Open the Alexa app" in main(answer)
    assert "csrfmiddlewaretoken" in form_to(answer, "/alexa-link/start/")


def test_it_names_no_simulator_outside_development(
    sign_in: SignIn, stranger: User, settings: Any
) -> None:
    settings.DEV_TOOLS = False
    assert "/dev/" not in sign_in(stranger).get("/alexa-link/").content.decode()


def test_it_says_what_alexa_gets_truthfully(sign_in: SignIn, stranger: User) -> None:
    codes = {code.get_text() for code in soup(sign_in(stranger).get("/alexa-link/")).select("code")}
    assert codes == set(SCOPES)  # what the pool's app client of the skill may ask for


def test_it_says_since_when_a_link_works(sign_in: SignIn, linked: User) -> None:
    link(linked, last_used_at=timezone.now() - timedelta(hours=2))
    answer = sign_in(linked).get("/alexa-link/")
    assert "Linked and working" in text(soup(answer).title)
    assert "2 hours ago" in main(answer)
    assert "…AAAA7F3K" in main(answer)
    assert "Skills & Games" not in main(answer)


def test_it_says_why_to_link_again(sign_in: SignIn, linked: User) -> None:
    noticed = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)
    link(linked, refused_at=noticed, refused_reason="expired")
    linked.profile.time_zone = "Asia/Tokyo"
    linked.profile.save()
    answer = sign_in(linked).get("/alexa-link/")
    assert "Needs linking again" in text(soup(answer).title)
    assert "expired and was not renewed. Noticed on November 4." in main(answer)
    assert len(soup(answer).select('form[action="/alexa-link/start/"]')) == 1


@pytest.mark.parametrize("reason", ["signature", "unknown_key", "", "a reason of the future"])
def test_it_has_words_for_every_reason(sign_in: SignIn, linked: User, reason: str) -> None:
    link(linked, refused_at=timezone.now(), refused_reason=reason)
    assert "is not accepted any more" in main(sign_in(linked).get("/alexa-link/"))


def test_it_says_that_the_skill_was_switched_off(sign_in: SignIn, linked: User) -> None:
    link(linked, disabled_at=timezone.now())
    assert "What you saved is still here" in main(sign_in(linked).get("/alexa-link/"))


def test_it_lists_every_household_and_calls_the_best_state(sign_in: SignIn, linked: User) -> None:
    link(linked, "old", disabled_at=timezone.now())
    link(linked, "voice", person_id="p", refused_at=timezone.now(), refused_reason="expired")
    link(linked, "new")
    answer = sign_in(linked).get("/alexa-link/")
    assert "Linked and working" in text(soup(answer).title)
    cards = [text(card) for card in soup(answer).select('section[aria-labelledby^="link-"]')]
    assert [card.rsplit("…", 1)[1].split()[0] for card in cards] == ["new", "voice", "old"]
    assert "A voice that Alexa recognizes" in cards[1]


def test_it_shows_a_household_with_its_voices_once(sign_in: SignIn, linked: User) -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    link(linked, refused_at=hour_ago, refused_reason="expired")
    link(linked, person_id="p1", last_used_at=timezone.now())
    link(linked, person_id="p2")
    page = sign_in(linked).get("/alexa-link/")
    (card,) = soup(page).select('section[aria-labelledby^="link-"]')
    assert main(page).count("Linked and working") == 1  # they all come with one token
    assert "Recognized voices 2" in text(card)
    assert "within the last hour" in text(card)


def test_it_pages(sign_in: SignIn, linked: User) -> None:
    for number in range(12):
        link(linked, f"AAAA{number:04}")
    pages = [sign_in(linked).get(f"/alexa-link/?page={page}") for page in (1, 2)]
    shown = [text(code) for page in pages for code in soup(page).select("dd code")]
    assert (len(shown), len(set(shown))) == (12, 12)
    assert sign_in(linked).get("/alexa-link/?page=3").status_code == 404


def test_it_shows_no_link_of_others(sign_in: SignIn, linked: User, stranger: User) -> None:
    link(linked)
    page = main(sign_in(stranger).get("/alexa-link/"))
    assert "Not linked" in page
    assert "7F3K" not in page


def test_it_takes_few_statements_with_many_links(sign_in: SignIn, linked: User) -> None:
    for number in range(30):
        link(linked, str(number))
    assert statements(sign_in(linked), "/alexa-link/") <= 6


# --- linking -----------------------------------------------------------------------------------


def test_linking_begins_by_a_form_and_is_watched(sign_in: SignIn, stranger: User) -> None:
    browser = sign_in(stranger)
    assert browser.get(START).status_code == 405
    assert browser.get(PROGRESS)["Location"] == "/alexa-link/"  # nothing was begun
    assert browser.post(START)["Location"] == PROGRESS

    page = browser.get(PROGRESS)
    assert "Linking Alexa…" in text(soup(page).title)
    watched = soup(page).select_one("#linking")
    assert watched
    assert (watched["hx-get"], watched["hx-trigger"]) == (PROGRESS, "every 3s")
    step = soup(page).select_one('[aria-current="step"]')
    assert "Allow in Alexa" in text(step)
    (onward,) = soup(page).select('a[target="_blank"]')
    assert (onward["href"], onward["rel"]) == ("/dev/alexa/", ["noopener"])
    assert soup(page).select_one(f'a.button[href="{PROGRESS}"]')  # without JavaScript
    assert browser.get(PROGRESS, headers=HTMX).status_code == 204
    assert "Linking is under way" in main(browser.get("/alexa-link/"))


@pytest.mark.parametrize(
    ("language", "host"),
    [("en", "amazon.com"), ("de", "amazon.de"), ("ja", "amazon.co.jp"), ("fr", "amazon.com")],
)
def test_it_leads_to_the_skill_at_amazon(
    sign_in: SignIn, stranger: User, settings: Any, language: str, host: str
) -> None:
    settings.DEV_TOOLS = False
    settings.ALEXA_SKILL_IDS = ["amzn1.ask.skill.1"]
    stranger.profile.language = language
    stranger.profile.save()
    browser = sign_in(stranger)
    browser.post(START)
    (onward,) = soup(browser.get(PROGRESS)).select('a[target="_blank"]')
    skill = "apis/custom/skills/amzn1.ask.skill.1/launch"
    assert onward["href"] == f"https://alexa-skills.{host}/{skill}"


def test_without_a_skill_it_leads_nowhere(sign_in: SignIn, stranger: User, settings: Any) -> None:
    settings.DEV_TOOLS, settings.ALEXA_SKILL_IDS = False, []
    browser = sign_in(stranger)
    browser.post(START)
    page = browser.get(PROGRESS)
    assert not soup(page).select('a[target="_blank"]')
    assert "Skills & Games" in main(page)


@pytest.mark.parametrize(
    "before",
    [
        None,
        {},
        {"refused_at": timezone.now(), "refused_reason": "expired"},
        {"unlinked_at": timezone.now()},
    ],
)
def test_it_notices_that_linking_is_done(
    sign_in: SignIn, linked: User, before: dict[str, Any] | None
) -> None:
    """For the first time, once more with another household, and again after it was lost."""
    if before is not None:
        old = link(linked, "old", **before)
    browser = sign_in(linked)
    browser.post(START)
    assert browser.get(PROGRESS, headers=HTMX).status_code == 204
    if before:
        AccountLink.objects.filter(pk=old.pk).update(
            linked_at=timezone.now(), refused_at=None, refused_reason="", unlinked_at=None
        )
    else:
        link(linked, "new", linked_at=timezone.now())

    assert browser.get(PROGRESS, headers=HTMX)["HX-Redirect"] == "/alexa-link/"
    page = browser.get("/alexa-link/")
    assert "Alexa is linked to your account." in main(page)
    assert browser.get(PROGRESS)["Location"] == "/alexa-link/"  # and it is told once
    assert "Alexa is linked to your account." not in main(browser.get("/alexa-link/"))


def test_it_notices_without_the_page_of_progress(sign_in: SignIn, linked: User) -> None:
    browser = sign_in(linked)
    browser.post(START)
    link(linked, linked_at=timezone.now())
    assert "Alexa is linked" in main(browser.get("/alexa-link/", follow=True))


@pytest.mark.parametrize("minutes", [2, 14])
def test_after_two_minutes_it_says_what_usually_helps(
    sign_in: SignIn, stranger: User, minutes: int
) -> None:
    browser = sign_in(stranger)
    browser.post(START)
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes, seconds=1)):
        part = browser.get(PROGRESS, headers=HTMX)
        assert part.status_code == 200
        watched = soup(part).select_one("#linking")
        assert watched
        assert not watched.has_attr("hx-trigger")  # it asks no more
        assert text(watched.h1) == "Linking did not finish"
        assert "Linking did not finish" in text(soup(part).title)
        page = browser.get(PROGRESS)
        assert "Linking did not finish" in text(soup(page).title)
        assert soup(page).select_one('a[href="/help/linking/"]')
        assert "csrfmiddlewaretoken" in form_to(page, START)
        assert "Linking did not finish" in text(soup(browser.get("/alexa-link/")).title)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "did not finish" not in main(browser.get("/alexa-link/"))
        assert browser.get(PROGRESS)["Location"] == "/alexa-link/"


def test_it_says_when_alexa_came_with_what_does_not_count(sign_in: SignIn, linked: User) -> None:
    old = link(linked)
    browser = sign_in(linked)
    browser.post(START)
    AccountLink.objects.filter(pk=old.pk).update(refused_at=timezone.now(), refused_reason="client")
    assert "a sign-in that we cannot accept" in main(browser.get(PROGRESS))


# --- what the trace knows of it ----------------------------------------------------------------

SET_UP = {"outcome": "failed", "finding": "redirect-uri-unknown"}


def failed_page(browser: Client, path: str = PROGRESS) -> Any:
    """Three minutes after they began."""
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        return browser.get(path)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (SET_UP, "It is not your fault"),
        ({"outcome": "gave_up", "finding": "person-cancelled"}, "You left the sign-in page"),
        ({"outcome": "gave_up", "finding": "page-closed"}, "The sign-in page was closed"),
        ({"outcome": "open"}, "We have heard nothing from Alexa yet"),
        ({"outcome": "linked", "sub": "sub-stranger"}, "Alexa has not told us yet"),
        ({"outcome": "linked", "stages": {"skill": "failed"}}, "It is not your fault"),
        ({"outcome": "linked", "sub": "sub-other"}, "You signed in with another account"),
    ],
)
def test_it_says_what_the_trace_found_and_its_reference(
    sign_in: SignIn, stranger: User, settings: Any, fields: dict[str, Any], said: str
) -> None:
    settings.OAUTH_TRACE, settings.SUPPORT_URL = True, "https://example.com/help"
    browser = sign_in(stranger)
    browser.post(START)
    attempt = Traced.objects.begin(site_sub=stranger.sub, **fields)
    for path in (PROGRESS, "/alexa-link/"):
        page = failed_page(browser, path)
        assert said in text(soup(page).select_one(".notice.error:not([hidden])"))
        assert text(soup(page).select_one("#reference")) == attempt.reference
        assert soup(page).select_one('button[data-copy="reference"]')
        assert soup(page).select_one('main a[href="https://example.com/help"]')
        assert "What usually helps" not in main(page)
        assert "csrfmiddlewaretoken" in form_to(page, START)


def test_a_sign_in_page_was_closed_only_after_ten_minutes(
    sign_in: SignIn, stranger: User, settings: Any
) -> None:
    settings.OAUTH_TRACE = True
    browser = sign_in(stranger)
    browser.post(START)
    attempt = Traced.objects.begin(site_sub=stranger.sub, outcome="open")
    for minutes, is_closed in ((9, False), (11, True)):
        with time_machine.travel(attempt.updated_at + timedelta(minutes=minutes)):
            assert ("The sign-in page was closed" in main(browser.get(PROGRESS))) == is_closed


def test_it_gives_no_reference_of_others_or_of_before(
    sign_in: SignIn, stranger: User, linked: User, settings: Any
) -> None:
    settings.OAUTH_TRACE = True
    long_ago = timezone.now() - timedelta(hours=1)
    Traced.objects.begin(sub=stranger.sub, started_at=long_ago, **SET_UP)
    browser = sign_in(stranger)
    browser.post(START)
    Traced.objects.begin(sub=linked.sub, **SET_UP)
    Traced.objects.begin(**SET_UP)
    page = failed_page(browser)
    assert soup(page).select_one("#reference") is None
    assert "What usually helps" in main(page)


@pytest.mark.parametrize(
    ("fields", "is_over"),
    [
        (SET_UP, True),
        ({"outcome": "gave_up", "finding": "person-cancelled"}, True),
        ({"outcome": "open"}, False),
        ({"outcome": "gave_up", "finding": "page-closed"}, False),
        ({"outcome": "linked"}, False),  # the skill has not heard of it yet
    ],
)
def test_what_the_trace_saw_fail_ends_the_waiting(
    sign_in: SignIn, stranger: User, settings: Any, fields: dict[str, Any], is_over: bool
) -> None:
    settings.OAUTH_TRACE = True
    browser = sign_in(stranger)
    browser.post(START)
    attempt = Traced.objects.begin(site_sub=stranger.sub, **fields)
    polled = browser.get(PROGRESS, headers=HTMX)
    assert polled.status_code == (200 if is_over else 204)
    for path in (PROGRESS, "/alexa-link/"):
        page = browser.get(path)
        told = soup(page).select_one("#reference")
        assert (told is not None) == is_over, path
        assert ("Linking did not finish" in text(soup(page).title)) == is_over, path
        assert told is None or text(told) == attempt.reference


@pytest.mark.parametrize("known_by", ["sub", "site_sub", None])
def test_a_failure_of_somebody_else_ends_no_waiting(
    sign_in: SignIn, stranger: User, linked: User, settings: Any, known_by: str | None
) -> None:
    settings.OAUTH_TRACE = True
    browser = sign_in(stranger)
    browser.post(START)
    whose = {known_by: linked.sub} if known_by else {}
    Traced.objects.begin(**whose, **SET_UP)
    assert browser.get(PROGRESS, headers=HTMX).status_code == 204
    for path in (PROGRESS, "/alexa-link/"):
        page = browser.get(path)
        assert "Linking did not finish" not in text(soup(page).title), path
        assert soup(page).select_one("#reference") is None, path


def test_a_linking_that_worked_after_all_is_no_failure(
    sign_in: SignIn, linked: User, settings: Any
) -> None:
    settings.OAUTH_TRACE = True
    browser = sign_in(linked)
    browser.post(START)
    Traced.objects.begin(site_sub=linked.sub, **SET_UP)
    link(linked, linked_at=timezone.now())
    assert browser.get(PROGRESS, headers=HTMX)["HX-Redirect"] == "/alexa-link/"


@pytest.mark.parametrize("is_linked", [False, True])
def test_it_tells_of_a_failure_in_the_alexa_app(
    sign_in: SignIn, linked: User, settings: Any, is_linked: bool
) -> None:
    """Nothing was begun on the website; a household that was linked before may stand beside."""
    settings.OAUTH_TRACE, settings.SUPPORT_URL = True, "https://example.com/help"
    if is_linked:
        link(linked)
    hours = [timezone.now() - timedelta(hours=each) for each in (5, 2)]
    _older, newer = (
        Traced.objects.begin(site_sub=linked.sub, started_at=at, updated_at=at, **SET_UP)
        for at in hours
    )
    page = sign_in(linked).get("/alexa-link/")
    said = text(soup(page).select_one(".notice.error:not([hidden])"))
    assert "Linking did not finish. It is not your fault" in said
    assert "2 hours ago" in said
    assert text(soup(page).select_one("#reference")) == newer.reference
    state = "Linked and working" if is_linked else "Not linked"
    assert state in text(soup(page).title)
    settings.OAUTH_TRACE = False
    assert soup(sign_in(linked).get("/alexa-link/")).select_one("#reference") is None


@pytest.mark.parametrize("since", ["a day", "an attempt", "a link", "nothing of theirs"])
def test_a_failure_that_is_over_is_told_no_more(
    sign_in: SignIn, linked: User, stranger: User, settings: Any, since: str
) -> None:
    settings.OAUTH_TRACE = True
    at = timezone.now() - timedelta(hours=25 if since == "a day" else 2)
    whose = stranger if since == "nothing of theirs" else linked
    Traced.objects.begin(sub=whose.sub, started_at=at, **SET_UP)
    if since == "an attempt":
        Traced.objects.begin(sub=linked.sub, outcome="linked")
    if since == "a link":
        link(linked, linked_at=timezone.now() - timedelta(hours=1))
    assert soup(sign_in(linked).get("/alexa-link/")).select_one("#reference") is None


def test_with_the_trace_it_takes_few_statements(
    sign_in: SignIn, linked: User, settings: Any
) -> None:
    settings.OAUTH_TRACE = True
    link(linked)
    for _ in range(20):
        Traced.objects.begin(site_sub=linked.sub, **SET_UP)
    assert statements(sign_in(linked), "/alexa-link/") <= 6


def test_whose_session_ended_is_sent_to_sign_in(client: Client, db: None) -> None:
    answer = client.get(PROGRESS, headers=HTMX)
    assert answer["HX-Redirect"].startswith("/accounts/login/")
    assert client.post(START)["Location"].startswith("/accounts/login/")


# --- unlinking ---------------------------------------------------------------------------------


def test_unlinking_asks_first_and_happens_once(sign_in: SignIn, linked: User) -> None:
    mine = link(linked)
    voice = link(linked, person_id="p")
    other = link(linked, "another account")
    browser = sign_in(linked)
    address = f"/alexa-link/{mine.pk}/unlink/"
    assert soup(browser.get("/alexa-link/")).select_one(f'a[href="{address}"]')

    page = browser.get(address)
    assert "saved facts" in main(page)
    assert "ends in AAAA7F3K," in main(page)
    assert AccountLink.objects.filter(unlinked_at=None).count() == 3

    assert browser.post(address, form_to(page, address))["Location"] == "/alexa-link/"
    done = AccountLink.objects.exclude(unlinked_at=None)
    assert {each.pk for each in done} == {mine.pk, voice.pk}
    moment = done[0].unlinked_at
    told = main(browser.get("/alexa-link/"))
    assert "Unlinked. That Alexa account does not know you any more." in told

    assert browser.post(address)["Location"] == "/alexa-link/"  # sent twice
    assert browser.get(address)["Location"] == "/alexa-link/"  # the back button
    mine.refresh_from_db()
    other.refresh_from_db()
    assert mine.unlinked_at == moment
    assert other.state == AccountLink.State.WORKING


def test_an_unlinked_household_says_so(sign_in: SignIn, linked: User) -> None:
    mine = link(linked, unlinked_at=timezone.now())
    page = sign_in(linked).get("/alexa-link/")
    assert "Unlinked here" in text(soup(page).title)
    assert "we do not take it any more" in main(page)
    assert f"/alexa-link/{mine.pk}/unlink/" not in page.content.decode()
    assert "csrfmiddlewaretoken" in form_to(page, START)


@pytest.mark.parametrize("method", ["get", "post"])
def test_links_of_others_are_not_found(
    sign_in: SignIn, linked: User, stranger: User, method: str
) -> None:
    theirs = link(linked)
    browser = sign_in(stranger)
    assert getattr(browser, method)(f"/alexa-link/{theirs.pk}/unlink/").status_code == 404
    assert getattr(browser, method)("/alexa-link/99999999999999999999/unlink/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.unlinked_at is None


def test_unlinking_wants_a_form_of_ours(linked: User) -> None:
    mine = link(linked)
    browser = Client(headers={"host": "localhost:8000"}, enforce_csrf_checks=True)
    browser.force_login(linked)
    assert browser.post(f"/alexa-link/{mine.pk}/unlink/").status_code == 403
    mine.refresh_from_db()
    assert mine.unlinked_at is None


def test_what_the_pages_cost(sign_in: SignIn, linked: User) -> None:
    mine = link(linked)
    browser = sign_in(linked)
    browser.post(START)
    assert statements(browser, PROGRESS) <= 4
    assert statements(browser, f"/alexa-link/{mine.pk}/unlink/") <= 4
