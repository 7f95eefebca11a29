"""Long words and other scripts: no page of any language is wider than the smallest window."""

from __future__ import annotations

import pytest
from django.conf import settings

from companion.local.people import EMAIL
from tests.browser.pages import STATES
from tests.browser.stage import Stage
from tests.browser.visitor import wider_than_the_window

pytestmark = pytest.mark.browser
NARROW = {"viewport": {"width": 320, "height": 640}}  # WCAG 2.2, 1.4.10
# each address once: what is searched for or turned to changes no widths
SHOWN = {
    (state.path.partition("?")[0], state.who): state
    for state in STATES
    if state.in_any_language
    and not state.act
    and not state.error
    and (not state.who or state.scene == "some_weeks")
}.values()


@pytest.mark.parametrize("language", [code for code, name in settings.LANGUAGES])
def test_no_word_is_too_long_for_a_small_phone(stage: Stage, language: str) -> None:
    wide = {}
    for who in ("", EMAIL):
        with stage.browser_of(who, locale=language, **NARROW) as context:
            page = context.new_page()
            states = [state for state in SHOWN if state.who == who]
            stage.set_scene(states[-1])
            for state in states:
                page.goto(stage.site.url + state.path.format(**stage.made))
                assert page.get_attribute("html", "lang") == language, state.name
                if found := wider_than_the_window(page):
                    wide[state.name] = found
    assert wide == {}
