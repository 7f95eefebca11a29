"""What a run measured, as one JSON file with the machine described: bases for charts and claims."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / ".local" / "bench"


class Report:
    """Parts of one run by name; `write` keeps them even where a part did not hold its promise."""

    def __init__(self) -> None:
        self.begun = datetime.now(UTC)
        self.parts: dict[str, Any] = {}

    def write(self, folder: Path = FOLDER) -> Path:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{self.begun:%Y-%m-%d-%H%M%S}.json"
        content = {"begun": self.begun.isoformat(), "machine": machine(), "parts": self.parts}
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
        "python": platform.python_version(),
        "node": _version("node"),
        "redis": _version("redis-server"),
    }


def _from(path: Path, name: str) -> str:
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _version(program: str) -> str:
    found = shutil.which(program)
    if not found:
        return ""
    said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=10)
    return said.stdout.strip().split(" sha=")[0]


current = Report()  # of this process: `make bench` is one run
