"""`make pictures`: the README's pictures, made anew.

With a folder (`make pictures ALL=folder`) instead every page in each state, on desktop and phone,
light and dark, and on a phone in Arabic: for looking at. PAGES="home saved" names some of them.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from companion.local.environment import BASE_DIR
from companion.local.people import EMAIL, OPERATOR
from tests.browser.measuring import DESKTOP, PHONE, SETTLED
from tests.browser.pages import State, named
from tests.browser.stage import Stage
from tests.browser.table import a_stage, say
from tests.browser.visitor import Visitor

DOCS = BASE_DIR / "docs"
HOME, DEMO, VERDICT = DOCS / "home.png", DOCS / "demo.png", DOCS / "verdict.png"
HEIGHT = 980  # pixels of each picture
WIDE, NARROW = 1200, 400
BETWEEN = 12
PLUM = (122, 36, 86)
COLORS = 128
LOOKS: dict[str, dict[str, Any]] = {
    "desktop-light": {**DESKTOP, "color_scheme": "light"},
    "desktop-dark": {**DESKTOP, "color_scheme": "dark"},
    "phone-light": {**PHONE, "color_scheme": "light"},
    "phone-dark": {**PHONE, "color_scheme": "dark"},
    "phone-arabic": {**PHONE, "color_scheme": "light", "locale": "ar-SA"},
}


def main() -> int:
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
    with a_stage() as stage:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            for state in named(sys.argv[2:]):
                say(state.name)
                _in_each_look(stage, state, folder)
        else:
            _today(stage)
            _both_doors(stage)
            _why_it_failed(stage)
    return 0


def _in_each_look(stage: Stage, state: State, folder: Path) -> None:
    name = re.sub(r"\W+", "-", state.name).strip("-")
    for look, options in LOOKS.items():
        address = stage.set_scene(state)
        with stage.browser_of(state.who, **options) as context:
            page = context.new_page()
            stage.show(state, page, address)
            page.evaluate(SETTLED)
            page.screenshot(path=folder / f"{name}.{look}.png", full_page=True)


def _today(stage: Stage) -> None:
    """What somebody finds who comes back: on a desktop in light, on a phone in dark."""
    state = State("", "/", EMAIL, "some_weeks")
    _side_by_side(
        _screen(stage, state, WIDE, color_scheme="light"),
        _screen(stage, state, NARROW, color_scheme="dark"),
        HOME,
    )


def _both_doors(stage: Stage) -> None:
    """A fact saved by voice, and where it is a moment later."""
    stage.set_scene(State("", "/", EMAIL, "nothing_yet"))
    window = {"width": WIDE, "height": HEIGHT}
    with stage.browser_of(EMAIL, viewport=window) as context:
        visitor = Visitor(context.new_page(), stage.site)
        visitor.link(EMAIL)
        for words in ("open small wonders", "tell me a history fact", "save that"):
            visitor.say(words)
        last = visitor.page.locator(".bubble").last
        last.evaluate("bubble => bubble.scrollIntoView({ block: 'end' })")
        visitor.page.evaluate("scrollBy(0, 120)")
        talk = visitor.page.locator(".conversation").bounding_box()
        assert talk
        edge = int(talk["x"] + talk["width"] + talk["x"] / 2)  # what is beside it is out of sight
        simulator = _shot(visitor.page).crop((0, 0, edge, HEIGHT))
    saved = State("", "/saved/", EMAIL)
    _side_by_side(simulator, _screen(stage, saved, NARROW, keep=True), DEMO)


def _why_it_failed(stage: Stage) -> None:
    """An attempt to link that failed, as an operator sees it; and the person, on a phone."""
    failed = State("", "/traces/{trace}/", OPERATOR, "traces_many")
    told = State("", "/alexa-link/", EMAIL, "linking_failed_elsewhere")
    _side_by_side(
        _screen(stage, failed, WIDE),
        _screen(stage, told, NARROW, color_scheme="dark"),
        VERDICT,
    )


def _screen(
    stage: Stage, state: State, width: int, *, keep: bool = False, **looks: Any
) -> Image.Image:
    """The page as a window shows it; with `keep` in the scene that is set already."""
    address = stage.site.url + state.path if keep else stage.set_scene(state)
    window = {"width": width, "height": HEIGHT}
    with stage.browser_of(state.who, viewport=window, **looks) as context:
        page = context.new_page()
        page.goto(address)
        return _shot(page)


def _shot(page: Page) -> Image.Image:
    page.evaluate(SETTLED)
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def _side_by_side(left: Image.Image, right: Image.Image, path: Path) -> None:
    picture = Image.new("RGB", (left.width + BETWEEN + right.width, HEIGHT), PLUM)
    picture.paste(left, (0, 0))
    picture.paste(right, (left.width + BETWEEN, 0))
    few = picture.quantize(COLORS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    say(f"{path.relative_to(BASE_DIR)}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    sys.exit(main())
