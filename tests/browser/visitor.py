"""Somebody in front of a page, and what can be said of the page."""

from __future__ import annotations

import shutil
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from companion.local.site import Site

# without wcag22aa axe leaves the rule about the size of targets out
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# what can differ between two looks of one page; names, roles and order cannot
OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
OF_DIRECTIONS = ["scrollable-region-focusable", "target-size", "html-has-lang", "valid-lang"]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
# as root Chromium wants no sandbox; the rest keeps it from calling home
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


class Visitor:
    """Somebody in front of a page, with what they do there in words."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: Any) -> None:
        # a page that we ask for although it is an error also prints a line; that is no complaint
        ours = "status of 4" not in message.text and "status of 5" not in message.text
        if message.type in {"error", "warning"} and ours:
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def send(self, action: str) -> None:
        """Press the button of the form to this address, in whatever language it stands."""
        self.page.locator(f"main form[action$='{action}'] button[type=submit]").first.click()

    def fill_pools_form(self, role: str) -> None:
        """At the pool: its form, then back to whoever asked."""
        person = self.site.people[role]
        self.page.fill("input[name=username]", person.user)
        self.page.fill("input[name=password]", person.password)
        self.page.click("button[type=submit], input[type=submit]")
        self.page.wait_for_url(f"{self.site.url}/**")

    def sign_in(self, role: str) -> None:
        self.go("/accounts/login/")
        self.send("/cognito/login/")
        self.fill_pools_form(role)

    def link(self, role: str) -> None:
        self.go("/dev/alexa/")
        self.send("/dev/alexa/link/")
        self.fill_pools_form(role)

    def say(self, words: str) -> str:
        """Say something to the skill in the simulator; what it answers."""
        before = self.page.locator(".bubble").count()
        self.page.fill("#utterance", words)
        self.page.locator("#say .search button").click()
        expect(self.page.locator(".bubble")).to_have_count(before + 1)
        return self.page.locator(".bubble").last.inner_text()


def findings(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds on a page, each with its rule and the elements; of these rules, or all."""
    kind, values = ("rule", rules) if rules else ("tag", STANDARDS)
    results = Axe().run(
        page,
        # of what is well, axe would tell every element
        options={"runOnly": {"type": kind, "values": values}, "resultTypes": ["violations"]},
    )
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


# the innermost elements that stick out at either side
STICKING_OUT = """
() => [...document.querySelectorAll("body *")].filter((element) => {
  const { left, right, width } = element.getBoundingClientRect();
  const wide = width && (right > innerWidth + 1 || left < -1);
  return wide && element.checkVisibility() && !element.closest(".skip, .visually-hidden");
}).filter((element, _, all) => !all.some((other) => other !== element && element.contains(other)))
  .map((element) => element.outerHTML.slice(0, 80))
"""


def wider_than_the_window(page: Page) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth")
    window = page.evaluate("document.documentElement.clientWidth")
    if width <= window:
        return []
    return [f"scrolls sideways: {width} of {window} px", *page.evaluate(STICKING_OUT)]
