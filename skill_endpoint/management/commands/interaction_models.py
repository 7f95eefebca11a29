from __future__ import annotations

import errno
import secrets
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from skill_endpoint.interaction_models import build, check
from skill_endpoint.interaction_models.source import SourceError, source_path
from skill_endpoint.locales import LOCALES


class Command(BaseCommand):
    help = (
        "The interaction models of the skill: what people say in each locale, as Alexa reads it. "
        "They are made of the sources in skill_endpoint/interaction_models/sources (the comments "
        "of en.toml explain them) and the topics and quiz answers of the content. "
        "Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="build|check")
        build_ = actions.add_parser(
            "build",
            help="write DIR/<locale>.json",
            description="Write DIR/<locale>.json for each locale, which may be pasted into the "
            "JSON editor of the developer console. An older file of that name is replaced, a link "
            "is not. A locale with faults is not written.",
        )
        build_.add_argument("folder", metavar="DIR", type=Path, help="is made if it is not there")
        check_ = actions.add_parser(
            "check",
            help="say what is wrong",
            description="Say what is wrong with the sources and with the models made of them; "
            "exit status 1 if anything is. With DIR also whether the files there are what "
            "build would write.",
        )
        check_.add_argument("folder", metavar="DIR", type=Path, nargs="?")
        for each in (build_, check_):
            each.add_argument(
                "--locale",
                metavar="LOCALE",
                type=_locale,
                action="append",
                help=f"only this one; may be repeated. One of {', '.join(LOCALES)}",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path | None = options["folder"]
        faulty = []
        for locale in options["locale"] or LOCALES:
            faults = list(self._faults(locale, options["action"], folder))
            for fault in faults:
                self.stderr.write(f"{locale}: {fault}", self.style.ERROR)
            if faults:
                faulty.append(locale)
        if faulty:
            raise CommandError(f"Faults in {', '.join(faulty)}.")

    def _faults(self, locale: str, action: str, folder: Path | None) -> Iterator[str]:
        """Does one locale, with a line of progress if it is done, with faults if not."""
        try:
            document = build.document(locale)
        except SourceError as error:
            yield from error.problems
            return
        except FileNotFoundError:
            path = source_path(LOCALES[locale].parent)
            yield f"there is no {path.parent.name}/{path.name}"
            return
        if found := list(check.problems(document, locale)):
            yield from found
            return
        text = build.as_json(document)
        try:
            if folder and action == "build":
                _write(folder, locale, text)
            elif folder and (folder / f"{locale}.json").read_bytes() != text.encode():
                yield f"{folder / locale}.json is not what build would write"
                return
        except OSError as error:
            yield f"{error.filename}: {error.strerror}"
            return
        done = f"{folder / locale}.json" if folder and action == "build" else "good"
        self.stdout.write(f"{locale}: {done}, {_counted(document)}")


def _locale(code: str) -> str:
    if code not in LOCALES:
        raise ArgumentTypeError(f"{code} is none of {', '.join(LOCALES)}")
    return code


def _write(folder: Path, locale: str, text: str) -> None:
    """In one step: a reader finds the old file or the new one. No link is followed or replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{locale}.json"
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise FileExistsError(errno.EEXIST, "is in the way, and no ordinary file", str(path))
    beside = folder / f".{path.name}.{secrets.token_hex(4)}"
    try:
        with beside.open("xb") as file:
            file.write(text.encode())
        beside.replace(path)
    except OSError as error:
        error.filename = str(path)  # of a full disk it names none
        raise
    finally:
        beside.unlink(missing_ok=True)


def _counted(document: build.Document) -> str:
    model = document["interactionModel"]["languageModel"]
    sayings = sum(len(intent["samples"]) for intent in model["intents"])
    values = sum(len(kind["values"]) for kind in model["types"])
    return f"{len(model['intents'])} intents, {sayings} sayings, {values} slot values"
