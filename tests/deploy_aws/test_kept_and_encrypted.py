"""What must not be lost stays, and what stays is encrypted."""

from __future__ import annotations

import pytest

from tests.deploy_aws.templates import (
    BASE,
    RESOURCES,
    SITE,
    imported,
    inside,
    of_type,
    properties,
)

KEY = {"Fn::GetAtt": ["Key", "Arn"]}


@pytest.mark.parametrize(
    "name",
    [
        "Key",
        "Database",
        "Replica",
        "DatabaseSecret",
        "KeySecret",
        "PoolSecret",
        "Images",
        "SiteLog",
        "JobLog",
    ],
)
def test_it_outlives_its_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", ["Database", "Replica"])
def test_the_database_is_not_deleted_by_mistake_and_can_be_restored(name: str) -> None:
    database = properties(name)
    assert database["DeletionProtection"] is True
    assert database["DeleteAutomatedBackups"] is False
    assert database["BackupRetentionPeriod"] == {"Ref": "BackupDays"}
    assert BASE["Parameters"]["BackupDays"]["MinValue"] >= 7


def test_everything_that_is_kept_is_encrypted_with_our_key() -> None:
    assert properties("Database")["StorageEncrypted"] is True
    assert properties("Database")["KmsKeyId"] == KEY
    # a replica is encrypted where its source is; in another region it needs a key of its own
    assert properties("Replica")["KmsKeyId"] == KEY
    assert properties("Cache")["AtRestEncryptionEnabled"] is True
    assert properties("Cache")["KmsKeyId"] == KEY
    assert properties("Images")["EncryptionConfiguration"] == {
        "EncryptionType": "KMS",
        "KmsKey": KEY,
    }
    assert properties("AlarmTopic")["KmsMasterKeyId"] == {"Ref": "Key"}
    for name, secret in of_type("SecretsManager::Secret").items():
        assert secret["KmsKeyId"] == {"Ref": "Key"}, name
    for name, log in of_type("Logs::LogGroup").items():
        assert log["KmsKeyId"] == imported("KeyArn"), name
    assert properties("Key")["EnableKeyRotation"] is True


def test_nothing_is_sent_in_clear_inside() -> None:
    parameters = properties("DatabaseParameters")["Parameters"]
    assert parameters["rds.force_ssl"] == "1"
    assert properties("Cache")["TransitEncryptionEnabled"] is True
    assert properties("Cache")["TransitEncryptionMode"] == "required"
    assert "AuthToken" in properties("Cache")
    for name in ("Database", "Replica"):
        assert properties(name)["DBParameterGroupName"] == {"Ref": "DatabaseParameters"}


def test_the_databases_log_has_no_value_of_a_row() -> None:
    parameters = properties("DatabaseParameters")["Parameters"]
    assert parameters["log_error_verbosity"] == "terse"
    assert parameters["log_parameter_max_length"] == "0"
    assert parameters["log_parameter_max_length_on_error"] == "0"
    assert "EnableCloudwatchLogsExports" not in properties("Database")


def test_a_full_cache_throws_out_no_claim_of_a_request() -> None:
    assert properties("CacheParameters")["Properties"] == {"maxmemory-policy": "noeviction"}
    assert properties("Cache")["CacheParameterGroupName"] == {"Ref": "CacheParameters"}


def test_logs_have_a_term() -> None:
    for name, log in of_type("Logs::LogGroup").items():
        assert log["RetentionInDays"] == {"Ref": "LogDays"}, name
    assert SITE["Parameters"]["LogDays"]["Default"] == 30


def test_the_stack_that_is_changed_often_holds_nothing_that_lasts() -> None:
    kinds = {resource["Type"].split("::")[1] for resource in SITE["Resources"].values()}
    assert not kinds & {"RDS", "ElastiCache", "SecretsManager", "KMS", "ECR", "EC2", "S3"}


def test_no_secret_is_a_parameter_or_an_output() -> None:
    """CloudFormation shows both to whoever may read the stack."""
    for template in (BASE, SITE):
        for name in template["Parameters"]:
            assert name == "CopiedSecrets" or not any(
                word in name for word in ("Secret", "Password", "Token", "Dsn")
            )
        assert not [text for text in inside(template["Outputs"]) if "resolve:" in str(text)]


def test_passwords_are_made_up_by_aws_and_read_in_two_places() -> None:
    for name in ("DatabaseSecret", "KeySecret", "CacheSecret"):
        made = properties(name)["GenerateSecretString"]
        assert made["PasswordLength"] >= 48
        assert made["ExcludePunctuation"] is True  # RDS and ElastiCache refuse some
    assert not {"SecretString", "GenerateSecretString"} & set(properties("PoolSecret"))
    readers = [
        name
        for name, resource in RESOURCES.items()
        if any(isinstance(text, str) and "{{resolve:" in text for text in inside(resource))
    ]
    assert readers == ["Database", "Cache"]
