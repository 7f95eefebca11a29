"""Which migrations would stop turns, or break the version that still runs: docs/migrations.md.

`python -m tests.migration_rules` with TEST_DATABASE_URL on PostgreSQL: it reads the SQL that each
migration is there. Exit status 1 where one breaks a rule; `--all` also looks at those that came
with the first release, before there was anything to stop.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import django

# Up to these, each app's tables are made by the first release.
FIRST_RELEASE = {
    "accounts": "0004_exports_and_deletions",
    "companion": "0006_operators_see_operations",
    "facts": "0006_reported_once",
    "oauth_trace": "0003_lost",
    "skill_endpoint": "0002_unlinked",
}
# A migration with this in its name takes away what the release before stopped using.
CONTRACT = "_contract_"
ONLY_THERE = ("DROP_COLUMN", "DROP_TABLE", "DROP_INDEX")


def main(arguments: list[str]) -> int:
    django.setup()
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader
    from django_migration_linter import MigrationLinter

    # the linter knows a migration by its name alone
    known = MigrationLoader(None).disk_migrations or {}
    first = [name for app, name in known if app in FIRST_RELEASE and name <= FIRST_RELEASE[app]]

    def breaks_a_rule(*, leaving: str = "", only: str = "", may: Sequence[str] = ()) -> bool:
        linter = MigrationLinter(
            str(settings.BASE_DIR),
            include_apps=sorted(FIRST_RELEASE),
            ignore_name=[] if "--all" in arguments else first,
            all_warnings_as_errors=True,
            no_cache=True,
            quiet=["ok", "ignore"],
            analyser_string="postgresql",
            ignore_name_contains=leaving,
            include_name_contains=only,
            exclude_migration_tests=may,
        )
        linter.lint_all_migrations()
        return bool(linter.has_errors)

    expanding = breaks_a_rule(leaving=CONTRACT)
    contracting = breaks_a_rule(only=CONTRACT, may=ONLY_THERE)
    return 1 if expanding or contracting else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
