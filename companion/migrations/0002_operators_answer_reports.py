"""Operators see what people reported as wrong, and close it."""

from __future__ import annotations

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # permissions are made after all migrations, too late for this one
    config = apps.get_app_config("facts")
    config.models_module = True  # type: ignore[assignment]
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    group = apps.get_model("auth", "Group").objects.get(name="operators")
    reports = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="facts", codename__in=["view_factreport", "change_factreport"]
    )
    group.permissions.add(*reports)


class Migration(migrations.Migration):
    dependencies = [
        ("companion", "0001_operators_group"),
        ("facts", "0002_translations_quiz_reports"),
    ]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
