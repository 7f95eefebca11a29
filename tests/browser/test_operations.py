"""The page of the last day while somebody watches it: it looks again, once a minute, if seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from companion.local.people import OPERATOR
from tests.browser.pages import State
from tests.browser.stage import Stage, blocked

pytestmark = pytest.mark.browser
NOTHING = State("", "/operations/", OPERATOR, "operations_nothing")
HIDDEN = "Object.defineProperty(document, 'hidden', { get: () => window.isAway ?? false })"


def calls_of(page: Page) -> list[str]:
    """Addresses of requests for the page's part, as they come."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if _is_htmx(request) else None)
    return found


def _is_htmx(request: object) -> bool:
    return "hx-request" in getattr(request, "headers", {})


def test_it_looks_again_after_a_minute_and_keeps_what_is_open(stage: Stage) -> None:
    address = stage.set_scene(NOTHING)
    with stage.browser_of(OPERATOR) as context:
        page = context.new_page()
        page.clock.install()
        page.goto(address)
        expect(page.locator("#figure-turns")).to_contain_text("0")
        stage.backstage.set_scene("operations_an_hour", OPERATOR)
        page.clock.run_for(61_000)
        expect(page.locator("#figure-turns")).to_contain_text("7")
        summary = page.locator("#turns summary")
        summary.click()
        stage.backstage.set_scene("operations_a_day", OPERATOR)
        page.clock.run_for(61_000)
        expect(page.locator("#figure-turns")).to_contain_text("the day before")
        expect(page.locator("#turns details")).to_have_attribute("open", "")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        assert blocked(page) == []


def test_it_asks_nothing_while_nobody_sees_it(stage: Stage) -> None:
    address = stage.set_scene(NOTHING)
    with stage.browser_of(OPERATOR) as context:
        page = context.new_page()
        page.add_init_script(HIDDEN)
        page.clock.install()
        page.goto(address)
        asked = calls_of(page)
        page.evaluate("window.isAway = true")
        page.clock.run_for(600_000)
        assert asked == []
        page.evaluate("window.isAway = false")
        with page.expect_response("**/operations/"):  # at once, when somebody looks
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.clock.run_for(50_000)
        assert len(asked) == 1


def test_without_scripts_it_is_a_page(stage: Stage) -> None:
    address = stage.set_scene(State("", "/operations/", OPERATOR, "operations_a_day"))
    with stage.browser_of(OPERATOR, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        page.locator("#turns summary").click()
        expect(page.locator("#turns tbody tr")).to_have_count(24)


def test_every_figure_is_reached_by_the_keyboard(stage: Stage) -> None:
    address = stage.set_scene(State("", "/operations/", OPERATOR, "operations_a_day"))
    with stage.browser_of(OPERATOR) as context:
        page = context.new_page()
        page.goto(address)
        page.locator(".wellness a").last.focus()
        reached = []
        for _ in range(13):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.closest('li')?.id"))
        assert reached == page.locator(".figures li").evaluate_all("all => all.map((e) => e.id)")
