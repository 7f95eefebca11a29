"""What gunicorn says of itself is one JSON object a line, and holds no secret."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from companion.local.environment import BASE_DIR, free_port
from tests.companion.test_server import ASK, answer_to, serving

FAILS = """
raise ValueError("no database at postgres://site:pass@db, token=s3cr3t-4711, robin@example.com")
"""


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEBUG", "DEV_TOOLS"):
        monkeypatch.delenv(name, raising=False)


def lines_of(log: Path) -> list[dict[str, Any]]:
    """Each line of it has to be one."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def told(log: Path, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first such line, which may still be to come."""
    for _ in range(200):
        for line in lines_of(log):
            if holds(line):
                return line
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


def test_a_worker_that_was_killed_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(tmp_path) as port:
        assert answer_to(port, ASK).startswith(b"HTTP/1.1 200 OK")
        began = told(log, lambda line: line["event"].startswith("Booting worker"))
        main = told(log, lambda line: line["event"].startswith("Starting gunicorn"))
        assert began["process"] != main["process"]
        os.kill(began["process"], signal.SIGKILL)
        line = told(log, lambda line: "was sent SIGKILL" in line["event"])
    assert (line["level"], line["logger"]) == ("error", "gunicorn.error")
    assert str(began["process"]) in line["event"]
    assert line["process"] == main["process"]
    assert line["timestamp"]


def test_no_request_is_a_line_of_the_server(tmp_path: Path) -> None:
    """The site has one of each, without the query."""
    with serving(tmp_path) as port:
        answer_to(port, ASK.replace(b"/", b"/page?code=s3cr3t", 1))
        answer_to(port, ASK.replace(b"/", b"/raise?code=s3cr3t", 1))
    said = lines_of(tmp_path / "log")
    assert any("ValueError" in str(line.get("exception")) for line in said)
    assert not [line for line in said if "code=" in str(line) or "127.0.0.1 " in str(line)]


def test_a_site_that_cannot_be_loaded_is_one_line_without_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(FAILS, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "gunicorn", "broken:application", f"--chdir={tmp_path}"),
            *(f"--bind=127.0.0.1:{free_port()}", "--config=deploy/gunicorn.conf.py"),
        ],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    said = [json.loads(line) for line in done.stderr.splitlines()]
    (line,) = [line for line in said if line["event"] == "The site cannot be loaded"]
    assert line["level"] == "critical"
    assert "no database at" in line["exception"]
    for secret in ("s3cr3t-4711", "robin@example.com", "pass@"):
        assert secret not in done.stderr
    assert said[-1]["event"] == "Reason: Worker failed to boot."
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["DEBUG", "DEV_TOOLS"])
def test_who_develops_reads_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    with serving(tmp_path) as port:
        answer_to(port, ASK)
    assert " [info     ] Starting gunicorn" in (tmp_path / "log").read_text(encoding="utf-8")
