"""The Django group `operators`: what a member of the pool's group of that name may do in the admin."""

from __future__ import annotations

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# app label: model: what operators may do with it
PERMISSIONS = {
    "accounts": {"user": ["view", "change"], "profile": ["view"]},
    "skill_endpoint": {"accountlink": ["view"], "skillevent": ["view"]},
    "facts": {
        "topic": ["view", "add", "change", "delete"],
        "fact": ["view", "add", "change", "delete"],
        "facttext": ["view", "add", "change", "delete"],
    },
}


def make_group(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # permissions are made after all migrations, too late for this one
    for label in PERMISSIONS:
        config = apps.get_app_config(label)
        config.models_module = True  # type: ignore[assignment]
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="operators")
    permission = apps.get_model("auth", "Permission").objects
    for label, models in PERMISSIONS.items():
        for model, actions in models.items():
            for action in actions:
                group.permissions.add(
                    permission.get(
                        content_type__app_label=label, codename=f"{action}_{model}"
                    )
                )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("skill_endpoint", "0001_initial"),
        ("facts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
