"""Every page of the site and every state of it: who looks at it, and what happened before.

The browser tests, `make pages` and `make pictures` walk this list. A page that is not in it is not
looked at: add a line for each new one, and a scene (scenes.py) where its state needs one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from companion.local.people import EMAIL, OPERATOR


@dataclass(frozen=True)
class State:
    """A page as somebody finds it. `path` may name what the scene made: {topic}, {slug}, …"""

    name: str
    path: str
    who: str = ""  # a role of companion.local.people; nobody signed in without one
    scene: str = ""  # of tests.browser.scenes; for a visitor none
    act: Callable[[Page], None] | None = None  # what they do there, before it is looked at
    error: str = ""  # its template, where no address leads to it

    @property
    def is_site(self) -> bool:
        """Of the website that people use: not the operators' or the developers' pages."""
        return not self.path.startswith(
            ("/admin/", "/dev/", "/doctor/", "/traces/", "/operations/")
        )

    @property
    def in_any_language(self) -> bool:
        """Whether it speaks its reader's language: not where the address names another."""
        return self.is_site and not re.match(r"/[a-z]{2}/", self.path)


def _remove_one(page: Page) -> None:
    page.locator("main button.is-saved, main .list form button").first.click()
    expect(page.locator("#notices form[action$='/saved/undo/']")).to_be_visible()


def _open_menu(page: Page) -> None:
    page.locator("header details.menu > summary").first.click()


def _nonsense_name(page: Page) -> None:
    field = page.locator("[name=display_name]")
    field.evaluate("field => field.removeAttribute('maxlength')")
    with page.expect_response("**/preferences/preview/"):
        field.fill("x" * 60)
    page.locator("#save-name").click()
    expect(page.locator("#name .errorlist")).to_be_visible()


def _save_name(page: Page) -> None:
    page.locator("#save-name").click()
    expect(page.locator("#name .status.good")).to_be_visible()


def _without_cookies(page: Page) -> None:
    """A form that was open too long, sent without scripts."""
    page.context.clear_cookies(name="doors_csrf")
    page.locator("#name").evaluate("form => setTimeout(() => form.submit())")
    page.wait_for_url("**/me/preferences/")
    expect(page.locator("#name")).to_have_count(0)


def _look_now(page: Page) -> None:
    with page.expect_response("**/doctor/"):
        page.locator("main form button.primary").click()
    expect(page.locator("main progress")).to_be_hidden()
    expect(page.locator("#results li").first).to_be_visible()


def _unfold(page: Page) -> None:
    page.locator("main details").evaluate_all("all => all.forEach((each) => (each.open = true))")


