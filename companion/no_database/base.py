"""The database of a process that was given no settings: none. Whoever asks it is told why.

A command typed without the server's settings would otherwise make a SQLite file that nobody serves,
and say OK. What needs no database (checks, translations, `certify`) goes on.
"""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.management import CommandError
from django.db import OperationalError
from django.db.backends.sqlite3 import base, features


class NoDatabase(OperationalError, CommandError):
    """To pages and probes a database that is away; of a command one sentence, exit status 1."""


class DatabaseFeatures(features.DatabaseFeatures):
    supports_json_field = True  # checks ask for it, and SQLite's would look into the database


class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures

    def get_new_connection(self, conn_params: dict[str, Any]) -> NoReturn:
        """Raises NoDatabase."""
        raise NoDatabase(
            "DATABASE_URL is not set, nor is SECRET_KEY: this would make a SQLite file that nobody "
            "serves. Call it with the server's settings: two-doors COMMAND, or set -a; . FILE; "
            "set +a. For the database of make demo FILE is .local/demo.env"
        )
