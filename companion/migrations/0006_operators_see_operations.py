"""Operators see how the last day went."""

from __future__ import annotations

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # permissions are made after all migrations, too late for this one
    config = apps.get_app_config("companion")
    config.models_module = True  # type: ignore[assignment]
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    group = apps.get_model("auth", "Group").objects.get(name="operators")
    seen = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="companion", codename="view_hourlycount"
    )
    group.permissions.add(seen)


class Migration(migrations.Migration):
    dependencies = [("companion", "0005_what_the_servers_counted")]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