VISITOR = [
    State("home, signed out", "/"),
    State("home in French", "/fr/"),
    State("today, signed out", "/today/"),
    State("fact, to report", "/facts/{topic}/{slug}/report/"),
    State("library", "/facts/"),
    State("library, a topic", "/facts/{topic}/"),
    State("library, page 2", "/facts/?page=2"),
    State("library, found", "/facts/?q=moon"),
    State("library, nothing found", "/facts/?q=xyzzy"),
    State("library, too long a search", "/facts/?q=" + "x" * 300),
    State("library in German", "/de/facts/"),
    State("fact, signed out", "/facts/{topic}/{slug}/"),
    State("fact in Japanese", "/ja/facts/{topic}/{slug}/"),
    State("fact in Hindi", "/hi/facts/{topic}/{slug}/"),
    State("help", "/help/"),
    State("help with linking", "/help/linking/"),
    State("privacy", "/privacy/"),
    State("accessibility", "/accessibility/"),
    State("sign in", "/accounts/login/"),
    State("sign in, on the way", "/accounts/login/?next=/saved/"),
    State("sign in failed", "/accounts/cognito/login/callback/?error=access_denied"),
    State("sign in went stale", "/accounts/cognito/login/callback/?code=x&state=x"),
    State("account erased", "/", error="companion/account_erased.html"),
    State("account deleted", "/accounts/deleted/"),
    State("not found", "/nowhere/"),
    State("error 400", "/", error="400.html"),
    State("error 429", "/", error="429.html"),
    State("error 429 of any page", "/", error="429_alone.html"),
    State("error 500", "/", error="500.html"),
    State("error 503", "/", error="503.html"),
    State("nothing was deleted", "/", error="companion/delete_failed.html"),
    State("account switched off", "/accounts/inactive/"),
    State("sign in cancelled", "/accounts/3rdparty/login/cancelled/"),
    State("sign up", "/dev/sign-up/"),
]
SIGNED_IN = [
    State("home, first time", "/", EMAIL, "nothing_yet"),
    State("home, after weeks", "/", EMAIL, "some_weeks"),
    State("home, hostile name", "/", EMAIL, "hostile"),
    State("today, first time", "/today/", EMAIL, "nothing_yet"),
    State("today, after weeks", "/today/", EMAIL, "some_weeks"),
    State("today, another one", "/today/?n=1", EMAIL, "some_weeks"),
    State("today, topics used up", "/today/", EMAIL, "topics_used_up"),
    State("account menu open", "/", EMAIL, "some_weeks", _open_menu),
    State("library, signed in", "/facts/", EMAIL, "some_weeks"),
    State("fact, signed in", "/facts/{topic}/{slug}/", EMAIL, "some_weeks"),
    State("library, only new", "/facts/?new=1", EMAIL, "some_weeks"),
    State("fact, saved", "/facts/{saved}/", EMAIL, "some_weeks"),
    State("fact, withdrawn", "/facts/{withdrawn}/", EMAIL, "some_weeks"),
    State("fact, to report, signed in", "/facts/{topic}/{slug}/report/", EMAIL, "some_weeks"),
    State("saved, none", "/saved/", EMAIL, "nothing_yet"),
    State("saved, page 1", "/saved/", EMAIL, "some_weeks"),
    State("saved, page 2", "/saved/?page=2", EMAIL, "some_weeks"),
    State("saved, a topic", "/saved/?topic=animals", EMAIL, "some_weeks"),
    State("saved, one removed", "/saved/", EMAIL, "some_weeks", _remove_one),
    State("history, none", "/history/", EMAIL, "nothing_yet"),
    State("history, page 1", "/history/", EMAIL, "some_weeks"),
    State("history, page 2", "/history/?page=2", EMAIL, "some_weeks"),
    State("history, by Alexa", "/history/?door=voice", EMAIL, "some_weeks"),
    State("history, one removed", "/history/", EMAIL, "some_weeks", _remove_one),
    State("history, switched off", "/history/", EMAIL, "no_history_wanted"),
    State("history, forget everything", "/history/forget/", EMAIL, "some_weeks"),
    State("alexa, not linked", "/alexa-link/", EMAIL, "nothing_yet"),
    State("alexa, linked and working", "/alexa-link/", EMAIL, "some_weeks"),
    State("alexa, needs linking again", "/alexa-link/", EMAIL, "needs_linking_again"),
    State("alexa, switched off", "/alexa-link/", EMAIL, "skill_switched_off"),
    State("alexa, in progress", "/alexa-link/progress/", EMAIL, "linking_begun"),
    State("alexa, failed just now", "/alexa-link/progress/", EMAIL, "linking_failed"),
    State("alexa, nothing heard", "/alexa-link/progress/", EMAIL, "linking_silent"),
    State("alexa, failed, later", "/alexa-link/", EMAIL, "linking_failed"),
    State("alexa, failed, explained", "/alexa-link/progress/", EMAIL, "linking_explained"),
    State("alexa, explained, later", "/alexa-link/", EMAIL, "linking_explained"),
    State("alexa, failed in the app", "/alexa-link/", EMAIL, "linking_failed_elsewhere"),
    State("alexa, unlink", "/alexa-link/{link}/unlink/", EMAIL, "some_weeks"),
    State("me, first time", "/me/", EMAIL, "nothing_yet"),
    State("me, after weeks", "/me/", EMAIL, "some_weeks"),
    State("me, hostile name", "/me/", EMAIL, "hostile"),
    State("me, typed before", "/me/", EMAIL, "typed_before"),
    State("me, faults", "/me/", EMAIL, "some_weeks", _nonsense_name),
    State("me, saved", "/me/", EMAIL, "some_weeks", _save_name),
    State("form open too long", "/me/", EMAIL, "some_weeks", _without_cookies),
    State("languages", "/me/languages/", EMAIL, "some_weeks"),
    State("data", "/me/data/", EMAIL, "some_weeks"),
    State("data, nothing yet", "/me/data/", EMAIL, "nothing_yet"),
    State("data, file ready", "/me/data/", EMAIL, "export_ready"),
    State("data, file half made", "/me/data/", EMAIL, "export_half_made"),
    State("data, file failed", "/me/data/", EMAIL, "export_failed"),
    State("delete account", "/me/data/delete/", EMAIL, "some_weeks"),
    State("sessions", "/me/sessions/", EMAIL, "some_weeks"),
    State("sessions, end one", "/me/sessions/{session}/end/", EMAIL, "some_weeks"),
    State("sessions, end others", "/me/sessions/end-others/", EMAIL, "some_weeks"),
    State("sign out", "/accounts/logout/", EMAIL, "some_weeks"),
    State("forbidden", "/admin/", EMAIL, "some_weeks"),
    State("not found, signed in", "/facts/space/nothing/", EMAIL, "some_weeks"),
    State("simulator", "/dev/alexa/", EMAIL, "some_weeks"),
]
TRACES = [
    State("traces, none", "/traces/", OPERATOR, "traces_none"),
    State("traces, nothing arrived", "/traces/", OPERATOR, "traces_silent"),
    State("traces", "/traces/", OPERATOR, "traces_many"),
    State("traces, filtered", "/traces/?outcome=failed&time=7d", OPERATOR, "traces_many"),
    State("traces, live", "/traces/?live=1", OPERATOR, "traces_many"),
    State("traces, page 2", "/traces/?page=2", OPERATOR, "traces_many"),
    State("traces, odd ones", "/traces/", OPERATOR, "traces_odd"),
    State("trace, failed", "/traces/{trace}/", OPERATOR, "traces_many"),
    State("trace, all unfolded", "/traces/{trace}/", OPERATOR, "traces_many", _unfold),
    State("traces, all unfolded", "/traces/", OPERATOR, "traces_silent", _unfold),
    State("trace, linked", "/traces/{trace}/", OPERATOR, "traces_linked"),
    State("trace, odd", "/traces/{trace}/", OPERATOR, "traces_odd"),
    State("trace, unknown", "/traces/22222/", OPERATOR, "traces_none"),
]
OPERATIONS = [
    State("operations, nothing yet", "/operations/", OPERATOR, "operations_nothing"),
    State("operations, first hour", "/operations/", OPERATOR, "operations_an_hour"),
    State("operations, a day", "/operations/", OPERATOR, "operations_a_day"),
    State("operations, a bad day", "/operations/", OPERATOR, "operations_a_bad_day"),
    State("operations, all unfolded", "/operations/", OPERATOR, "operations_a_bad_day", _unfold),
]
OFFICE = [
    State("office", "/admin/", OPERATOR, "some_weeks"),
    State("people", "/admin/accounts/user/", OPERATOR, "some_weeks"),
    State("person", "/admin/accounts/user/{person}/change/", OPERATOR, "some_weeks"),
    State("links", "/admin/skill_endpoint/accountlink/", OPERATOR, "some_weeks"),
    State("facts of the office", "/admin/facts/fact/", OPERATOR, "some_weeks"),
    State("a fact of the office", "/admin/facts/fact/{fact}/change/", OPERATOR, "some_weeks"),
    State("topics of the office", "/admin/facts/topic/", OPERATOR, "some_weeks"),
    State("coverage", "/admin/facts/fact/coverage/", OPERATOR, "some_weeks"),
    State("facts, export", "/admin/facts/fact/export/", OPERATOR, "some_weeks"),
    State("facts, import", "/admin/facts/fact/import/", OPERATOR, "some_weeks"),
    State("a fact before", "/admin/facts/fact/{fact}/history/", OPERATOR, "some_weeks"),
    State("reports", "/admin/facts/factreport/", OPERATOR, "some_weeks"),
    State("a report", "/admin/facts/factreport/{report}/change/", OPERATOR, "some_weeks"),
    State("what operators did", "/admin/admin/logentry/", OPERATOR, "some_weeks"),
    State("exports", "/admin/accounts/dataexport/", OPERATOR, "export_ready"),
    State("deletions", "/admin/accounts/deletion/", OPERATOR, "some_weeks"),
    State("events", "/admin/skill_endpoint/skillevent/", OPERATOR, "some_weeks"),
    State("somebody else", "/admin/accounts/user/{other}/change/", OPERATOR, "some_weeks"),
    State("sign them out", "/admin/accounts/user/{other}/sign-out/", OPERATOR, "some_weeks"),
    State("lock them out", "/admin/accounts/user/{other}/disable/", OPERATOR, "some_weeks"),
    State("erase them", "/admin/accounts/user/{other}/erase/", OPERATOR, "some_weeks"),
    State("doctor", "/doctor/", OPERATOR, "some_weeks"),
    State("doctor, looked", "/doctor/", OPERATOR, "some_weeks", _look_now),
]
STATES = VISITOR + SIGNED_IN + OFFICE + TRACES + OPERATIONS


def named(parts: list[str]) -> list[State]:
    """The states with one of these in their names; all without any."""
    return [state for state in STATES if not parts or any(part in state.name for part in parts)]
