"""The list of attempts while somebody watches it: live, by keyboard, still, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from companion.local.people import OPERATOR
from tests.browser.pages import State
from tests.browser.stage import Stage, blocked

pytestmark = pytest.mark.browser
LIVE = State("", "/traces/?live=1", OPERATOR, "traces_none")
POLLED = 10_000  # milliseconds: three seconds, and this machine's own pace


def test_live_the_list_renews_itself_and_the_focus_stays(stage: Stage) -> None:
    address = stage.set_scene(LIVE)
    with stage.browser_of(OPERATOR) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator("#attempts-title")).to_contain_text("0 attempts")
        page.locator("#attempts a", has_text="Live").focus()
        stage.backstage.set_scene("traces_linked", OPERATOR)
        expect(page.locator("#attempts-title")).to_contain_text("1 attempt", timeout=POLLED)
        assert "Live" in page.evaluate("document.activeElement.textContent")
        # and it goes on
        stage.backstage.set_scene("traces_many", OPERATOR)
        expect(page.locator("#attempts-title")).to_contain_text("46 attempts", timeout=POLLED)
        assert blocked(page) == []


def test_the_dot_stands_still_for_who_wants_no_motion(stage: Stage) -> None:
    address = stage.set_scene(LIVE)
    for wish, moves in (("no-preference", 1), ("reduce", 0)):
        with stage.browser_of(OPERATOR, reduced_motion=wish) as context:
            page = context.new_page()
            page.goto(address)
            dot = page.locator("#attempts .dot.recording")
            assert dot.evaluate("dot => dot.getAnimations().length") == moves, wish


def test_without_scripts_it_is_a_page(stage: Stage) -> None:
    address = stage.set_scene(State("", "/traces/?live=1", OPERATOR, "traces_many"))
    with stage.browser_of(OPERATOR, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator("ol.attempts > li")).to_have_count(30)
        page.locator("ol.attempts a.reference").first.click()
        expect(page.locator("details.exchange[open]")).to_have_count(1)


def test_from_the_list_to_the_verdict_by_keyboard(stage: Stage) -> None:
    address = stage.set_scene(State("", "/traces/", OPERATOR, "traces_many"))
    with stage.browser_of(OPERATOR) as context:
        page = context.new_page()
        page.goto(address)
        page.locator("ol.attempts a.reference").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#verdict")).to_be_visible()
        page.locator("details.exchange > summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details.exchange[open]")).to_have_count(2)


def test_a_click_anywhere_in_a_row_opens_it_but_on_its_fold(stage: Stage) -> None:
    address = stage.set_scene(State("", "/traces/", OPERATOR, "traces_many"))
    with stage.browser_of(OPERATOR) as context:
        page = context.new_page()
        page.goto(address)
        row = page.locator("ol.attempts > li").first
        row.locator("details.about > summary").click()
        expect(row.locator("details.about a").first).to_be_visible()
        for part in (".cause", ".result .status"):
            row.locator(part).click(force=True)
            expect(page.locator("#verdict")).to_be_visible()
            page.go_back()


def test_copying_is_said_and_the_word_comes_back(stage: Stage) -> None:
    address = stage.set_scene(State("", "/traces/{trace}/", OPERATOR, "traces_linked"))
    with stage.browser_of(OPERATOR) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(address)
        button = page.locator('[data-copy="reference"]')
        button.click()
        expect(button).to_have_text("Copied")
        assert button.get_attribute("aria-live") == "polite"
        button.click()  # twice, and it does not stay
        expect(button).to_have_text("Copy reference", timeout=POLLED)
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("#reference").text_content()
    with stage.browser_of(OPERATOR) as context:  # a browser that refuses
        page = context.new_page()
        page.add_init_script("Clipboard.prototype.writeText = () => Promise.reject(new Error())")
        page.goto(address)
        page.locator('[data-copy="reference"]').click()
        chosen = page.evaluate("String(getSelection())")
        assert chosen == page.locator("#reference").text_content()
