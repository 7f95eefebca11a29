from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef

import skill_endpoint.facts.validators


def leave_the_first(apps, schema_editor):
    """Two reports at once may have left two open ones of one person: the first one stands."""
    reports = apps.get_model("facts", "FactReport").objects.filter(closed_at=None)
    before = reports.filter(fact=OuterRef("fact"), user=OuterRef("user"), pk__lt=OuterRef("pk"))
    again = list(reports.filter(Exists(before)).values_list("pk", flat=True))
    reports.filter(pk__in=again).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("facts", "0005_heard_in_order_by_door"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(leave_the_first, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="factreport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True), ("user__isnull", False)),
                fields=("user", "fact"),
                name="reported_once",
            ),
        ),
        migrations.AlterField(
            model_name="fact",
            name="source_locator",
            field=models.CharField(
                help_text="Web address, DOI, or chapter and page.",
                max_length=300,
                validators=[skill_endpoint.facts.validators.source_locator],
                verbose_name="source: locator",
            ),
        ),
    ]
