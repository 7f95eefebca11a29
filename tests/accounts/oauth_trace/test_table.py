"""The troubleshooting table of docs/linking.md, and the command that keeps it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.oauth_trace import table
from accounts.oauth_trace.diagnosis import Level, Rule, rules
from accounts.oauth_trace.models import Stage

RULE = Rule(
    code="some-code",
    stage=Stage.TOKEN,
    level=Level.WARNING,
    seen="Either | or <b>this</b>.",
    cause="It says `a<b|c` twice\nand *again*.",
    fix="Mend it.",
    source="https://docs.example.com/page",
    check=lambda trace, wanted: None,
)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("oauth_trace", "table", *arguments, stdout=out, no_color=True)
    return out.getvalue()


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another document than the real one, with a place for the table."""
    path = tmp_path / "linking.md"
    path.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(table, "DOCUMENT", path)
    return path


def test_the_document_has_every_rule_as_it_is() -> None:
    """Mend it by `manage.py oauth_trace table --write`."""
    assert run("--check").strip() == "docs/linking.md has every rule."


def test_every_rule_stands_in_it_once() -> None:
    text = table.table(rules())

    for rule in rules():
        assert text.count(f"`{rule.code}`") == 1, rule.code


def test_an_item_is_one_line_and_no_html() -> None:
    assert table.table([RULE]) == (
        "### When Alexa redeems the code\n\n"
        "**Either | or &lt;b>this&lt;/b>.**\n\n"
        "* It says `a<b|c` twice and \\*again\\*. *Mend:* Mend it. "
        "(`some-code`, warning; [docs.example.com](https://docs.example.com/page))\n"
    )


def test_what_shows_alike_stands_together() -> None:
    other = replace(RULE, code="other", seen="Something else.")
    again = replace(RULE, code="again")

    text = table.table([RULE, other, again])

    assert re.findall(r"`(some-code|again|other)`", text) == ["some-code", "again", "other"]
    assert text.count("**Either") == 1


def test_what_a_refresh_has_in_common_with_a_redeemed_code_is_told_once() -> None:
    twin = replace(RULE, code="later", stage=Stage.REFRESH, seen="Later. " + RULE.seen)
    own = replace(RULE, code="own", stage=Stage.REFRESH, cause="Something of its own.")

    code, refresh = table.table([RULE, twin, own]).split("### Later: when Alexa refreshes")

    assert "`later`" not in code
    assert refresh.count("Mend it.") == 1
    assert "(#when-alexa-redeems-the-code), and is mended as there: `later`." in refresh
    assert "Something of its own. *Mend:*" in refresh


def test_a_rule_of_a_stage_without_a_heading_would_be_missed() -> None:
    assert set(table._HEADINGS) == {None, *Stage}


def test_it_writes_between_the_marks_and_nowhere_else(document: Path) -> None:
    assert run("--write").strip() == "docs/linking.md is written."

    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{table.BEGIN}\n\n### ")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "old" not in text.partition("### ")[0]
    assert run("--write").strip() == "docs/linking.md has every rule."


def test_it_says_that_the_document_is_out_of_date(document: Path) -> None:
    before = document.read_text(encoding="utf-8")

    with pytest.raises(CommandError, match=r"run manage\.py oauth_trace table --write"):
        run("--check")

    assert document.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "text",
    [
        "no marks",
        f"{table.BEGIN}",
        f"{table.END}\n{table.BEGIN}",
        f"{table.BEGIN}\n{table.END}\n{table.BEGIN}\n{table.END}",
    ],
)
def test_it_writes_nothing_where_the_place_is_not_clear(document: Path, text: str) -> None:
    document.write_text(text, encoding="utf-8")

    with pytest.raises(CommandError, match="these two lines once each"):
        run("--write")

    assert document.read_text(encoding="utf-8") == text


def test_it_prints_the_table_without_touching_the_document(document: Path) -> None:
    before = document.read_text(encoding="utf-8")

    assert run().strip() == table.table(rules()).strip()
    assert document.read_text(encoding="utf-8") == before
