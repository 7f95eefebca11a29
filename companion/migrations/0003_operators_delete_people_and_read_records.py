"""Operators delete people who ask for it, and read what was done: exports, deletions, actions."""

from __future__ import annotations

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

PERMISSIONS = {
    "accounts": ["delete_user", "view_dataexport", "view_deletion"],
    "admin": ["view_logentry"],
}


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    group = apps.get_model("auth", "Group").objects.get(name="operators")
    permission = apps.get_model("auth", "Permission").objects
    for label, codenames in PERMISSIONS.items():
        # permissions are made after all migrations, too late for this one
        config = apps.get_app_config(label)
        config.models_module = True  # type: ignore[assignment]
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
        for codename in codenames:
            group.permissions.add(
                permission.get(content_type__app_label=label, codename=codename)
            )


class Migration(migrations.Migration):
    dependencies = [
        ("companion", "0002_operators_answer_reports"),
        ("accounts", "0004_exports_and_deletions"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
