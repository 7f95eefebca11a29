"""docs/security.md says of the code what is so: tests, reasons and limits by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from accounts.cognito import tokens
from companion import address_limit, draft, kept
from companion.doctor import views as doctor
from skill_endpoint import verification, views

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LIMITERS = {"limited", "is_over", "is_client_over", "has_used_up", "Limit"}


def section(heading: str) -> str:
    """From a heading of the second level to the next."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of its tables, without the heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {n - 1 for n, row in enumerate(cells) if set("".join(row)) <= set("- ")}
    return [row for n, row in enumerate(cells) if n not in heads and n - 1 not in heads]


def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = set(NAMED.findall(PAGE))
    missing = {
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file() or name not in functions(file)
    }
    assert missing == set()
    assert len(named) > 80


def test_every_threat_has_a_test() -> None:
    threats = rows(section("Threats"))
    assert len(threats) > 60
    assert [row[0] for row in threats if len(row) != 3 or not NAMED.search(row[2])] == []
    assert len({row[0] for row in threats}) == len(threats), "each stands once"


def literals(annotation: object) -> Iterator[str]:
    for each in get_args(annotation):
        if isinstance(each, str):
            yield each
        else:
            yield from literals(each)


@pytest.mark.parametrize(
    ("heading", "reasons"),
    [
        ("What each check of the voice door is for", verification.Reason),
        ("What each check of a token is for", tokens.Reason),
    ],
)
def test_every_reason_for_a_refusal_is_explained(heading: str, reasons: object) -> None:
    there = set(re.findall(r"`(\w+)`", " ".join(row[-1] for row in rows(section(heading)))))
    assert there == set(literals(reasons))


def calls() -> Iterator[tuple[str, ast.expr | None]]:
    """The scope of each limit in the code, and its rate where it stands there as a number."""
    for package in ("accounts", "companion", "skill_endpoint"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name not in LIMITERS:
                    continue
                scope = node.args[0]
                rate = next((word.value for word in node.keywords if word.arg == "rate"), None)
                if isinstance(scope, ast.Constant):
                    yield str(scope.value), rate
                elif isinstance(scope, ast.JoinedStr) and isinstance(scope.values[0], ast.Constant):
                    yield str(scope.values[0].value) + "…", rate


def limits() -> dict[str, str]:
    """Scope -> what the table says of it."""
    return {
        scope: row[1]
        for row in rows(section("Limits"))
        for scope in re.findall(r"`([^`]+)`", row[0])
    }


def test_every_limit_is_named_with_its_number() -> None:
    found = dict.fromkeys(scope for scope, _rate in calls())
    assert set(limits()) == set(found)
    for scope, rate in calls():
        if isinstance(rate, ast.Constant):
            assert str(rate.value) in re.findall(r"\d+", limits()[scope]), scope


@pytest.mark.parametrize(
    ("scope", "rate"),
    [
        ("alexa", views.CLIENT_RATE),
        ("alexa-user", views.USER_RATE),
        ("reading", address_limit.READING.rate),
        ("sending", address_limit.SENDING.rate),
        ("metrics", address_limit.PROBES["/metrics"].rate),
        ("kept-…", kept.RATE["rate"]),
        ("draft", draft.RATE["rate"]),
        ("doctor", doctor.RATE),
    ],
)
def test_limits_with_a_name_of_their_own_are_as_the_page_says(scope: str, rate: int) -> None:
    assert re.findall(r"\d+", limits()[scope])[0] == str(rate)


def test_what_reports_a_weakness_leads_to_the_page() -> None:
    report = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "(docs/security.md)" in report
    assert "SUPPORT_URL" in report
    assert "(../SECURITY.md)" in PAGE
