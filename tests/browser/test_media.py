"""On paper, without motion, in the colors of the system: nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from companion.local.people import EMAIL
from tests.browser.measuring import DESKTOP, STILL
from tests.browser.pages import STATES, State
from tests.browser.stage import Stage
from tests.browser.visitor import findings

pytestmark = pytest.mark.browser
SHOWN = [
    state
    for state in STATES
    if state.name in {"home, after weeks", "saved, page 1", "fact, signed in", "library"}
]
# words of the page that are not to be pressed, and that paper does not show
LOST = """
() => {
  const words = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const lost = [];
  while (words.nextNode()) {
    const { textContent, parentElement } = words.currentNode;
    const away = "form, button, .button, nav, .pages, .notices, .visually-hidden, [hidden]";
    if (!textContent.trim() || parentElement.closest(away)) continue;
    if (!parentElement.checkVisibility({ visibilityProperty: true })) lost.push(textContent.trim());
  }
  return lost;
}
"""
MOVES = """
() => [...document.querySelectorAll("*")].filter((element) => {
  const { transitionDuration, animationName } = getComputedStyle(element);
  return animationName !== "none" || transitionDuration.split(", ").some((time) => time !== "0s");
}).map((element) => element.outerHTML.slice(0, 80))
"""
# buttons whose edge is only a color that the system takes away
WITHOUT_EDGE = """
() => [...document.querySelectorAll("main .button, main input, main select, .card, .fact, .notice")]
  .filter((element) => {
    const { borderTopStyle, borderTopWidth } = getComputedStyle(element);
    const boxed = element.type !== "hidden" && element.checkVisibility();
    return boxed && !["checkbox", "radio"].includes(element.type)
      && (borderTopStyle === "none" || borderTopWidth === "0px");
  }).map((element) => element.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("state", SHOWN, ids=lambda state: state.name)
def test_paper_keeps_every_word(stage: Stage, state: State) -> None:
    address = stage.set_scene(state)
    with stage.browser_of(state.who, **DESKTOP, color_scheme="dark") as context:
        page = context.new_page()
        page.goto(address)
        page.emulate_media(media="print")
        assert page.evaluate(LOST) == []
        expect(page.locator("main button:visible")).to_have_count(0)
        expect(page.locator("footer.bottom, header nav").first).to_be_hidden()
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
        page.evaluate(STILL)
        assert [found for found in findings(page) if is_contrast(found)] == []


@pytest.mark.parametrize("state", SHOWN, ids=lambda state: state.name)
def test_nothing_moves_for_who_wants_no_motion(stage: Stage, state: State) -> None:
    address = stage.set_scene(state)
    with stage.browser_of(state.who, **DESKTOP, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(address)
        assert page.evaluate(MOVES) == []


def test_a_star_shines_at_once_for_who_wants_no_motion(stage: Stage) -> None:
    address = stage.set_scene(State("", "/", EMAIL, "nothing_yet"))
    with stage.browser_of(EMAIL, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(address)
        page.locator("article.fact form[action$='/save/'] button").click()
        expect(page.locator("article.fact button.is-saved")).to_be_visible()
        assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("state", SHOWN, ids=lambda state: state.name)
def test_the_systems_colors_keep_every_edge(stage: Stage, state: State) -> None:
    address = stage.set_scene(state)
    with stage.browser_of(state.who, **DESKTOP, forced_colors="active") as context:
        page = context.new_page()
        page.goto(address)
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert page.evaluate(WITHOUT_EDGE) == []
        current = page.locator("header a[aria-current]")
        if current.count():
            assert current.first.evaluate("link => getComputedStyle(link).outlineStyle") != "none"
        # the system chooses the colors, and axe reads the page's
        assert [found for found in findings(page) if not is_contrast(found)] == []


def is_contrast(finding: str) -> bool:
    return finding.startswith("color-contrast")
