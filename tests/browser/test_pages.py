"""Each page in each state: whom it hinders, what it costs. Times are for `make pages`."""

from __future__ import annotations

import pytest
import requests

from companion.local.site import Site
from tests.browser.measuring import PHONE, measure
from tests.browser.pages import STATES, State
from tests.browser.stage import Stage, blocked
from tests.browser.visitor import OF_DIRECTIONS, findings, wider_than_the_window

pytestmark = pytest.mark.browser
NAMES = [state.name for state in STATES]


def test_each_state_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("state", STATES, ids=NAMES)
def test_it_hinders_nobody_and_costs_little(stage: Stage, state: State) -> None:
    """axe at WCAG 2.2 AA, no sideways scrolling, nothing blocked, and the limits of the site."""
    assert measure(stage, state, slower=1).faults(times=False) == []


@pytest.mark.parametrize(
    "state", [state for state in STATES if state.in_any_language], ids=lambda state: state.name
)
def test_it_hinders_nobody_who_reads_from_right_to_left(stage: Stage, state: State) -> None:
    address = stage.set_scene(state)
    with stage.browser_of(state.who, locale="ar-SA", **PHONE) as context:
        page = context.new_page()
        stage.show(state, page, address)
        assert page.get_attribute("html", "dir") == "rtl"
        found = findings(page, rules=OF_DIRECTIONS)
        assert found + wider_than_the_window(page) + blocked(page) == []


def test_static_files_are_compressed_and_kept(stage: Stage, site: Site) -> None:
    """Each name holds a digest of the file, so a browser may keep it for ever."""
    with stage.browser_of("") as context:
        page = context.new_page()
        loaded: list[str] = []
        page.on("response", lambda response: loaded.append(response.url))
        page.goto(site.url)
    files = [url for url in loaded if "/static/" in url]
    assert len(files) >= 4
    for url in files:
        answer = requests.head(url, headers={"Accept-Encoding": "br"}, timeout=10)
        assert "immutable" in answer.headers["Cache-Control"], url
        age = answer.headers["Cache-Control"].partition("max-age=")[2].split(",")[0]
        assert int(age) > 300 * 24 * 3600, url
        small = int(answer.headers["Content-Length"]) < 500
        assert answer.headers.get("Content-Encoding") == "br" or small, url
