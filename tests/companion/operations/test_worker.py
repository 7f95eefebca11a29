"""gunicorn with the project's settings and the site itself: its worker writes what it counted."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from companion.local.environment import BASE_DIR, free_port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a new installation on SQLite, with nothing of this process's own."""
    made = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made |= {
        "DOORS_NO_DOTENV": "1",
        "SECRET_KEY": "tests-only-" + "0123456789" * 5,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}",
        "PUBLIC_URL": "http://localhost:8000",
        "DJANGO_SETTINGS_MODULE": "companion.settings",
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=BASE_DIR,
        env=made,
        check=True,
        timeout=120,
    )
    return made


@pytest.fixture
def server(
    environment: dict[str, str], tmp_path: Path
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """(address, process)"""
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "companion.wsgi"),
                *(f"--bind=127.0.0.1:{port}", "--config=deploy/gunicorn.conf.py"),
            ],
            cwd=BASE_DIR,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def status_of(address: str, data: bytes) -> int:
    for _ in range(200):
        try:
            return requests.post(address, data, timeout=10).status_code
        except requests.ConnectionError:  # it does not listen yet
            time.sleep(0.05)
    raise AssertionError(f"no answer of {address}")


def test_a_worker_that_ends_has_written_what_it_counted(
    server: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    address, process = server
    assert status_of(f"{address}/alexa/", b"{}") == 400
    process.terminate()
    process.wait(30)
    with sqlite3.connect(tmp_path / "site.sqlite3") as database:
        counts = database.execute(
            "SELECT labels, number FROM companion_hourlycount WHERE name LIKE '%rejected_total'"
        ).fetchall()
        servers = database.execute("SELECT stopped_at IS NOT NULL FROM companion_server").fetchall()
    database.close()
    assert [number for _labels, number in counts] == [1], (tmp_path / "log").read_text()
    assert servers == [(1,)]
