"""The main job in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from companion.local.people import EMAIL, OPERATOR, PHONE
from companion.local.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser


def test_one_person_through_both_doors(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in(EMAIL)
    visitor.go("/facts/")
    page.locator("#results h3 a").first.click()
    headline = page.locator("h1").inner_text()
    visitor.press("Save")
    expect(page.get_by_role("button", name=re.compile("^Saved")).first).to_be_visible()

    visitor.link(EMAIL)
    expect(page.locator("#account .status.good")).to_have_text("Linked")
    assert "saved" in visitor.say("what did I save").lower()
    told = visitor.say("tell me a fact")
    assert len(told) > 40
    visitor.say("save that")

    visitor.go("/saved/")
    expect(page.get_by_text(headline).first).to_be_visible()
    expect(page.locator("main").get_by_text("Alexa").first).to_be_visible()

    visitor.go("/me/")
    page.get_by_label("What should Alexa call you?").fill("Captain Robin")
    page.locator("#preferences button.primary").click()
    visitor.go("/dev/alexa/")
    visitor.press("Launch")
    expect(page.locator(".bubble").last).to_contain_text("Captain Robin")

    visitor.go("/accounts/logout/")
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"{visitor.site.url}/")
    visitor.go("/me/")
    assert "/accounts/login/" in page.url


def test_a_phone_only_person_signs_in(visitor: Visitor) -> None:
    visitor.sign_in(PHONE)
    visitor.go("/me/")
    expect(visitor.page.locator("main")).to_contain_text(visitor.site.people[PHONE].user)


def test_an_operator_finds_the_person(visitor: Visitor) -> None:
    visitor.sign_in(EMAIL)
    refused = visitor.page.goto(visitor.site.url + "/admin/")
    assert refused is not None
    assert refused.status == 403
    visitor.page.context.clear_cookies()
    visitor.sign_in(OPERATOR)
    robin = visitor.site.people[EMAIL]
    visitor.go(f"/admin/accounts/user/?q={robin.sub}")
    expect(visitor.page.locator("#result_list")).to_contain_text(robin.user)


def test_the_pages_work_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    visitor = Visitor(context.new_page(), site)
    visitor.sign_in(PHONE)
    visitor.go("/facts/")
    visitor.page.locator("#results h3 a").first.click()
    visitor.press("Save")
    expect(visitor.page.get_by_role("button", name=re.compile("^Saved")).first).to_be_visible()
    visitor.go("/dev/alexa/")
    visitor.press("Launch")
    expect(visitor.page.locator(".bubble").first).to_be_visible()
    context.close()
