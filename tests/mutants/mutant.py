"""One defence that can be taken away, and whether its patch still fits the code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class DoesNotFit(Exception):
    """The code has changed, or the patch leaves no Python: then a failing test says nothing."""


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new`, once, in `file`; one of `tests` must then fail."""

    defence: str
    file: str
    old: str
    new: str
    tests: str
    needs_services: bool = False  # its tests are skipped without PostgreSQL and Redis

    def patched(self, tree: Path) -> str:
        """The text of the file without the defence. Raises DoesNotFit."""
        text = (tree / self.file).read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise DoesNotFit(f"the patch does not fit: {text.count(self.old)} places")
        text = text.replace(self.old, self.new)
        if self.file.endswith(".py"):
            try:
                compile(text, self.file, "exec")
            except SyntaxError as error:
                raise DoesNotFit(f"the patch is no Python: {error.msg}") from error
        return text
