"""Releases side by side: which is current, and what install.sh refuses before it does anything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from companion.local.environment import BASE_DIR

DEPLOY = BASE_DIR / "deploy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("1.0.0", "1.1.0"):
        (tmp_path / "releases" / name).mkdir(parents=True)
        (tmp_path / "releases" / name / ".installed").touch()
    (tmp_path / "releases" / "1.2.0").mkdir()  # its installation was interrupted
    return tmp_path


def use(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [str(DEPLOY / "use.sh"), str(folder), name]
    return subprocess.run(command, capture_output=True, text=True)


def install(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(DEPLOY / "install.sh"), str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_release_is_used_and_taken_back(folder: Path) -> None:
    assert use(folder, "1.0.0").stdout == "\n"
    assert use(folder, str(folder / "releases" / "1.1.0")).stdout == "1.0.0\n"
    assert (folder / "current").resolve().name == "1.1.0"

    assert use(folder, "1.0.0").stdout == "1.1.0\n"
    assert (folder / "current").resolve().name == "1.0.0"
    assert sorted(each.name for each in folder.iterdir()) == ["before", "current", "releases"]


def test_back_is_the_release_before_and_not_the_folder_that_is_second_newest(folder: Path) -> None:
    use(folder, "1.0.0")
    use(folder, "1.1.0")
    use(folder, "1.1.0")  # section 12 typed twice
    (folder / "releases" / "1.3.0").mkdir()  # one more that was interrupted

    assert use(folder, "--back").stdout == "1.1.0\n"
    assert (folder / "current").resolve().name == "1.0.0"
    assert use(folder, "--back").stdout == "1.0.0\n"
    assert (folder / "current").resolve().name == "1.1.0"


def test_there_is_no_way_back_from_the_first_release(folder: Path) -> None:
    use(folder, "1.0.0")
    done = use(folder, "--back")

    assert done.returncode == 1
    assert "there is none before" in done.stderr
    assert (folder / "current").resolve().name == "1.0.0"


@pytest.mark.parametrize("name", ["1.2.0", "9.9.9"])
def test_a_release_that_is_not_whole_is_not_used(folder: Path, name: str) -> None:
    use(folder, "1.0.0")
    done = use(folder, name)

    assert done.returncode == 1
    assert "is not installed" in done.stderr
    assert (folder / "current").resolve().name == "1.0.0"


def test_what_is_installed_is_left_as_it_is(folder: Path) -> None:
    done = install(folder, "--name", "1.1.0")

    assert (done.returncode, done.stdout) == (0, f"{folder}/releases/1.1.0\n")
    assert "already" in done.stderr


@pytest.mark.parametrize("name", ["../elsewhere", ".hidden", "a b", "a/b"])
def test_a_name_leads_nowhere_else(folder: Path, name: str) -> None:
    done = install(folder, "--name", name)

    assert done.returncode == 1
    assert "a name is of letters" in done.stderr


def test_uv_is_fetched_by_its_hash_in_the_version_of_the_makefile() -> None:
    text = (DEPLOY / "uv.txt").read_text(encoding="utf-8")
    makefile = (BASE_DIR / "Makefile").read_text(encoding="utf-8")
    (version,) = re.findall(r"^UV_VERSION := (\S+)$", makefile, re.MULTILINE)

    assert f"uv=={version} " in text
    assert text.count("--hash=sha256:") > 1
    assert "--require-hashes" in (DEPLOY / "install.sh").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("answer", "status", "is_told"),
    [
        ("No known vulnerabilities found", 0, False),
        ("Found 1 known vulnerability in 1 package", 1, False),
        ("ERROR: x: Dependency not found and could not be audited: x (1.0)", 1, True),
        ("ERROR: Could not connect to the vulnerability feed", 1, True),
    ],
)
def test_an_audit_asks_about_all_that_is_installed_and_says_when_nobody_answers(
    tmp_path: Path, answer: str, status: int, is_told: bool
) -> None:
    """`make audit` with a pip-audit that answers so; tracing is installed on servers, too."""
    files = sorted(
        str(each.relative_to(BASE_DIR))
        for each in (*BASE_DIR.glob("requirements/*.txt"), BASE_DIR / "deploy/uv.txt")
    )
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    program = tmp_path / ".venv" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho {answer!r} >&2\nexit {status}\n")
    program.chmod(0o755)

    done = subprocess.run(
        ["make", "--file", str(BASE_DIR / "Makefile"), "--old-file", ".venv/.dev", "audit"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert [line for line in done.stdout.splitlines() if line.endswith(".txt")] == sorted(
        files, key=lambda name: (name == "deploy/uv.txt", name)
    )
    assert {"requirements/tracing.txt", "requirements/base.txt"} < set(files)
    assert (done.returncode != 0) == bool(status)
    assert ("no finding about them" in done.stdout) == is_told


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_scripts_are_plain_shell() -> None:
    scripts = sorted(map(str, DEPLOY.glob("*.sh")))
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True)

    assert done.stdout == ""
