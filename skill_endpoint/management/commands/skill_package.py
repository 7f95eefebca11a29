from __future__ import annotations

import shlex
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from skill_endpoint.locales import LANGUAGES
from skill_endpoint.skill_package.build import (
    ACCOUNT_LINKING,
    PackageRefused,
    Wishes,
    package,
    read_locales,
)
from skill_endpoint.skill_package.files import WriteRefused, write


class Command(BaseCommand):
    help = "The skill as Amazon's tools take it: manifest, interaction models, account linking."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        text = "write the package into a folder"
        build = actions.add_parser("build", help=text, description=text)
        build.add_argument("folder", metavar="DIR", type=Path)
        for flag, meaning in (
            ("--local", "allow addresses of this machine, for a package to look at"),
            (
                "--with-secret",
                f"put the client secret into {ACCOUNT_LINKING}, for you to read only",
            ),
            ("--require-all", "fail where a locale has no texts or no interaction model"),
            ("--wildcard", "the certificate of PUBLIC_URL is a wildcard's"),
            ("--export-compliant", "you certify what Amazon calls isExportCompliant"),
        ):
            build.add_argument(flag, action="store_true", help=meaning)
        for flag, meaning in (
            ("--privacy-url", "address of your privacy policy"),
            ("--terms-url", "address of your terms of use"),
        ):
            build.add_argument(flag, metavar="URL", default="", help=meaning)
        build.add_argument(
            "--lambda",
            dest="lambda_arn",
            metavar="ARN",
            default="",
            help="a Lambda function answers, not the site (docs/lambda.md)",
        )
        build.add_argument(
            "--endpoint",
            dest="endpoints",
            metavar="REGION=URL",
            action="append",
            default=[],
            help="another server, or function, for Alexa's region NA, EU or FE (docs/aws.md); "
            "may be repeated",
        )
        text = "say what breaks a rule in the store's texts"
        check = actions.add_parser("check", help=text, description=text)
        check.add_argument("languages", metavar="LANGUAGE", nargs="*", help="like fr; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "check":
            self._check(options["languages"] or list(LANGUAGES))
        else:
            self._build(options)

    def _build(self, options: dict[str, Any]) -> None:
        folder: Path = options["folder"]
        wishes = Wishes(
            local=options["local"],
            with_secret=options["with_secret"],
            require_all=options["require_all"],
            wildcard=options["wildcard"],
            lambda_arn=options["lambda_arn"],
            endpoints=tuple(options["endpoints"]),
            privacy_url=options["privacy_url"],
            terms_url=options["terms_url"],
            export_compliant=options["export_compliant"],
        )
        try:
            built = package(wishes, folder=folder)
            lines = write(folder, built.files)
        except (PackageRefused, WriteRefused) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror}") from error
        for line in lines:
            self.stdout.write(line)
        for note in built.notes:
            self.stdout.write(self.style.WARNING(f"!! {note}"))
        self.stdout.write("Next (docs/skill-package.md says more):")
        for number, step in enumerate(_next_steps(folder), start=1):
            self.stdout.write(f"  {number}. {step}")

    def _check(self, languages: list[str]) -> None:
        locales = read_locales(languages)
        for problem in locales.problems:
            self.stdout.write(problem)
        for code, why in locales.left_out.items():
            self.stdout.write(f"{code}: {why}: left out")
        if locales.problems:
            raise CommandError(f"{len(locales.problems)} to mend, see above")
        self.stdout.write(f"In order: {', '.join(locales.texts) or 'none'}")


def _next_steps(folder: Path) -> tuple[str, str, str]:
    ids = settings.ALEXA_SKILL_IDS
    skill = ids[0] if len(ids) == 1 else "SKILL_ID"
    return (
        f"cd {shlex.quote(str(folder))} && ask init    (skill id {skill}, no Lambda code)",
        "ask deploy    (or the console: paste each model into Build, JSON Editor)",
        f"ask smapi update-account-linking-info -s {skill} -g development "
        f"--account-linking-request file:./{ACCOUNT_LINKING}    (or the console: Account Linking)",
    )
