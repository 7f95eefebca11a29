"""Write a file that somebody may be reading: all of it or nothing, and only what is new."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes) -> bool:
    """Whether the file had to be written; its folder is made."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
    return True
