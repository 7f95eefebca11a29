"""An import only ever points down: companion -> skill_endpoint -> accounts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "accounts": {"skill_endpoint", "companion", "tests"},
    "skill_endpoint": {"companion", "tests"},
    "companion": {"tests"},
}
# what a process without Django's applications may import (make smoke speaks only HTTP)
PLAIN = ["skill_endpoint/simulator/envelopes.py", "skill_endpoint/simulator/pki.py"]


def imported(path: Path) -> set[str]:
    """First parts of the names that a module imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_no_import_points_up(package: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imported(path) & FORBIDDEN[package]
    }
    assert wrong == set()


@pytest.mark.parametrize("module", PLAIN)
def test_it_needs_no_django(module: str) -> None:
    assert "django" not in imported(ROOT / module)
