"""Operators see attempts to link an account, and keep the telling ones."""

from __future__ import annotations

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # permissions are made after all migrations, too late for this one
    config = apps.get_app_config("oauth_trace")
    config.models_module = True  # type: ignore[assignment]
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    group = apps.get_model("auth", "Group").objects.get(name="operators")
    attempts = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="oauth_trace", codename__in=["view_attempt", "change_attempt"]
    )
    group.permissions.add(*attempts)


class Migration(migrations.Migration):
    dependencies = [
        ("companion", "0003_operators_delete_people_and_read_records"),
        ("oauth_trace", "0001_initial"),
    ]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
