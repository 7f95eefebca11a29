"""manage.py certify: no database and no settings of ours; three exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from companion.local.environment import BASE_DIR, free_port
from tests.skill_endpoint.certification.small_server import RESPONSE, always, replying

ONLY = ["--only", "signature-missing", "body-not-json"]


def test_nothing_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with replying(always(400)) as url:
        call_command("certify", url, *ONLY)
    out = capsys.readouterr().out
    assert f"Certification self-test of {url}" in out
    assert "without a key" in out
    assert "2 refused" in out


def test_something_failed_and_the_reports_are_written(tmp_path: Path) -> None:
    data, page = tmp_path / "report.json", tmp_path / "report.html"
    with replying(always(200, RESPONSE)) as url, pytest.raises(CommandError) as failed:
        call_command("certify", url, "--json", str(data), "--html", str(page), *ONLY)
    assert failed.value.returncode == 1
    assert "2 of 3 cases failed" in str(failed.value)
    assert json.loads(data.read_text(encoding="utf-8"))["counts"]["failed"] == 2
    assert "2 of 3 cases failed" in page.read_text(encoding="utf-8")


def test_it_could_not_run(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/"
    for arguments, words in (
        ([nobody], "nothing answers"),
        ([], "the address of an endpoint"),
        (["http://skill.example.com/"], "http only on this machine"),
        ([nobody, "--only", "nonsense"], "no such case"),
    ):
        with pytest.raises(CommandError, match=words) as refused:
            call_command("certify", *arguments)
        assert refused.value.returncode == 2


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with replying(always(400)) as url, pytest.raises(CommandError, match="No such file") as refused:
        call_command("certify", url, "--json", str(tmp_path / "no" / "file"), *ONLY)
    assert refused.value.returncode == 2


def test_the_list_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("certify", "--list")
    out = capsys.readouterr().out
    assert "signature-missing" in out
    assert "root-key.pem" in out


def test_it_runs_where_nothing_is_configured(tmp_path: Path) -> None:
    """A process with an empty environment, in another folder; its database cannot exist."""
    environment = {
        "PATH": os.defpath,
        "DOORS_NO_DOTENV": "1",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'db.sqlite3'}",
    }
    with replying(always(400)) as url:
        done = subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "certify", url, *ONLY],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 refused" in done.stdout


def test_the_help_says_how_with_a_key_and_without() -> None:
    done = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "certify", "--help"],
        env={"PATH": os.defpath, "DOORS_NO_DOTENV": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for words in (
        "without a key",
        "with a development key",
        "--chain-url http://127",
        "exit status",
    ):
        assert words in done.stdout
