from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from skill_endpoint.certification import report_html, report_json, report_text
from skill_endpoint.certification.cases import CASES
from skill_endpoint.certification.exchange import TargetRefused
from skill_endpoint.certification.run import (
    JOBS,
    MAX_JOBS,
    CouldNotRun,
    Report,
    Wishes,
    certify,
)

COULD_NOT_RUN = 2
HOW = """
without a key, against any skill endpoint that you may test:
  manage.py certify https://skill.example.com/alexa
    Everything is refused for want of a signature, so a refusal proves little; an
    acceptance, an error and a hang are faults all the same.

with a development key, against this project's demo (make demo):
  manage.py certify http://localhost:8000/alexa/ --key-dir .local/alexa \\
      --skill-id amzn1.ask.skill.00000000-0000-4000-8000-0000000d0025

with a development key, against a skill of your own, on your machine:
  1. Copy .local/alexa, which make demo makes: root.pem, root-key.pem, chain.pem, key.pem.
  2. In a test build only, let the endpoint trust root.pem, and fetch what it would fetch from
     https://s3.amazonaws.com from http://127.0.0.1:8901 instead. We serve the chains there.
  3. manage.py certify http://localhost:8080/alexa --key-dir keys --skill-id amzn1.ask.skill.… \\
         --chain-url http://127.0.0.1:8901

exit status: 0 nothing failed, 1 something did, 2 it could not run or not be judged: the good
request itself was refused, or a rate limit answered
docs/certification.md says more.
"""


class Command(BaseCommand):
    help = (
        "Send a skill endpoint what Amazon's review sends, and what peers' endpoints failed over: "
        "every wrong signature, chain, time, skill id and body, and with a key good requests, too."
    )
    requires_system_checks = ()  # it asks nothing of the site that it stands in

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        parser = super().create_parser(*args, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = HOW
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", metavar="URL", nargs="?", help="https; http on this machine")
        parser.add_argument("--skill-id", default="", metavar="ID", help="the endpoint's skill")
        parser.add_argument(
            "--key-dir",
            type=Path,
            metavar="DIR",
            help="chain.pem and key.pem to sign with, root.pem and root-key.pem to make chains",
        )
        parser.add_argument(
            "--chain-url",
            default="",
            metavar="URL",
            help="where the endpoint fetches chains in place of Amazon's host; served from here",
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write it as one HTML file")
        parser.add_argument("--only", nargs="+", default=(), metavar="CODE", help="these cases")
        parser.add_argument(
            "--jobs",
            type=int,
            choices=range(1, MAX_JOBS + 1),
            default=JOBS,
            metavar="N",
            help=f"requests at a time, at most {MAX_JOBS}; {JOBS} where not said",
        )
        parser.add_argument("--list", action="store_true", help="name all cases, send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._print(report_text.of_catalogue(CASES))
            return
        report = self._report(options)
        self._print(report_text.lines(report))
        version = str(getattr(settings, "VERSION", ""))
        self._write(options["json"], report_json.text(report, version))
        self._write(options["html"], report_html.text(report, version))
        if report.exit_status:
            raise CommandError(report_text.verdict(report), returncode=report.exit_status)

    def _report(self, options: dict[str, Any]) -> Report:
        if not options["url"]:
            raise CommandError("the address of an endpoint, or --list", returncode=COULD_NOT_RUN)
        wishes = Wishes(
            url=options["url"],
            skill_id=options["skill_id"],
            key_dir=options["key_dir"],
            chain_url=options["chain_url"],
            only=tuple(options["only"]),
            jobs=options["jobs"],
        )
        try:
            return certify(wishes)
        except (CouldNotRun, TargetRefused) as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from error

    def _print(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)

    def _write(self, path: Path | None, text: str) -> None:
        if path is None:
            return
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=COULD_NOT_RUN) from error
        self.stdout.write(f"Written: {path}")
