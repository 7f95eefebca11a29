"""Make an installation ready to start: schema, content, static files. Needs no pool.

A process of its own, so that it runs while the pool is deployed; one process, because most of the
time of a `manage.py` command is Python's own start.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import django
from django.core.management import CommandError, call_command


def main() -> None:
    start = time.monotonic()
    django.setup()
    commands: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
        (("migrate",), {"interactive": False, "verbosity": 0}),
        (("facts", "load"), {}),
        (("collectstatic",), {"interactive": False, "verbosity": 0, "clear": True}),
    )
    for command, options in commands:
        name = " ".join(command)
        try:
            call_command(*command, **options)
        except CommandError as error:
            sys.exit(f"{name}: {error}")
        print(f"{time.monotonic() - start:5.1f} s  {name} done", flush=True)


if __name__ == "__main__":
    main()
