"""Compile every catalogue; `.mo` files are not committed.

Babel does it, so that no gettext tools need to be installed. Fuzzy translations are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from companion.local.environment import BASE_DIR
from companion.local.translations.folders import ROOTS
from companion.local.translations.writing import write


def catalogues(base: Path = BASE_DIR) -> list[Path]:
    """Every `locale/<language>/LC_MESSAGES/<domain>.po` of our packages and templates."""
    found = (path for root in ROOTS for path in (base / root).rglob("*.po"))
    return sorted(path for path in found if path.parent.name == "LC_MESSAGES")


def compile_catalogue(path: Path, target: Path | None = None) -> Iterator[str]:
    """Write the `.mo`, beside it where no target is given; yield what is wrong, a line each."""
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
    write(target or path.with_suffix(".mo"), content.getvalue())
