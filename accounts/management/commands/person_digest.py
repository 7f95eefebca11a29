"""`manage.py person_digest SUB`: what the log calls this person."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError

from accounts.models import User
from accounts.person_digest import person_digest

_COGNITOS = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Command(BaseCommand):
    help = "Print the digest by which the log names a person (its field `person`)."
    requires_system_checks = ()  # they look into SQLite's file, which may be away just now

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sub", help="the `sub` of the person, as the admin shows it")

    def handle(self, *args: Any, sub: str, **options: Any) -> str:
        if not settings.SECRET_KEY_IS_GIVEN:
            raise CommandError(
                "SECRET_KEY is not set: the digests of a made-up key are in no log. Call it with "
                "the server's settings: two-doors person_digest, or set -a; . FILE; set +a"
            )
        is_here = _is_here(sub)
        if not is_here and not _COGNITOS.fullmatch(sub):
            raise CommandError(
                "That is no sub, and a digest of anything else is in no log. A sub looks like "
                "11111111-2222-4333-8444-555555555555, in small letters. The admin shows it on the "
                "page of the person; its search of people takes e-mail addresses, too."
            )
        if is_here is None:
            self.stderr.write("The database does not answer: whether they are here is not known.")
        elif not is_here:
            self.stderr.write(
                "Nobody here has this sub. Somebody who was deleted is in the log by this digest; "
                "of a mistyped sub there is nothing."
            )
        return person_digest(sub)


def _is_here(sub: str) -> bool | None:
    """None while the database is away: the log is read most at such times."""
    try:
        return User.objects.filter(sub=sub).exists()
    except DatabaseError:
        return None
