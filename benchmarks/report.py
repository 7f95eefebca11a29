"""What a run measured, as one JSON file with the machine described: bases for charts and claims."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from companion.local.services import POSTGRESQL

PEERS = "benchmarks/contenders/express/package.json"
FOLDER = Path(__file__).resolve().parents[1] / ".local" / "bench"


class Report:
    """Parts of one run by name; `write` keeps them even where a part did not hold its promise."""

    def __init__(self) -> None:
        self.begun = datetime.now(UTC)
        self.load = round(os.getloadavg()[0], 1)
        self.parts: dict[str, Any] = {}

    def write(self, folder: Path = FOLDER) -> Path:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{self.begun:%Y-%m-%d-%H%M%S}.json"
        content = {
            "begun": self.begun.isoformat(),
            "ended": datetime.now(UTC).isoformat(),
            "load_at_the_start": self.load,
            "commit": _said("git", "rev-parse", "--short", "HEAD"),
            "machine": machine(),
            "versions": _versions(),
            "parts": self.parts,
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        return path


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that tells whose machine it is."""
    return {
        "processors": os.cpu_count(),
        "processor": _from(Path("/proc/cpuinfo"), "model name"),
        "memory": _from(Path("/proc/meminfo"), "MemTotal"),
        "load": [round(load, 1) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def _versions() -> dict[str, Any]:
    """Of what is measured and of what it needs; empty for what is not there."""
    packages = ("django", "gunicorn", "psycopg", "redis", "ask-sdk-core", "ask-sdk-model")
    express = json.loads((FOLDER.parents[1] / PEERS).read_text())["dependencies"]
    return {
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in packages},
        "postgresql": _said(str(next(iter(POSTGRESQL.glob("*/bin/postgres")), "postgres")), "-V"),
        "redis-server": _said("redis-server", "--version").split(" sha=")[0],
        "node": _said("node", "--version"),
        "express": express,
    }


def _from(path: Path, name: str) -> str:
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _said(program: str, *arguments: str) -> str:
    found = shutil.which(program)
    if not found:
        return ""
    said = subprocess.run(
        [found, *arguments], capture_output=True, text=True, timeout=10, cwd=FOLDER.parents[1]
    )
    return said.stdout.strip()


def busyness(load: float, processors: int) -> str:
    """`load`: processes that ran or wanted to, at the mean of the last minute."""
    words = f"This machine: load {load:.1f} on {processors} processor{'s'[: processors > 1]}"
    # a measurement itself keeps about one busy, or two
    return f"{words}, busy with other things." if load > processors + 1 else f"{words}."


current = Report()  # of this process: `make bench` is one run
