"""Compile every catalogue; `.mo` files are not committed. Exit status 1 where one is broken.

Babel does it, so that no gettext tools need to be installed. Fuzzy translations are left out.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from companion.local.environment import BASE_DIR

PACKAGES = ("accounts", "companion", "skill_endpoint")


def catalogues(base: Path = BASE_DIR) -> list[Path]:
    """Every `locale/<language>/LC_MESSAGES/<domain>.po` of our packages."""
    found = (path for package in PACKAGES for path in (base / package).rglob("*.po"))
    return sorted(path for path in found if path.parent.name == "LC_MESSAGES")


def compile_catalogue(path: Path) -> Iterator[str]:
    """Write the `.mo` beside it; yield what is wrong with it, a line at a time."""
    with path.open("rb") as source:
        try:
            catalogue = read_po(source, locale=path.parts[-3], abort_invalid=True)
        except PoFileError as error:
            yield f"{path}: {error}"
            return
    for message, errors in catalogue.check():  # such as a placeholder that was translated
        yield from (f"{path}:{message.lineno}: {error}" for error in errors)
    content = io.BytesIO()
    write_mo(content, catalogue)
    target = path.with_suffix(".mo")
    if not target.exists() or target.read_bytes() != content.getvalue():
        target.write_bytes(content.getvalue())


def main() -> int:
    problems = [line for path in catalogues() for line in compile_catalogue(path)]
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
