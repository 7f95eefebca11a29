"""What the processes are told, and how: secrets never as plain values."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings

from tests.deploy_aws.templates import both_ways, imported, properties
from tests.deploy_aws.test_processes import TASKS, container

FOR_DEVELOPERS = {
    "DEBUG",
    "DEV_TOOLS",
    "RATE_LIMITS",
    "AWS_ENDPOINT_URL",
    "ALEXA_DEV_PKI_DIR",
    "COGNITO_ISSUER",
    "COGNITO_JWKS_URL",
}


def plain(task: str) -> dict[str, Any]:
    return {pair["Name"]: pair["Value"] for pair in container(task)["Environment"]}


def secret(task: str) -> dict[str, Any]:
    return {pair["Name"]: pair["ValueFrom"] for pair in both_ways(container(task)["Secrets"])}


def documented() -> set[str]:
    table = (settings.BASE_DIR / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[A-Z].*?) \|", table, re.MULTILINE)
    return set(re.findall(r"`([A-Z_0-9]+)`", " ".join(rows)))


def kept_secret() -> set[str]:
    """What the settings read as a secret; an address is none without its password."""
    text = (settings.BASE_DIR / "companion" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.secret\("(\w+)"\)', text)) - {"DATABASE_URL", "CACHE_URL"}
    return read | {"DATABASE_PASSWORD", "CACHE_PASSWORD"}


def test_the_table_and_the_settings_are_found() -> None:
    assert {"PUBLIC_URL", "CACHE_PASSWORD", "DATABASE_PASSWORD"} <= documented()
    assert {"SECRET_KEY", "COGNITO_WEB_CLIENT_SECRET", "SENTRY_DSN"} <= kept_secret()


@pytest.mark.parametrize("task", TASKS)
def test_every_name_is_a_setting(task: str) -> None:
    assert set(plain(task)) | set(secret(task)) <= documented()


@pytest.mark.parametrize("task", TASKS)
def test_no_secret_is_a_plain_value(task: str) -> None:
    assert not set(plain(task)) & kept_secret()
    assert set(secret(task)) <= kept_secret()
    for name, value in plain(task).items():
        assert "Secret" not in str(value), name
        assert "resolve:" not in str(value), name


@pytest.mark.parametrize("task", TASKS)
def test_nothing_of_a_development_machine_is_set(task: str) -> None:
    assert not (set(plain(task)) | set(secret(task))) & FOR_DEVELOPERS


def test_the_job_is_told_what_the_site_is_told() -> None:
    assert container("JobTask")["Environment"] == container("SiteTask")["Environment"]
    assert container("JobTask")["Secrets"] == container("SiteTask")["Secrets"]


def test_the_database_is_asked_who_it_is() -> None:
    line, names = plain("SiteTask")["DATABASE_URL"]["Fn::Sub"]
    assert line == (
        "postgres://doors@${Host}:5432/doors"
        "?sslmode=verify-full&sslrootcert=/usr/local/share/rds.pem"
    )
    assert names["Host"]["Fn::If"] == [
        "HasDatabaseHost",
        {"Ref": "DatabaseHost"},
        imported("DatabaseHost"),
    ]
    dockerfile = (settings.BASE_DIR / "deploy" / "aws" / "Dockerfile").read_text(encoding="utf-8")
    assert "/usr/local/share/rds.pem" in dockerfile
    assert properties("Database")["MasterUsername"] == properties("Database")["DBName"] == "doors"


def test_the_cache_is_spoken_to_by_tls() -> None:
    line, _ = plain("SiteTask")["CACHE_URL"]["Fn::Sub"]
    assert line == "rediss://${Host}:6379/0"


def test_only_the_balancers_subnets_may_say_who_the_client_is() -> None:
    assert plain("SiteTask")["TRUSTED_PROXIES"] == imported("PublicCidrs")


def test_people_are_told_how_long_backups_are_kept() -> None:
    assert plain("SiteTask")["BACKUP_DAYS"] == imported("BackupDays")


def test_people_are_told_how_long_logs_are_kept() -> None:
    assert plain("SiteTask")["LOG_DAYS"] == {"Ref": "LogDays"}


def test_only_our_names_are_answered() -> None:
    assert plain("SiteTask")["ALLOWED_HOSTS"]["Fn::If"] == [
        "HasRegionHost",
        {"Fn::Sub": "${PublicHost},${RegionHost}"},
        {"Ref": "PublicHost"},
    ]
