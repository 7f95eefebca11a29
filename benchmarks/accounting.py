"""CPU time and memory of a process and its descendants, as Linux accounts for them (proc(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")  # a second, of CPU time
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    cpu: float  # seconds, user and system, of the processes that live
    rss: int  # bytes of memory that stay in RAM; what processes share counts once for each


def usage(pid: int) -> Usage:
    """Of the process and all below it. Raises FileNotFoundError where there is none."""
    cpu, rss = _of_one(pid)
    for child in descendants(pid):
        try:
            more = _of_one(child)
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        cpu, rss = cpu + more[0], rss + more[1]
    return Usage(cpu, rss)


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below: list[int] = []
        for task in (_PROC / str(waiting.pop()) / "task").glob("*/children"):
            try:
                below += map(int, task.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
        found += below
        waiting += below
    return found


def _of_one(pid: int) -> tuple[float, int]:
    # the name in the second field may hold anything, a parenthesis included
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    user, system, resident = int(fields[11]), int(fields[12]), int(fields[21])
    return (user + system) / TICKS, resident * os.sysconf("SC_PAGE_SIZE")
