from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_operators_may_change_content_but_not_records() -> None:
    group = Group.objects.get(name="operators")
    granted = {permission.codename for permission in group.permissions.all()}
    assert {"view_user", "change_user", "view_accountlink", "change_fact"} <= granted
    assert not granted & {"add_user", "change_accountlink", "change_skillevent", "change_logentry"}
