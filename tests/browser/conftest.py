"""A whole installation in its own processes, and Chromium in front of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from companion.local.aws import NotInstalled, is_installed
from companion.local.site import Site, running_site
from tests.browser.backstage import Backstage
from tests.browser.stage import Stage
from tests.browser.visitor import ARGUMENTS, CHROMIUM, Visitor


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        reason = "no Chromium on PATH: on Debian, apt-get install chromium"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # From here on Playwright's event loop counts as running in this thread, and Django would let
    # no later test of this process at the database. Nothing of ours is asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return {
        "executable_path": CHROMIUM,
        "args": ARGUMENTS,
    }


@pytest.fixture(scope="session")
def device() -> None:
    """pytest-playwright's own fixture, which tests/conftest.py hides with an Echo."""


@pytest.fixture(scope="session")
def site(
    browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    if not is_installed():
        pytest.skip(str(NotInstalled()))
    folder = Path(tmp_path_factory.mktemp("site"))
    with running_site(folder, more={"RATE_LIMITS": "0"}) as running:
        yield running


@pytest.fixture(scope="session")
def stage(browser: Browser, site: Site) -> Iterator[Stage]:
    with Backstage(site) as backstage:
        yield Stage(browser, site, backstage)


@pytest.fixture
def visitor(page: Page, site: Site) -> Iterator[Visitor]:
    somebody = Visitor(page, site)
    yield somebody
    assert somebody.complaints == [], "the browser's console complained"


@pytest.fixture
def themed(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor on a phone or a desktop, in light or dark: request.param says which."""
    scheme, width = request.param
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, base_url=site.url
    )
    yield Visitor(context.new_page(), site)
    context.close()
