"""One profile, two doors: what is done at one is there at the other."""

from __future__ import annotations

import re

from companion.local import people
from companion.local.http_browser import Page
from companion.local.scenario.stage import PASSWORD, Stage, Step, claims, contains, expect

NAME = "Robin Smoke"
VOICE_FIRST = "voice-first@example.com"


def pool_deployed(stage: Stage) -> None:
    site = stage.site
    expect(site.is_new, "a pool made in this run", "one that was there before")
    listed = site.aws.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    ids = [pool["Id"] for pool in listed]
    expect(ids == [site.pool.pool_id], f"one pool, {site.pool.pool_id}", ids)
    ready = stage.browser("probe").at("/readyz")
    expect(ready.status == 200, "the site ready", f"HTTP {ready.status} {ready.source}")


def login_by_email(stage: Stage) -> None:
    page = stage.sign_in(people.EMAIL)
    expect(page.status == 200, "a page after signing in", f"HTTP {page.status} {page.url}")
    contains(stage.browser(people.EMAIL).at("/me/"), stage.site.people[people.EMAIL].user)


def login_by_phone(stage: Stage) -> None:
    stage.sign_in(people.PHONE)
    page = stage.browser(people.PHONE).at("/me/")
    contains(page, stage.site.people[people.PHONE].user, "none given")


def link_account(stage: Stage) -> None:
    robin = stage.site.people[people.EMAIL]
    stage.link(people.EMAIL, robin.user, robin.password)
    token = claims(stage.accounts[people.EMAIL].access_token)
    expect(token["sub"] == robin.sub, f"a token of {robin.sub}", token["sub"])
    contains(stage.browser(people.EMAIL).at("/alexa-link/"), "Linked and working")


def launch(stage: Stage) -> None:
    turn = stage.ask(stage.alexa(people.EMAIL), "Alexa, open small wonders")
    expect(bool(turn.speech), "a greeting", "silence")
    expect(not turn.ended and bool(turn.reprompt), "an open session with a reprompt", turn.response)


def todays_fact(stage: Stage) -> Page:
    return stage.browser(people.EMAIL).at("/")


def hear_fact(stage: Stage) -> None:
    """The fact of the day: the same sentence at both doors."""
    (shown,) = todays_fact(stage).texts("fact-text")
    # The page prints what the voice is given, with a printer's apostrophes and with measures both
    # ways: 80 kilometers (50 miles). What stands beside those is the same at both doors.
    beside = re.split(r"[^.]*\([^)]*\)", shown.replace("’", "'"))
    stage.hears(stage.alexa(people.EMAIL), "tell me a fact", max(beside, key=len).strip())


def save_by_voice(stage: Stage) -> None:
    turn = stage.hears(stage.alexa(people.EMAIL), "save that", "“", "”")
    stage.notes["by voice"] = turn.speech.partition("“")[2].partition("”")[0]
    expect(bool(stage.notes["by voice"]), "the headline of what was saved", turn.speech)


def list_by_voice(stage: Stage) -> None:
    stage.hears(stage.alexa(people.EMAIL), "what did I save", stage.notes["by voice"])


def see_saved(stage: Stage) -> None:
    page = stage.browser(people.EMAIL).at("/saved/")
    contains(page, stage.notes["by voice"], "with Alexa")
    other = stage.browser(people.PHONE).at("/saved/")
    # of the list alone: below it stand facts to start with, which may be the same one
    contains(other, "Nothing saved yet")


def save_on_website(stage: Stage) -> None:
    """The first fact of the library that is not saved yet; then ask for the list by voice."""
    browser = stage.browser(people.EMAIL)
    saved = browser.at("/saved/").source
    library = browser.at("/facts/oceans/")
    path = next(
        link for link in library.links() if link.count("/") == 4 and f'"{link}"' not in saved
    )
    browser.submit(browser.at(path).form(f"{path}save/"))
    headline = browser.at(path).words.partition(" · ")[0]  # of the page's title
    contains(browser.at("/saved/"), headline, "on the website")
    stage.hears(stage.alexa(people.EMAIL), "what did I save", headline, stage.notes["by voice"])
    stage.notes["on the website"] = headline


def change_profile(stage: Stage) -> None:
    browser = stage.browser(people.EMAIL)
    form = browser.at("/me/").form("/me/preferences/")
    contains(browser.submit(form, display_name=NAME), "Alexa’s next answer goes by it")
    stage.hears(stage.alexa(people.EMAIL), "open small wonders", NAME)
    stage.hears(stage.alexa(people.EMAIL), "who am I", NAME)


def voice_first(stage: Stage) -> None:
    """Somebody of the pool whom the website has never seen; their row is made by the skill."""
    sign_up(stage, VOICE_FIRST)
    stage.link("voice first", VOICE_FIRST, PASSWORD)
    alexa = stage.alexa("voice first")
    stage.ask(alexa, "tell me a fact")
    stage.ask(alexa, "save that")
    sub = claims(alexa.account.access_token)["sub"]
    stage.notes["voice first"] = sub
    stage.sign_in(people.OPERATOR)
    rows = stage.people_in_admin(sub)
    expect(len(rows) == 1 and "Alexa" in rows[0], "one row, first seen by Alexa", rows)


def voice_first_on_website(stage: Stage) -> None:
    stage.sign_in("voice first", VOICE_FIRST, PASSWORD)
    contains(stage.browser("voice first").at("/me/"), VOICE_FIRST)
    contains(stage.browser("voice first").at("/saved/"), "with Alexa")
    rows = stage.people_in_admin(stage.notes["voice first"])
    expect(
        len(rows) == 1 and "Alexa" in rows[0] and VOICE_FIRST in rows[0],
        "the same row, now with the address",
        rows,
    )
    by_address = stage.people_in_admin(VOICE_FIRST)
    expect(len(by_address) == 1, "one row of this address", by_address)


def sign_up(stage: Stage, user: str, wish: str = "") -> Page:
    """The page that stands in for the pool's own, up to its last step."""
    browser = stage.browser(user)
    page = browser.at(f"/dev/sign-up/?continue={wish}" if wish else "/dev/sign-up/")
    page = browser.submit(page.form("/dev/sign-up/"), name=user, password=PASSWORD)
    (code,) = page.texts("code") or [""]
    page = browser.submit(page.form("/dev/sign-up/confirm/"), code=code)
    contains(page, "The account is ready")
    return page


STEPS = (
    Step("pool deployed, site ready", pool_deployed),
    Step("website login by e-mail", login_by_email),
    Step("website login by a person with only a phone", login_by_phone),
    Step("account linked as Alexa does it", link_account),
    Step("signed launch", launch),
    Step("the fact of the day by voice", hear_fact),
    Step("saved by voice", save_by_voice),
    Step("saved list by voice", list_by_voice),
    Step("voice-saved fact seen on the website", see_saved),
    Step("web-saved fact heard by voice", save_on_website),
    Step("profile changed on the website and heard by voice", change_profile),
    Step("new person first seen by voice", voice_first),
    Step("the same person signs in on the website: same row", voice_first_on_website),
)
