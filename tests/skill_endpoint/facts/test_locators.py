"""Where a source is found: an address of a page, an identifier or words, and no script."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from skill_endpoint.facts import content
from skill_endpoint.facts.models import Fact, Topic
from skill_endpoint.facts.transfer_plan import plan
from skill_endpoint.facts.transfer_sheet import read

SCRIPTS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "\x01javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://example.com/x",
]
SOURCES = [
    "https://example.com/mars?a=b:c",
    "http://example.com/",
    "HTTPS://example.com",
    "doi:10.1073/pnas.0909493107",
    "ISBN:978-3-16-148410-0",
    "Chapter 3: the Moon, page 12",
    "3:16",
    "pages 302 to 312",
    "第3章:月",
]


@pytest.mark.parametrize("locator", SCRIPTS)
def test_a_script_is_refused(locator: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Fact(slug="x", source_locator=locator).clean_fields()
    assert "source_locator" in refused.value.message_dict


@pytest.mark.parametrize("locator", SOURCES)
def test_what_people_cite_is_taken(locator: str) -> None:
    assert content.is_locator(locator)


@pytest.mark.django_db
def test_an_import_names_the_line() -> None:
    Topic.objects.create(slug="space", name="Space")
    heading = "topic,slug,language,headline,speech,source_title,source_publisher,source_locator"
    faults = plan(read(f"{heading}\nspace,x,en,Head,It is.,T,P,data:text/html")).faults
    assert [(fault.line, fault.column) for fault in faults] == [(2, "source_locator")]


def test_a_file_with_one_is_not_loaded(tmp_path: Path) -> None:
    present = (content.DATA / "space.toml").read_text(encoding="utf-8")
    first = present.split('locator = "', 1)[1].split('"', 1)[0]
    (tmp_path / "space.toml").write_text(
        present.replace(first, "javascript:alert(1)", 1), encoding="utf-8"
    )
    with pytest.raises(content.ContentErrors, match="locator is neither an address"):
        content.read(tmp_path)
