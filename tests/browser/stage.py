"""A running site, Chromium in front of it, and somebody's browser for each state of a page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from companion.local.people import EMAIL
from companion.local.site import Site
from tests.browser.backstage import Backstage
from tests.browser.pages import State
from tests.browser.visitor import Visitor

# what a page does that its policy forbids; init scripts run although the policy forbids scripts
WATCH = """
window.blocked = [];
addEventListener("securitypolicyviolation", (event) =>
  window.blocked.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


@dataclass
class Stage:
    """Signs each role in once, by the pool, and gives every new browser that sign-in."""

    browser: Browser
    site: Site
    backstage: Backstage
    made: dict[str, str] = field(default_factory=dict)  # by the scene that is set
    _signed_in: dict[str, Any] = field(default_factory=dict)

    def sign_in_of(self, role: str) -> Any:
        """Playwright's storage state: the cookies of somebody who signed in."""
        if role not in self._signed_in:
            context = self.browser.new_context()
            Visitor(context.new_page(), self.site).sign_in(role)
            self._signed_in[role] = context.storage_state()
            context.close()
        return self._signed_in[role]

    @contextlib.contextmanager
    def browser_of(self, role: str, **looks: Any) -> Iterator[BrowserContext]:
        """A browser that has been nowhere, with nothing in its cache; `looks` as new_context."""
        signed_in = self.sign_in_of(role) if role else None
        context = self.browser.new_context(storage_state=signed_in, **looks)
        context.add_init_script(WATCH)
        try:
            yield context
        finally:
            context.close()

    def set_scene(self, state: State) -> str:
        """Make it so; the address of the page."""
        who = state.who or (EMAIL if state.scene else "")
        if who:
            self.sign_in_of(who)  # the first sign-in makes the person here
        self.made = self.backstage.set_scene(state.scene, who)
        return self.site.url + state.path.format(**self.made)

    def show(self, state: State, page: Page, address: str) -> None:
        """Go there, and do what there is to do."""
        if state.error:
            language = page.evaluate("navigator.language.slice(0, 2)")
            body = self.backstage.error_page(state.error, language)
            page.route(address, lambda route: route.fulfill(body=body, content_type="text/html"))
        page.goto(address)
        if state.act:
            state.act(page)


def blocked(page: Page) -> list[str]:
    """What the Content-Security-Policy kept this page from doing."""
    found: list[str] = page.evaluate("window.blocked")
    return found
