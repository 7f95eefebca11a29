"""The accounts of the operating system, held against what processes say of themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import accounting
from benchmarks.accounting import TICKS, descendants, usage

MB = 2**20
# uses so much CPU time and memory, says how much, and stays until its input ends
BUSY = """
import sys, time
kept = bytearray(int(sys.argv[2]))
while time.process_time() < float(sys.argv[1]):
    pass
print(time.process_time(), flush=True)
sys.stdin.read()
"""
# has two of those below it, one of them started by a thread
PARENT = """
import subprocess, sys, threading
command = [sys.executable, "-c", sys.argv[1], sys.argv[2], sys.argv[3]]
children = []
def start():
    children.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    started.set()
    over.wait()
started, over = threading.Event(), threading.Event()
thread = threading.Thread(target=start)
thread.start()
started.wait()
children.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
spent = [float(child.stdout.readline()) for child in children]
print(sum(spent), *[child.pid for child in children], flush=True)
sys.stdin.read()
over.set()
thread.join()
for child in children:
    child.communicate()
"""


@contextmanager
def running(*command: str) -> Iterator[tuple[int, list[str]]]:
    """Its pid, and the words that it says."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield process.pid, process.stdout.readline().split()
        process.communicate()


def test_the_time_of_a_process_is_what_it_spent() -> None:
    with running(sys.executable, "-c", BUSY, "0.3", "0") as (pid, [spent]):
        assert usage(pid).cpu == pytest.approx(float(spent), abs=5 / TICKS)
        assert descendants(pid) == []


def test_its_memory_is_what_it_holds() -> None:
    with (
        running(sys.executable, "-c", BUSY, "0", "0") as (small, _),
        running(sys.executable, "-c", BUSY, "0", str(64 * MB)) as (large, _),
    ):
        more = usage(large).rss - usage(small).rss
    assert more == pytest.approx(64 * MB, abs=4 * MB)


def test_all_below_it_counts_too_whichever_thread_started_it() -> None:
    with running(sys.executable, "-c", PARENT, BUSY, "0.3", str(32 * MB)) as (pid, said):
        spent, *children = said
        assert set(descendants(pid)) == set(map(int, children))
        own, _ = accounting._of_one(pid)
        found = usage(pid)
        assert found.cpu - own == pytest.approx(float(spent), abs=10 / TICKS)
        assert found.rss > sum(usage(int(child)).rss for child in children) > 64 * MB


def test_a_name_may_hold_anything(tmp_path: Path) -> None:
    script = tmp_path / "a) R 1 (b"
    script.write_text(f"#!{sys.executable}\n{BUSY}")
    script.chmod(0o700)
    with running(str(script), "0.2", "0") as (pid, [spent]):
        assert ") R 1 (" in Path(f"/proc/{pid}/stat").read_text()
        assert usage(pid).cpu == pytest.approx(float(spent), abs=5 / TICKS)


def test_of_a_process_that_is_not_there_nothing_is_told() -> None:
    with running(sys.executable, "-c", BUSY, "0", "0") as (pid, _):
        pass
    with pytest.raises(FileNotFoundError):
        usage(pid)
    assert descendants(pid) == []
