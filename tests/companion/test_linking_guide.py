"""docs/linking.md: what it tells a stranger to type is there to be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser

from accounts.oauth_trace.table import BEGIN
from companion import settings

DOCS = Path(settings.BASE_DIR) / "docs"
GUIDE = (DOCS / "linking.md").read_text(encoding="utf-8")
PYTHON = ".venv/bin/python manage.py "
# of the values that the guide has a reader export
VALUES = {
    "$DOMAIN_PREFIX": "my-facts-4711",
    "$PUBLIC_URL": "https://facts.example.com",
}
COMMANDS = [
    line.strip().removeprefix(PYTHON).partition("  #")[0].strip()
    for line in GUIDE.splitlines()
    if line.strip().startswith(PYTHON)
]


def parser_of(name: str) -> CommandParser:
    command = load_command_class(get_commands()[name], name)
    parser: CommandParser = command.create_parser("manage.py", name)
    return parser


def test_it_names_the_commands_of_the_whole_way() -> None:
    names = {command.split()[0] for command in COMMANDS}

    assert names >= {"pool", "check", "doctor", "skill_package", "oauth_trace", "certify"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_takes_what_the_guide_gives_it(command: str) -> None:
    name, *arguments = shlex.split(command)
    for value, example in VALUES.items():
        arguments = [argument.replace(value, example) for argument in arguments]
    assert not any("$" in argument for argument in arguments)

    parser_of(name).parse_args(arguments)


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)]+)\)", GUIDE))
def test_a_link_leads_somewhere(target: str) -> None:
    name, _, anchor = target.partition("#")
    path = (DOCS / name).resolve() if name else DOCS / "linking.md"

    assert path.is_file(), target
    assert not anchor or anchor in anchors(path), target


def test_who_searches_for_what_the_alexa_app_says_finds_the_way() -> None:
    """The sentence to the letter, in the beginning and where help begins; then each stage."""
    sentence = "We were unable to link your skill at this time"
    beginning, _, rest = GUIDE.partition("## 1. What you need")
    help_ = rest.partition("## 7. When it fails")[2].partition("### Ask the doctor")[0]

    assert sentence in beginning
    assert sentence in help_
    stages = re.findall(r"^### (.*)$", GUIDE.partition(BEGIN)[2], re.MULTILINE)
    assert len(stages) >= 6
    for heading in stages:
        anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        assert f"(#{anchor})" in help_, heading


@pytest.mark.parametrize("start", [DOCS.parent / "README.md", DOCS / "going-live.md"])
def test_it_is_found_from_where_people_begin(start: Path) -> None:
    assert re.search(r"\]\((docs/)?linking\.md", start.read_text(encoding="utf-8"))
