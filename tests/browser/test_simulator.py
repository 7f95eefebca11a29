"""The simulator in a real browser: what axe says of a talk, keys alone, no JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from companion.local.site import Site
from tests.browser.visitor import Visitor, findings, wider_than_the_window

pytestmark = pytest.mark.browser
LOOKS = [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]


def act_as(visitor: Visitor, locale: str, device: str) -> None:
    visitor.go("/dev/alexa/")
    visitor.page.select_option("#id_locale", locale)
    visitor.page.select_option("#id_device", label=device)
    visitor.press("Apply")


def turns(page: Page, number: int) -> None:
    expect(page.locator("#talk .turn:not(.event)")).to_have_count(number)


@pytest.mark.parametrize("themed", LOOKS, indirect=True)
@pytest.mark.parametrize(
    ("locale", "words"), [("fr-FR", "raconte-moi quelque chose"), ("ar-SA", "معلومة أخرى")]
)
def test_no_talk_hinders_anybody(themed: Visitor, locale: str, words: str) -> None:
    """axe at WCAG 2.2 AA of every part that a turn can have, each of them opened."""
    page = themed.page
    act_as(themed, locale, "Echo Show 5")
    themed.press("Launch")
    turns(page, 1)
    themed.press("Stay silent")
    turns(page, 2)
    themed.say(words)
    themed.say("xyzzy plugh")
    expect(page.locator(".nearest")).to_contain_text("Not understood.")
    expect(page.locator(".screen").first).to_contain_text("a sketch of the data")
    closed = page.locator("#talk details:not([open]) > summary")
    while closed.count():
        closed.first.click()
    found = findings(page) + wider_than_the_window(page)
    assert found + themed.complaints == []


def test_the_screen_is_touched_and_the_turn_taken_back(visitor: Visitor) -> None:
    page = visitor.page
    act_as(visitor, "en-US", "Echo Show 15")
    told = visitor.say("tell me a fact")
    page.locator(".screen button").last.click()
    turns(page, 2)
    another = page.locator(".bubble").last.inner_text()
    assert another != told
    visitor.press("Undo")
    turns(page, 1)
    expect(page.locator(".bubble").last).to_have_text(told)


def test_keys_are_enough(visitor: Visitor) -> None:
    page = visitor.page
    act_as(visitor, "en-US", "Echo Show 5")
    page.focus("#utterance")
    page.keyboard.type("tell me a fact")
    page.keyboard.press("Enter")
    turns(page, 1)
    expect(page.locator("#utterance")).to_be_focused()
    page.locator(".screen button").last.focus()
    page.keyboard.press("Enter")
    turns(page, 2)
    page.locator(".verdict summary").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Response format").last).to_be_visible()


def test_it_works_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    visitor = Visitor(context.new_page(), site)
    page = visitor.page
    act_as(visitor, "en-GB", "Echo Show 5")
    visitor.press("Launch")
    visitor.press("Stay silent")
    expect(page.get_by_text("Alexa says the reprompt")).to_be_visible()
    visitor.press("Undo")
    expect(page.get_by_text("Alexa says the reprompt")).to_have_count(0)
    visitor.say("tell me a fact")
    page.locator(".screen button").last.click()
    turns(page, 3)
    visitor.press("Start as new user")
    expect(page.get_by_text("A new Alexa user")).to_be_visible()
    turns(page, 0)
    context.close()


def test_a_conversation_is_downloaded_as_a_test(visitor: Visitor, tmp_path: Path) -> None:
    visitor.go("/dev/alexa/")
    visitor.say("help")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Save as test").click()
    assert re.fullmatch(r"test_conversation_\d{4}_\d\d_\d\d\.py", download.value.suggested_filename)
    download.value.save_as(tmp_path / "saved.py")
    saved = (tmp_path / "saved.py").read_text(encoding="utf-8")
    assert re.search(r'talk\.say\(\s*"help"', saved)
