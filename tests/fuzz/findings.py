"""Inputs that broke a promise, as files by the name of their target: to be played again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".local" / "fuzz"


def folder(name: str) -> Path:
    """Of a target; findings stand in it as broke-…, what was found interesting in corpus/."""
    made = FOLDER / name
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


@contextlib.contextmanager
def kept(name: str, data: bytes) -> Iterator[None]:
    """Whatever is raised goes on, with a note that says how to see it again."""
    try:
        yield
    except Exception as error:
        file = folder(name) / f"broke-{hashlib.sha256(data).hexdigest()[:16]}"
        file.write_bytes(data)
        error.add_note(f"make fuzz REPLAY={file.relative_to(ROOT)}")
        raise


def target_of(file: Path) -> str:
    """The name of the target whose input this is; empty where it is in no target's folder."""
    names = (each.name for each in file.resolve().parents if each.parent == FOLDER)
    return next(names, "")
