"""The main job in a real browser: from the first visit until the account is deleted."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from accounts.pool.people import create_person
from companion.local.people import EMAIL, OPERATOR, PHONE, Person
from companion.local.site import Site
from tests.browser.keyboard import Keyboard
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone in dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "phone from right to left": {"viewport": {"width": 390, "height": 844}, "locale": "ar-SA"},
    "without JavaScript": {"java_script_enabled": False},
}
_numbers = itertools.count(1)


@pytest.fixture
def newcomer(site: Site) -> str:
    """The role of somebody of the pool who has never been here."""
    role, password = f"newcomer-{next(_numbers)}", "correct horse battery"
    address = f"{role}@example.com"
    idp = site.aws.client("cognito-idp")
    sub = create_person(email=address, password=password, idp=idp, pool_id=site.pool.pool_id)
    site.people[role] = Person(address, password, sub)
    return role


@pytest.fixture
def visitor_who(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """A visitor whose browser looks as it is told."""
    contexts = []

    def make(**looks: Any) -> Visitor:
        contexts.append(browser.new_context(**looks))
        return Visitor(contexts[-1].new_page(), site)

    yield make
    for context in contexts:
        context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_from_the_first_visit_to_the_last(
    visitor_who: Callable[..., Visitor], newcomer: str, look: str
) -> None:
    """In every language: buttons are found by what they do, not by what they say."""
    visitor = visitor_who(**LOOKS[look])
    page = visitor.page

    # the first visit: a promise, and a fact without signing in
    visitor.go("/")
    assert len(page.locator("main [id^=fact-]").first.inner_text()) > 30
    assert page.get_attribute("html", "dir") == ("rtl" if "right to left" in look else "ltr")
    visitor.send("/cognito/login/")
    visitor.fill_pools_form(newcomer)

    # topics
    visitor.go("/me/")
    page.locator("#topics input[value=space]").check()
    page.locator("#save-topics").click()
    expect(page.locator("#topics .status.good")).to_be_visible()
    page.reload()
    expect(page.locator("#topics input[value=space]")).to_be_checked()

    # today, from a topic of theirs; saved
    page.locator("header a[href$='/today/']").first.click()
    chip = page.locator("article.fact a.chip")
    assert str(chip.get_attribute("href")).endswith("/facts/space/")
    words = page.locator(".fact-text").inner_text()
    visitor.send("/save/")
    expect(page.locator("article.fact button.is-saved")).to_be_visible()
    visitor.go("/saved/")
    slug = str(page.locator("main .list a[href*='/facts/']").first.get_attribute("href"))
    slug = slug.rstrip("/").rpartition("/")[2]

    # the same fact at the other door
    visitor.link(newcomer)
    expect(page.locator("#account .status.good")).to_be_visible()
    told = visitor.say("tell me today's fact")
    if "right to left" not in look:  # this Echo speaks English
        assert words.rstrip(".") in told.replace("'", "’")
    assert len(told) > 40

    # what was heard
    visitor.go("/history/")
    expect(page.locator(f"main .list a[href$='/{slug}/']").first).to_be_visible()

    # everything, to take along
    visitor.go("/me/data/")
    with page.expect_download() as download:
        visitor.send("/me/data/export/")
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        names = archive.namelist()
        kept = json.loads(archive.read(next(n for n in names if n.endswith("data.json"))))
    assert any(name.endswith(".html") for name in names)
    assert slug in json.dumps(kept)
    assert visitor.site.people[newcomer].user in json.dumps(kept)

    # the end: here, at the pool, and for Alexa
    visitor.go("/me/data/delete/")
    page.locator("main form input[name=sure]").check()
    page.locator("main button.danger").click()
    page.wait_for_url("**/accounts/deleted/**")
    expect(page.locator("main time, main .lead").first).to_be_visible()
    visitor.go("/dev/alexa/")
    answer = visitor.say("what did I save")
    assert "link" in answer.lower()
    expect(page.locator(".alexa-card code").last).to_have_text("LinkAccount")
    visitor.go("/saved/")
    assert "/accounts/login/" in page.url
    assert visitor.complaints == []


def test_keys_alone_are_enough(visitor_who: Callable[..., Visitor], newcomer: str) -> None:
    """Tab, Shift, Enter, Space and letters: the same way through, without a pointer."""
    visitor = visitor_who(viewport={"width": 1280, "height": 800})
    page, keys = visitor.page, Keyboard(visitor.page)
    visitor.go("/")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    keys.press("main form[action$='/cognito/login/'] button")
    person = visitor.site.people[newcomer]
    keys.write("input[name=username]", person.user, seen=False)  # the pool's page, not ours
    keys.write("input[name=password]", person.password, seen=False)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{visitor.site.url}/**")

    keys.press("header details.menu > summary")
    keys.press("header details.menu a[href$='/me/']")
    keys.write("#name [name=display_name]", "Kit")
    page.keyboard.press("Enter")
    expect(page.locator("#name .status.good")).to_be_visible()
    keys.press("#topics input[value=space]", "Space")
    keys.press("#save-topics")
    expect(page.locator("#topics .status.good")).to_be_visible()

    keys.press("header a[href$='/today/']")
    keys.press("article.fact form[action$='/save/'] button", "Space")
    expect(page.locator("article.fact button.is-saved")).to_be_focused()
    keys.press("header a[href$='/saved/']")
    expect(page.locator("main .list > li")).to_have_count(1)
    keys.press("main .list > li form[action$='/remove/'] button")
    keys.press("#notices form[action$='/saved/undo/'] button")
    expect(page.locator("main .list > li")).to_have_count(1)

    visitor.go("/dev/alexa/")
    keys.press("main form[action$='/dev/alexa/link/'] button")
    keys.write("input[name=username]", person.user, seen=False)
    keys.write("input[name=password]", person.password, seen=False)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dev/alexa/**")
    keys.write("#utterance", "tell me a fact")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble")).to_have_count(1)

    visitor.go("/me/data/delete/")
    keys.press("main input[name=sure]", "Space")
    keys.press("main button.danger")
    page.wait_for_url("**/accounts/deleted/**")
    assert visitor.complaints == []


@pytest.mark.parametrize("path", ["/", "/facts/", "/facts/space/", "/accounts/login/", "/help/"])
def test_tab_reaches_everything_and_leaves_again(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    Keyboard(visitor.page).walk_through()


@pytest.mark.parametrize("path", ["/", "/today/"])
@pytest.mark.parametrize("role", ["", EMAIL])
def test_back_comes_to_each_fact_again(visitor: Visitor, role: str, path: str) -> None:
    page = visitor.page
    if role:
        visitor.sign_in(role)
    visitor.go(path)
    fact, seen = page.locator("main [id^=fact-]").first, []
    for _turn in range(3):
        seen.append(fact.inner_text())
        page.locator("#another").click()
        expect(fact).not_to_have_text(seen[-1])
    for before in reversed(seen):
        page.go_back()
        expect(fact).to_have_text(before)


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


def test_a_name_chosen_here_is_heard_there(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in(PHONE)
    visitor.go("/me/")
    page.locator("[name=display_name]").fill("Captain Robin")
    page.locator("#save-name").click()
    expect(page.locator("#name .status.good")).to_be_visible()
    visitor.link(PHONE)
    visitor.press("Launch")
    expect(page.locator(".bubble").last).to_contain_text("Captain Robin")
    visitor.go("/accounts/logout/")
    page.locator("main button[type=submit]").click()
    page.wait_for_url(f"{visitor.site.url}/")
    visitor.go("/me/")
    assert "/accounts/login/" in page.url


def test_what_needs_scripts_is_not_there_without_them(
    visitor_who: Callable[..., Visitor],
) -> None:
    with_them, without = visitor_who(), visitor_who(java_script_enabled=False)
    for visitor in (with_them, without):
        visitor.go("/facts/")
        visitor.page.locator("#results h3 a").first.click()
    expect(with_them.page.locator("[data-copy]").first).to_be_visible()
    expect(without.page.locator("[data-copy]").first).to_be_hidden()
    expect(without.page.locator("[data-listen]").first).to_be_hidden()
    without.go("/facts/")
    without.page.fill("#id_q", "moon")
    without.page.keyboard.press("Enter")
    without.page.wait_for_url(re.compile(r"q=moon"))
    expect(without.page.locator("#results h3 a").first).to_be_visible()
