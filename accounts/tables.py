"""One sentence in place of a traceback, where a command meets a database that is still empty."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db import connection, models


def require_table(model: type[models.Model]) -> None:
    if model._meta.db_table not in connection.introspection.table_names():
        raise CommandError(
            "The database has no tables yet: run manage.py migrate first. For the database of "
            "make demo, load its settings: set -a; . .local/demo.env; set +a"
        )
