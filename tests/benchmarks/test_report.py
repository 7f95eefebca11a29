"""A run leaves one file, also where a part of it did not hold, and says nothing of its owner."""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path

import django
import pytest

from benchmarks import report
from benchmarks.report import Report


def test_one_file_has_all_parts_and_the_machine(tmp_path: Path) -> None:
    run = Report()
    run.begun = datetime(2026, 11, 22, 9, 5, 7, tzinfo=UTC)
    run.parts["voice"] = {"rates": [1.5]}
    run.parts["website"] = {"bytes": 7}
    path = run.write(tmp_path / "new" / "folder")
    assert path.name == "2026-11-22-090507.json"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    content = json.loads(path.read_text())
    assert content["begun"] == "2026-11-22T09:05:07+00:00"
    assert content["parts"] == {"voice": {"rates": [1.5]}, "website": {"bytes": 7}}
    machine = content["machine"]
    assert machine["processors"] == os.cpu_count()
    assert content["versions"]["python"] == platform.python_version()
    assert content["versions"]["packages"]["django"] == django.__version__
    assert content["versions"]["express"]["express"]
    assert datetime.fromisoformat(content["ended"]) > run.begun
    assert content["load_at_the_start"] == run.load
    assert machine["processor"]
    assert machine["memory"].endswith(" kB")


def test_it_can_be_written_again_as_it_grows(tmp_path: Path) -> None:
    run = Report()
    first = run.write(tmp_path)
    run.parts["voice"] = {}
    assert run.write(tmp_path) == first
    assert json.loads(first.read_text())["parts"] == {"voice": {}}


def test_nothing_tells_whose_machine_it_is() -> None:
    told = json.dumps([report.machine(), report._versions()])
    for name in (socket.gethostname(), str(Path.home()), str(Path.cwd())):
        assert name not in told
    assert getpass.getuser() not in told.split('"')
    names = {"processors", "processor", "memory", "load", "system"}
    assert set(report.machine()) == names


def test_what_is_not_there_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert report._said("node", "--version") == ""
    assert report._from(tmp_path / "none", "model name") == ""
    (tmp_path / "some").write_text("other : 1\nmodel name\t: A B : C\nmodel name\t: D\n")
    assert report._from(tmp_path / "some", "model name") == "A B : C"
    assert report._from(tmp_path / "some", "no such") == ""


def test_a_version_is_that_of_the_program_and_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=00000000:0 build=of-a-host'\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert report._versions()["redis-server"] == "Redis server v=7.0.15"
    assert report._versions()["node"] == ""
