"""Behind the stage of a running site: set a scene for a person, count a page's statements.

A process of its own with the site's settings. It shares the site's database and nothing else, so
the site needs no door for it. `Backstage` speaks to it in lines of JSON.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any, Self

from companion.local.environment import BASE_DIR
from companion.local.site import Site


class Backstage:
    """A context manager; ends with its block."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.backstage"],
            cwd=BASE_DIR,
            env=self._site.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *unused: object) -> None:
        self._process.communicate()  # the end of its input ends it

    def _ask(self, **asked: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"backstage: nothing came back for {asked}"
        return json.loads(line)

    def set_scene(self, name: str, role: str = "") -> dict[str, str]:
        """Make the scene around a person of the cast; what it made that addresses need."""
        sub = self._site.people[role].sub if role else ""
        found: dict[str, str] = self._ask(do="scene", name=name, sub=sub)
        return found

    def statements(self, path: str, cookies: dict[str, str]) -> int:
        """How many SQL statements the page takes, with empty caches."""
        return int(self._ask(do="statements", path=path, cookies=cookies))

    def error_page(self, template: str, language: str) -> str:
        """What stands on an error page that nobody can cause from outside."""
        return str(self._ask(do="error_page", template=template, language=language))


def main() -> None:
    import django

    django.setup()
    logging.disable(logging.CRITICAL)  # its requests are counted, not served
    from tests.browser import scenes

    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(scenes, asked.pop("do"))(**asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
