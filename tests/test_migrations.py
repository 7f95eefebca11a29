from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def rules_on(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.migration_rules", *arguments],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE_URL": database_url,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_migrations_do_not_stop_the_version_that_runs(postgresql_url: str) -> None:
    """docs/migrations.md: old and new code share the database while a release goes out."""
    done = rules_on(postgresql_url)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_would_stop_it_is_seen(postgresql_url: str) -> None:
    """Those of the first release did what a later one may not."""
    done = rules_on(postgresql_url, "--all")
    assert done.returncode == 1
    assert "(facts, 0006_reported_once)... ERR\n\tADDING unique constraint" in done.stdout
    assert "(skill_endpoint, 0001_initial)... ERR" not in done.stdout


@pytest.mark.django_db
def test_operators_may_change_content_but_not_records() -> None:
    group = Group.objects.get(name="operators")
    granted = {permission.codename for permission in group.permissions.all()}
    assert {"view_user", "change_user", "view_accountlink", "change_fact"} <= granted
    assert not granted & {"add_user", "change_accountlink", "change_skillevent", "change_logentry"}
