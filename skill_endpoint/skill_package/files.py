"""Write the package's files, and only over files that are ours as we left them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RECORD = ".skill-package.json"  # path -> SHA-256 of what we wrote there
# what a record may name; it is read back and files in it may be removed
_OURS = re.compile(
    r"ask-resources\.json|account-linking\.json|skill-package/skill\.json"
    r"|skill-package/interactionModels/custom/[a-z]{2}-[A-Z]{2}\.json"
)


class WriteRefused(Exception):
    """One line: which file is in the way, and what to do."""


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    mode: int = 0o644


def write(folder: Path, files: Mapping[str, File]) -> list[str]:
    """Writes `files` (path below the folder, with /) and returns a line for each.

    Files of an earlier package that this one lacks are removed. Raises WriteRefused before
    anything is written, or OSError.
    """
    record = _read_record(folder)
    for name, file in files.items():
        path = folder / name
        if os.path.lexists(path) and not _is_ours(path, record.get(name), file.content):
            raise WriteRefused(
                f"{path} was not written by this command, or edited since: move it away first"
            )
    lines = []
    for name, file in files.items():
        _write(folder / name, file)
        lines.append(f"wrote {folder / name}")
    for name in sorted(record.keys() - files.keys()):
        path = folder / name
        if path.is_file() and _digest(path.read_bytes()) == record[name]:
            path.unlink()
            lines.append(f"removed {path}")
    digests = {name: _digest(file.content) for name, file in sorted(files.items())}
    _write(folder / RECORD, File(json.dumps(digests, indent=2).encode() + b"\n"))
    return lines


def _is_ours(path: Path, digest: str | None, content: bytes) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    there = path.read_bytes()
    return there == content or _digest(there) == digest


def _read_record(folder: Path) -> dict[str, str]:
    path = folder / RECORD
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise WriteRefused(f"{path} is not ours: move it away first") from error
    if not isinstance(record, dict) or not all(
        _OURS.fullmatch(name) and isinstance(digest, str) for name, digest in record.items()
    ):
        raise WriteRefused(f"{path} is not ours: move it away first")
    return record


def _write(path: Path, file: File) -> None:
    """In one step: a reader finds the old file or the new one, and never a wider mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(beside, flags, file.mode), "wb") as stream:
            stream.write(file.content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
