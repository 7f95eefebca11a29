"""Who may do what at AWS: what is documented, and a star only where AWS has nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.deploy_aws.templates import RESOURCES, imported, inside, of_type, properties

# resource, or the statement of a key, in which "*" stands, and why
STARS = {
    ("Key", "kms:*"),  # the account's own administrators; "*" is this key in its policy
    ("Key", "kms:Encrypt"),  # the log service, for logs of this account
    ("Key", "kms:Decrypt"),  # alarms of this account
    ("ExecutionRole", "ecr:GetAuthorizationToken"),  # has no resource
}


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in RESOURCES.items():
        for value in inside(resource):
            if isinstance(value, dict) and "Effect" in value:
                yield name, value


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_action_and_no_resource_is_a_star_but_those_that_aws_demands() -> None:
    found = set()
    for name, statement in statements():
        actions, resources = listed(statement["Action"]), listed(statement.get("Resource", []))
        if "*" in resources or any("*" in action for action in actions):
            found.add((name, actions[0]))
        for resource in resources:
            text = resource if isinstance(resource, str) else str(resource)
            assert "*" not in text or resource == "*" or name == "S3Endpoint", (name, resource)
    assert found == STARS


def test_a_star_of_a_service_is_bound_to_this_account() -> None:
    for name, statement in statements():
        if "Service" in statement.get("Principal", {}) and statement.get("Resource") == "*":
            assert "AWS::AccountId" in str(statement["Condition"]), name


def test_nobody_outside_of_this_account_is_let_in() -> None:
    for name, statement in statements():
        principal = statement.get("Principal", {})
        if principal == "*":
            assert name == "S3Endpoint"  # what leaves the network, not who comes in
        elif "AWS" in principal:
            assert "${AWS::AccountId}:root" in principal["AWS"]["Fn::Sub"]


def test_the_processes_may_at_the_pool_what_is_documented_and_nothing_else() -> None:
    [policy] = properties("TaskRole")["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == documented()
    assert statement["Resource"] == {
        "Fn::Sub": "arn:${AWS::Partition}:cognito-idp:${PoolRegion}:${AWS::AccountId}"
        ":userpool/${PoolId}"
    }


def documented() -> list[str]:
    """The sentence of the guide that ends in "and nothing else"."""
    for name in ("going-live.md", "deploy.md"):
        path = settings.BASE_DIR / "docs" / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if found := re.search(r"`cognito-idp:ListUsers`.*?`AdminDeleteUser`", text, re.DOTALL):
            calls = re.findall(r"`(?:cognito-idp:)?(\w+)`", found[0])
            return [f"cognito-idp:{call}" for call in calls]
    raise AssertionError("no guide lists the rights any more")


def test_a_job_may_nothing() -> None:
    assert "TaskRoleArn" not in properties("JobTask")
    assert properties("SiteTask")["TaskRoleArn"] == {"Fn::GetAtt": ["TaskRole", "Arn"]}


def test_a_process_starts_with_its_image_its_secrets_and_its_log() -> None:
    [policy] = properties("ExecutionRole")["Policies"]
    rights = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    }
    logs = [{"Fn::GetAtt": ["SiteLog", "Arn"]}, {"Fn::GetAtt": ["JobLog", "Arn"]}]
    images = [imported("ImagesArn")]
    assert rights == {
        "ecr:GetAuthorizationToken": "*",
        "ecr:BatchCheckLayerAvailability": images,
        "ecr:BatchGetImage": images,
        "ecr:GetDownloadUrlForLayer": images,
        "secretsmanager:GetSecretValue": [
            imported(name) for name in ("DatabaseSecret", "KeySecret", "PoolSecret", "CacheSecret")
        ],
        "kms:Decrypt": [imported("KeyArn")],
        "logs:CreateLogStream": logs,
        "logs:PutLogEvents": logs,
    }


def test_the_clock_starts_the_job_and_nothing_else() -> None:
    [policy] = properties("SchedulerRole")["Policies"]
    run, hand_over = policy["PolicyDocument"]["Statement"]
    assert (run["Action"], run["Resource"]) == ("ecs:RunTask", {"Ref": "JobTask"})
    assert (hand_over["Action"], hand_over["Resource"]) == (
        "iam:PassRole",
        {"Fn::GetAtt": ["ExecutionRole", "Arn"]},
    )


@pytest.mark.parametrize("name", sorted(of_type("IAM::Role")))
def test_a_role_is_taken_by_one_service_for_this_account(name: str) -> None:
    [trust] = properties(name)["AssumeRolePolicyDocument"]["Statement"]
    assert isinstance(trust["Principal"]["Service"], str)
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert set(properties(name)) == {"AssumeRolePolicyDocument", "Policies"}
