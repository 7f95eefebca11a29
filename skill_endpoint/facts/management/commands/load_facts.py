from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from skill_endpoint.facts import loading


class Command(BaseCommand):
    help = (
        "Load topics, facts and texts from TOML files. May be run again at any time: it writes "
        "what changed, deletes nothing and leaves facts that no file has any more as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=loading.DATA)
        parser.add_argument("--check", action="store_true", help="only validate, write nothing")

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            topics = loading.read(options["folder"])
        except loading.ContentErrors as error:
            raise CommandError(f"Nothing was loaded.\n{error}") from error
        if options["check"]:
            return f"{sum(len(topic['facts']) for topic in topics)} facts are fine."
        return str(loading.load(topics, self._report))

    def _report(self, line: str) -> None:
        self.stdout.write(line)
