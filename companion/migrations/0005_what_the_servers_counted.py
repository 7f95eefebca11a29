"""What the servers counted by the hour, which servers there were, and what failed."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companion", "0004_operators_see_traces"),
    ]

    operations = [
        migrations.CreateModel(
            name="Failure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_index=True, verbose_name="at")),
                ("reference", models.CharField(blank=True, max_length=8)),
                ("place", models.CharField(max_length=120)),
                ("kind", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "verbose_name": "failure",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Server",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=32, unique=True)),
                ("host", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=32)),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("seen_at", models.DateTimeField(db_index=True, verbose_name="last heard of")),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="stopped")),
            ],
            options={
                "verbose_name": "server process",
                "verbose_name_plural": "server processes",
            },
        ),
        migrations.CreateModel(
            name="HourlyCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField(verbose_name="hour")),
                ("name", models.CharField(max_length=64, verbose_name="counter")),
                ("labels", models.CharField(blank=True, max_length=160)),
                ("number", models.BigIntegerField(verbose_name="number")),
                ("first_at", models.DateTimeField(verbose_name="first")),
                ("last_at", models.DateTimeField(verbose_name="last")),
            ],
            options={
                "verbose_name": "hourly count",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour", "name", "labels"), name="one_count_an_hour"
                    )
                ],
            },
        ),
    ]
