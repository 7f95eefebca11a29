"""What every step works with: the running site, browsers, Alexa, and what is said aloud."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from accounts.pool.console import SCOPES
from accounts.pool.parameters import TRACE_CALLBACK_PATH
from companion.local import people
from companion.local.http_browser import Browser, Page
from companion.local.pool import DEV_CALLBACK_PATH
from companion.local.site import Site
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.account import Account
from skill_endpoint.simulator.alexa import Alexa, Turn
from skill_endpoint.simulator.linking import Linking
from skill_endpoint.simulator.utterances import LAUNCH, Understood, resolve

PASSWORD = "a password of the smoke test"  # noqa: S105 - of throw-away people
SHOWN = 1500  # characters of a page that lacks something
# what it returns is said behind the title
Action = Callable[["Stage"], str | None]


@dataclass(frozen=True)
class Step:
    title: str
    action: Action


class Failed(AssertionError):
    """Something did not hold: what was expected, and what was there."""

    def __init__(self, expected: str, seen: object) -> None:
        super().__init__(f"expected {expected}\n     saw {seen}")


def expect(holds: bool, expected: str, seen: object) -> None:
    if not holds:
        raise Failed(expected, seen)


@dataclass
class Stage:
    """One for each start; all but the site is carried over."""

    site: Site
    accounts: dict[str, Account] = field(default_factory=dict)  # of Alexa, by role
    notes: dict[str, str] = field(default_factory=dict)  # what a later step compares with
    browsers: dict[str, Browser] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)  # what the skill said, by locale
    secrets: set[str] = field(default_factory=set)  # that went by, and must rest nowhere

    # --- the website --------------------------------------------------------------------------

    def browser(self, role: str) -> Browser:
        """The browser of this role; a new one is signed out."""
        return self.browsers.setdefault(role, Browser(self.site.url))

    def sign_in(self, role: str, user: str = "", password: str = "") -> Page:
        """On the website by its button, then at the pool's form, then back."""
        person = self.site.people.get(role)
        browser = self.browser(role)
        browser.session.cookies.clear()  # whoever was signed in here
        page = browser.at("/accounts/login/")
        page = browser.submit(page.form("/accounts/cognito/login/"))
        expect(self.is_at_the_pool(page.url), "the pool's sign-in form", page.url)
        if person and not user:
            user, password = person.user, person.password
        return browser.submit(page.form(), username=user, password=password)

    def is_at_the_pool(self, url: str) -> bool:
        return url.startswith(f"{self.site.pool.domain_url}/")

    # --- Alexa --------------------------------------------------------------------------------

    def alexa(self, role: str) -> Alexa:
        """The Alexa account of this role; a new one has not enabled the skill."""
        skill_id = self.site.environment["ALEXA_SKILL_IDS"]
        account = self.accounts.setdefault(role, Account(application_id=skill_id))
        pool = self.site.pool
        return Alexa(
            account,
            endpoint=f"{self.site.url}/alexa/",
            signer=pki.load(self.site.state / "alexa"),
            linking=Linking(
                # of the trace, which passes on to the pool
                authorize_url=f"{self.site.url}/oauth/authorize",
                token_url=f"{self.site.url}/oauth/token",
                client_id=pool.alexa_client_id,
                client_secret=pool.alexa_client_secret,
                scope=" ".join(SCOPES),
                redirect_uri=self.site.url + DEV_CALLBACK_PATH,
            ),
        )

    def link(self, role: str, user: str, password: str) -> Turn:
        """As in the Alexa app: its own browser, the pool's form, back with code and state."""
        alexa = self.alexa(role)
        back = self.come_back(Browser(self.site.url), alexa.authorize_address(), user, password)
        turn = alexa.finish_linking(back)
        expect(turn.status == 200, "SkillAccountLinked answered with HTTP 200", turn.status)
        return turn

    def come_back(self, browser: Browser, address: str, user: str, password: str) -> dict[str, str]:
        """Sign in where this address leads; what the browser brings back to Alexa."""
        page = browser.open(address)
        page = browser.submit(page.form(), follow=False, username=user, password=password)
        return self.brought_back(browser, page.location or f"HTTP {page.status}")

    def brought_back(self, browser: Browser, location: str) -> dict[str, str]:
        """On from the pool, over the trace's callback, to Alexa's own: the query there."""
        if location.startswith(self.site.url + TRACE_CALLBACK_PATH):
            location = browser.open(location, follow=False).location
        expect(
            location.startswith(self.site.url + DEV_CALLBACK_PATH),
            "a redirect to the registered callback",
            location.partition("?")[0],
        )
        brought = dict(parse_qsl(urlsplit(location).query))
        self.secrets |= {brought[name] for name in ("code", "state") if name in brought}
        return brought

    def means(self, alexa: Alexa, words: str, intent: str) -> Turn:
        """Say it in the language of the device, whose model must take it for this intent."""
        understood = resolve(words, alexa.account.locale)
        expect(understood.intent == intent, f"“{words}” to be {intent}", understood.intent)
        return self._send(alexa, words, understood)

    def ask(self, alexa: Alexa, words: str) -> Turn:
        """Say it; any answer that Alexa could not use is a failure."""
        return self._send(alexa, words, resolve(words, alexa.account.locale))

    def _send(self, alexa: Alexa, words: str, understood: Understood) -> Turn:
        if understood.intent == LAUNCH:
            turn = alexa.launch()
        else:
            turn = alexa.intent(understood.intent, understood.slots)
        expect(not turn.problem, f"an answer to “{words}”", f"{turn.problem}, HTTP {turn.status}")
        return turn

    def hears(self, alexa: Alexa, words: str, *expected: str) -> Turn:
        """Say it, and expect each of these in what comes back."""
        turn = self.ask(alexa, words)
        for text in expected:
            expect(text in turn.speech, f"“{text}” after “{words}”", f"“{turn.speech}”")
        return turn

    def asks_to_link(self, alexa: Alexa, words: str) -> Turn:
        turn = self.ask(alexa, words)
        expect((turn.card or {}).get("type") == "LinkAccount", "a LinkAccount card", turn.card)
        return turn

    # --- operators ----------------------------------------------------------------------------

    def people_in_admin(self, search: str) -> list[str]:
        """The rows of the operators' list of people that this search finds."""
        page = self.browser(people.OPERATOR).at(f"/admin/accounts/user/?q={search}")
        expect(page.status == 200, "the operators' list of people", f"HTTP {page.status}")
        return [row for row in page.rows if search in row]


def contains(page: Page, *texts: str) -> None:
    for text in texts:
        seen = f"HTTP {page.status}: {shorten(page.words, SHOWN)}"
        expect(text in page.words, f"“{text}” at {page.url}", seen)


def claims(token: str) -> Mapping[str, Any]:
    """What a token says; the smoke test trusts the pool that it has just started."""
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded
