from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.tables import require_table
from skill_endpoint.facts import content, coverage, loading
from skill_endpoint.facts.models import Fact

EXAMPLES = """
manage.py facts check             are the files in order, and what is not translated yet?
manage.py facts load              write what changed in the files to the database
manage.py facts report            topics by languages, and each fact with its source
manage.py facts load ~/my-facts   the same with content of your own
"""


class Command(BaseCommand):
    help = "The content: topics, facts and their texts, written in TOML files."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs |= {"epilog": EXAMPLES, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, text in (
            ("check", "validate the files, and name what has no translation; writes nothing"),
            (
                "load",
                "write the files to the database. May be run again at any time: it writes what "
                "changed, keeps what was edited in the admin, deletes nothing and leaves facts "
                "that no file has any more as they are",
            ),
            ("report", "print a table of topics and languages, then each fact with its source"),
        ):
            action = actions.add_parser(name, help=text.partition(". ")[0], description=text)
            action.add_argument(
                "folder",
                nargs="?",
                type=Path,
                default=content.DATA,
                help="where the content is: one TOML file a topic (default: the project's own)",
            )
            if name == "check":
                action.add_argument(
                    "--complete", action="store_true", help="fail where a translation is missing"
                )
            if name == "load":
                action.add_argument(
                    "--overwrite",
                    action="store_true",
                    help="take the files' text also where it was edited in the admin",
                )

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            topics = content.read(options["folder"])
        except content.ContentErrors as error:
            raise CommandError(f"The content has faults.\n{error}") from error
        verb = {"check": self._check, "load": self._load, "report": self._report}
        return verb[options["action"]](topics, options)

    def _check(self, topics: list[content.TopicContent], options: dict[str, Any]) -> str:
        missing = list(coverage.missing(topics))
        if missing and options["complete"]:
            raise CommandError("\n".join(missing))
        for line in missing:
            self._say(line)
        return f"{sum(len(topic.facts) for topic in topics)} facts are fine."

    def _load(self, topics: list[content.TopicContent], options: dict[str, Any]) -> str:
        require_table(Fact)
        return str(loading.load(topics, self._say, overwrite=options["overwrite"]))

    def _report(self, topics: list[content.TopicContent], options: dict[str, Any]) -> str:
        return "\n".join(coverage.report(topics))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
