"""Rules for every template: nothing inline, nothing that the policy would block."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
# comments may speak of anything
COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?endcomment %\}|<!--.*?-->", re.DOTALL)


# pages inside a downloaded archive stand alone, far from the site and its policy
OF_A_FILE = "data_export/base.html"


def source(name: str) -> str:
    return COMMENT.sub("", (ROOT / name).read_text(encoding="utf-8"))


def static(name: str) -> Path:
    found = finders.find(f"companion/{name}")
    assert isinstance(found, str)
    return Path(found)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_has_no_inline_code(name: str) -> None:
    html = source(name)
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html)
    if name != OF_A_FILE:
        assert not re.findall(r"<style\b", html)
    assert not re.findall(r"\sstyle\s*=", html)
    assert not re.findall(r"""\son[a-z]+\s*=\s*["']""", html)
    assert not re.findall(r"hx-on|javascript:|\bjs:", html)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_sends_a_token_with_every_post(name: str) -> None:
    for form in re.findall(r"<form\b.*?</form>", source(name), re.DOTALL):
        if re.search(r"""method=["']post""", form):
            assert "{% csrf_token %}" in form


def test_it_keeps_its_script_small() -> None:
    assert static("site.js").stat().st_size <= 3 * 1024


def test_it_draws_every_icon_that_is_used_and_no_other() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', static("icons.svg").read_text("utf-8")))
    used = {
        name
        for template in TEMPLATES
        for name in re.findall(r'icon\.html" with name="([\w-]+)"', source(template))
    }
    assert used == drawn


def test_it_asks_other_sites_for_nothing() -> None:
    css = static("site.css").read_text("utf-8") + static("admin.css").read_text("utf-8")
    assert "url(" not in css
    assert "@import" not in css
