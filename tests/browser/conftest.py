"""A whole installation in its own processes, and Chromium in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from companion.local.aws import NotInstalled, is_installed
from companion.local.site import Site, running_site

# without wcag22aa axe leaves the rule about the size of targets out
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        reason = "no Chromium on PATH: on Debian, apt-get install chromium"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return {
        "executable_path": CHROMIUM,
        # as root Chromium wants no sandbox; the rest keeps it from calling home
        "args": ["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
    }


@pytest.fixture(scope="session")
def device() -> None:
    """pytest-playwright's own fixture, which tests/conftest.py hides with an Echo."""


@pytest.fixture(scope="session")
def site(
    browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    if not is_installed():
        pytest.skip(str(NotInstalled()))
    folder = Path(tmp_path_factory.mktemp("site"))
    with running_site(folder, more={"RATE_LIMITS": "0"}) as running:
        yield running


class Visitor:
    """Somebody in front of a page, with what they do there in words."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: Any) -> None:
        # a page that we ask for although it is an error also prints a line; that is no complaint
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def fill_pools_form(self, role: str) -> None:
        """At the pool: its form, then back to whoever asked."""
        person = self.site.people[role]
        self.page.fill("input[name=username]", person.user)
        self.page.fill("input[name=password]", person.password)
        self.page.click("button[type=submit], input[type=submit]")
        self.page.wait_for_url(f"{self.site.url}/**")

    def sign_in(self, role: str) -> None:
        self.go("/accounts/login/")
        self.page.locator("main form[action*='cognito/login'] button").first.click()
        self.fill_pools_form(role)

    def link(self, role: str) -> None:
        self.go("/dev/alexa/")
        self.press("Link the account")
        self.fill_pools_form(role)

    def say(self, words: str) -> str:
        """Say something to the skill in the simulator; what it answers."""
        before = self.page.locator(".bubble").count()
        self.page.fill("#utterance", words)
        self.press("Send")
        expect(self.page.locator(".bubble")).to_have_count(before + 1)
        return self.page.locator(".bubble").last.inner_text()


@pytest.fixture
def visitor(page: Page, site: Site) -> Iterator[Visitor]:
    somebody = Visitor(page, site)
    yield somebody
    assert somebody.complaints == [], "the browser's console complained"


def findings(page: Page) -> list[str]:
    """What axe finds on a page, each with its rule and the elements."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture
def themed(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor on a phone or a desktop, in light or dark: request.param says which."""
    scheme, width = request.param
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, base_url=site.url
    )
    yield Visitor(context.new_page(), site)
    context.close()
