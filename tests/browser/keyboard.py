"""Somebody who has no pointer: Tab to a thing, see where the focus is, press it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

MOST_TABS = 150
# a ring of its own or of the label around it; a box or a line that is there only with the focus
SEEN = """
(element) => {
  const ring = (part) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  };
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && element.matches(":focus-visible") && ring(element);
}
"""
# what Tab should come to, each with a number: radio buttons of a group are one stop
REACHABLE = """
() => {
  const found = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']"
  )].filter((element) =>
    element.type !== "hidden" && !element.disabled && element.tabIndex >= 0
    && element.type !== "radio" && element.checkVisibility({ visibilityProperty: true }));
  found.forEach((element, number) => { element.dataset.stop = number; });
  return found.length;
}
"""
HERE = """
() => {
  const element = document.activeElement;
  return element && element !== document.body
    ? { stop: element.dataset.stop ?? "", html: element.outerHTML.slice(0, 100) }
    : null;
}
"""


class Keyboard:
    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, selector: str, *, seen: bool = True) -> Locator:
        """Tab on until the focus is there; it must be seen on the way."""
        wanted = self.page.locator(selector).first
        wanted.wait_for()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if seen:
                self._must_be_seen()
            if wanted.evaluate("element => element === document.activeElement"):
                return wanted
        raise AssertionError(f"Tab does not come to {selector}")

    def press(self, selector: str, key: str = "Enter") -> None:
        self.reach(selector)
        self.page.keyboard.press(key)
        self.page.wait_for_load_state()

    def write(self, selector: str, text: str, *, seen: bool = True) -> None:
        self.reach(selector, seen=seen)
        self.page.keyboard.type(text)

    def walk_through(self) -> None:
        """Every stop of the page once, each seen; then the focus leaves the page."""
        stops = self.page.evaluate(REACHABLE)
        missed = {str(number) for number in range(stops)}
        for _ in range(stops + 1):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate(HERE)
            if here is None:
                break
            self._must_be_seen()
            missed.discard(here["stop"])
        else:
            raise AssertionError("Tab does not leave the page")
        assert not missed, f"Tab does not come to {missed} of {stops}"

    def _must_be_seen(self) -> None:
        here = self.page.evaluate(HERE)
        if here:
            seen = self.page.evaluate(f"({SEEN})(document.activeElement)")
            assert seen, f"the focus is not seen on {here['html']}"
