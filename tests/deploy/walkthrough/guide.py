"""The commands of docs/deploy.md, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "deploy.md"
_PART = re.compile(
    r"^## (?P<heading>[^\n]+)$|^```sh\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """What is typed at once, under which heading."""

    heading: str
    script: str


def blocks(text: str) -> list[Block]:
    """All blocks marked `sh`; those that are only indented are for reading."""
    heading, found = "", []
    for part in _PART.finditer(text):
        if part["heading"]:
            heading = part["heading"]
        else:
            found.append(Block(heading, part["block"]))
    return found
