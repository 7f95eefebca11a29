"""Make an installation ready to start: schema, content, static files. Needs no pool.

A process of its own, so that it runs while the pool is deployed; one process, because most of the
time of a `manage.py` command is Python's own start.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command


def main() -> None:
    start = time.monotonic()
    django.setup()
    for name, options in (
        ("migrate", {"interactive": False, "verbosity": 0}),
        ("load_facts", {}),
        ("collectstatic", {"interactive": False, "verbosity": 0}),
    ):
        if name == "collectstatic" and _collected() == _sources():
            continue
        try:
            call_command(name, **options)
        except CommandError as error:
            sys.exit(f"{name}: {error}")
        print(f"{time.monotonic() - start:5.1f} s  {name} done", flush=True)
    _stamp().write_text(_sources(), encoding="ascii")


def _sources() -> str:
    """A digest of what there is to collect: compressing it takes seconds, and it seldom changes."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path)).stat()
            digest.update(f"{path} {source.st_size} {source.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _collected() -> str:
    there = Path(settings.STATIC_ROOT).is_dir() and _stamp().is_file()
    return _stamp().read_text(encoding="ascii") if there else ""


def _stamp() -> Path:
    """Beside the folder, not in it: everything inside is served."""
    root = Path(settings.STATIC_ROOT)
    return root.with_name(f"{root.name}.sources")


if __name__ == "__main__":
    main()
