from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.tables import require_table
from skill_endpoint.facts import loading
from skill_endpoint.facts.models import Fact


class Command(BaseCommand):
    help = (
        "Load topics, facts and texts from TOML files. May be run again at any time: it writes "
        "what changed in the files, keeps what was edited in the admin, deletes nothing and leaves "
        "facts that no file has any more as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder",
            nargs="?",
            type=Path,
            default=loading.DATA,
            help="where the content is: one TOML file a topic (default: the project's own)",
        )
        parser.add_argument("--check", action="store_true", help="only validate, write nothing")
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="take the files' text also where it was edited in the admin",
        )

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            topics = loading.read(options["folder"])
        except loading.ContentErrors as error:
            raise CommandError(f"Nothing was loaded.\n{error}") from error
        if options["check"]:
            return f"{sum(len(topic['facts']) for topic in topics)} facts are fine."
        require_table(Fact)
        return str(loading.load(topics, self._report, overwrite=options["overwrite"]))

    def _report(self, line: str) -> None:
        self.stdout.write(line)
