"""docs/deploy.md as a text: its settings hold, its commands parse, its links lead somewhere."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from companion.local.environment import BASE_DIR, bare
from tests.deploy.walkthrough import guide

TEXT = guide.GUIDE.read_text(encoding="utf-8")
BLOCKS = guide.blocks(TEXT)
UNIT = (BASE_DIR / "deploy/systemd/two-doors.service").read_text(encoding="utf-8")
# what `manage.py pool show --env` adds
OF_THE_POOL = """\
COGNITO_USER_POOL_ID=us-east-1_AbCdEf123
COGNITO_DOMAIN_URL=https://my-facts-4711.auth.us-east-1.amazoncognito.com
COGNITO_WEB_CLIENT_ID=1example23456789abcdefghij
COGNITO_ALEXA_CLIENT_ID=2example23456789abcdefghij
"""


def settings_of_the_guide() -> dict[str, str]:
    """The lines between `cat > …/two-doors.env <<'END'` and END, and the pool's."""
    found = re.search(r"two-doors\.env <<'END'\n(.*?)\nEND\n", TEXT, re.DOTALL)
    assert found
    lines = [*found[1].splitlines(), *OF_THE_POOL.splitlines()]
    return dict(line.split("=", 1) for line in lines)


def credentials() -> list[str]:
    return re.findall(r"^LoadCredential=(\w+):/etc/two-doors/secrets/\1$", UNIT, re.MULTILINE)


def check(tmp_path: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`check --deploy` in a process that has these settings and the unit's credentials, no more."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name in credentials():
        (folder / name).write_text(secrets.token_hex(32) + "\n")
    (folder / "CACHE_URL").write_text("redis://:password@127.0.0.1:6379/0\n")
    (folder / "SENTRY_DSN").write_text("")
    unit = {"CREDENTIALS_DIRECTORY": str(folder), "DOORS_NO_DOTENV": "1"}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=BASE_DIR,
        env=bare(tmp_path) | unit | settings,
        capture_output=True,
        text=True,
    )


def test_production_settings_of_the_guide_have_no_fault_and_no_warning(tmp_path: Path) -> None:
    done = check(tmp_path, settings_of_the_guide())

    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_a_fault_would_be_seen(tmp_path: Path) -> None:
    """The same settings with one that is for a local run."""
    done = check(tmp_path, settings_of_the_guide() | {"AWS_ENDPOINT_URL": "http://localhost:4566"})

    assert done.returncode == 1
    assert "accounts.E004" in done.stderr


@pytest.mark.parametrize("name", credentials())
def test_each_secret_of_the_unit_is_made_by_the_guide(name: str) -> None:
    """systemd does not start a service whose credential is missing."""
    made = "\n".join(block.script for block in BLOCKS)

    if name.startswith("COGNITO_"):
        assert re.search(rf"for name in [\w ]*\b{name}\b", made)
    else:
        assert re.search(rf"(>|touch) *(/etc/two-doors/secrets/)?{name}\b", made)


def test_no_secret_stands_among_the_settings() -> None:
    assert not [name for name in settings_of_the_guide() if re.search("SECRET|TOKEN|KEY", name)]


def test_the_shell_takes_every_block() -> None:
    for block in BLOCKS:
        done = subprocess.run(["bash", "-n"], input=block.script, capture_output=True, text=True)
        assert done.returncode == 0, (block.heading, done.stderr)


def test_every_heading_has_its_line_in_the_list() -> None:
    listed = re.findall(r"^\* \[(.+)\]\(#.+\)$", TEXT, re.MULTILINE)
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)

    assert listed == headings


@pytest.mark.parametrize("name", ["deploy.md", "going-live.md"])
def test_links_lead_somewhere(name: str) -> None:
    source = guide.GUIDE.with_name(name)
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", source.read_text(encoding="utf-8")):
        page, _, anchor = target.partition("#")
        path = source.parent / page if page else source
        assert path.exists(), target
        anchors = (
            {
                re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
                for heading in re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            }
            if path.suffix == ".md"
            else set()
        )
        assert not anchor or anchor in anchors, target
