from __future__ import annotations

import json
import stat
import sys
from argparse import SUPPRESS, ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from accounts.pool.deploy import STACK
from companion import env
from companion.doctor.checks import ALL, linking
from companion.doctor.console_values import MOST
from companion.doctor.context import SMAPI, Context, Options
from companion.doctor.examination import examine
from companion.doctor.report import Report
from companion.doctor.results import State

HELP = """\
Nothing is changed, and nobody signs in. AWS calls use AWS_PROFILE or the keys of the environment;
they need cognito-idp:Describe*, cognito-idp:GetGroup, cloudformation:Describe* and
cloudformation:DetectStackDrift.

--console FILE compares what the skill was told: the JSON of
  ask smapi get-account-linking-info -s SKILL -g development
or of `manage.py skill_package build`, or lines as `manage.py pool show` prints them.
With ASK_ACCESS_TOKEN (or ASK_ACCESS_TOKEN_FILE) the doctor asks Amazon itself.

--json prints {version, at, seconds, state, counts: {ok, note, warning, error, skipped}, results: [
  {code, group, title, state, seen, wanted, mend, source}]}, all texts; a code stays what it is.

Exit status: 0 no error, 1 errors, 2 it could not run.
"""


class Command(BaseCommand):
    help = "Look at everything that account linking needs: what is, what should be, how to mend it."
    # the report holds them, and a fault of one must not keep it from being made
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs |= {"epilog": HELP, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--skip-network", action="store_true", help="only what is on this side")
        parser.add_argument("--console", metavar="FILE", type=Path, help="account linking values")
        parser.add_argument("--skill-id", default="", help="default: the one of ALEXA_SKILL_IDS")
        parser.add_argument(
            "--stage", default="development", choices=linking.STAGES, help="of the skill"
        )
        parser.add_argument("--stack", default=STACK, help="that made the pool (%(default)s)")
        # of a stub on this machine, for tests
        parser.add_argument("--smapi", default=SMAPI, help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        context = Context(
            Options(
                online=not options["skip_network"],
                stack=options["stack"],
                console=_text_of(options["console"]),
                skill_id=options["skill_id"],
                stage=options["stage"],
                access_token=_token(),
                smapi=options["smapi"],
            )
        )
        report = examine(context, ALL)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
        else:
            self._print(report)
        if report.state is State.ERROR:
            sys.exit(1)

    def _print(self, report: Report) -> None:
        styles = {
            State.OK: self.style.SUCCESS,
            State.WARNING: self.style.WARNING,
            State.ERROR: self.style.ERROR,
        }
        for state, line in report.lines():
            self.stdout.write(styles[state](line) if state in styles else line)


def _token() -> str:
    """Raises CommandError with the exit status 2."""
    try:
        return env.secret("ASK_ACCESS_TOKEN")
    except ImproperlyConfigured as failure:
        raise CommandError(str(failure), returncode=2) from failure


def _text_of(path: Path | None) -> str | None:
    """The file's text, no more than is read of it. Raises CommandError with the exit status 2."""
    if path is None:
        return None
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device may never end
            raise CommandError(
                f"--console {path}: this is no ordinary file; save the values in one", returncode=2
            )
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST + 1)
    except OSError as failure:
        raise CommandError(f"--console {path}: {failure.strerror}", returncode=2) from failure
