"""The pool, its groups, its domain and its stack; faults are made in a real one."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from botocore.config import Config
from django.test import override_settings

from companion.doctor import context
from companion.doctor.checks import pool as pool_checks
from companion.doctor.context import Context, Options, Unavailable
from companion.doctor.results import State
from tests.companion.doctor.conftest import Look, look, only
from tests.local_aws import LivePool

pytestmark = pytest.mark.local_aws


def test_a_deployed_pool_is_in_order(looked: Look) -> None:
    for code in ("pool.exists", "pool.template", "pool.groups", "pool.domain", "stack.state"):
        assert only(looked(code)).state is State.OK, code


def test_a_pool_that_is_not_there(looked: Look) -> None:
    with override_settings(COGNITO_USER_POOL_ID="us-east-1_Nothing1", COGNITO_ISSUER=""):
        result = only(looked("pool.exists"))
        assert only(looked("pool.template")).state is State.SKIPPED
        documents = [only(looked(f"keys.{name}")) for name in ("discovery", "set")]
    assert result.state is State.ERROR
    assert "DescribeUserPool" in result.seen
    assert {each.state for each in documents} == {State.SKIPPED}
    assert "there is no pool us-east-1_Nothing1" in documents[0].seen


def test_a_wrong_pool_id_beside_a_right_issuer_is_one_error(looked: Look, pool: LivePool) -> None:
    wrong = {"COGNITO_USER_POOL_ID": "us-east-1_Nothing1", "COGNITO_ISSUER": pool.values.issuer}
    with override_settings(**wrong):
        found = [*looked("settings.pool"), *looked("pool.exists"), *looked("clients.apart")]
    assert [each.code for each in found if each.state is State.ERROR] == ["settings.pool"]
    assert "COGNITO_USER_POOL_ID" in found[0].mend
    assert "see “Which pool”" in found[1].seen


def test_an_aws_that_does_not_answer() -> None:
    with override_settings(AWS_ENDPOINT_URL="http://localhost:1"):
        result = only(look("pool.exists"))
    assert result.state is State.ERROR
    assert "cannot be reached" in result.seen


def test_without_credentials_it_says_how_to_get_some(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    result = only(look("pool.exists"))
    assert result.state is State.ERROR
    assert "no AWS credentials" in result.seen


@pytest.mark.parametrize(
    ("change", "undo", "title", "state"),
    [
        (
            {"DeletionProtection": "INACTIVE"},
            {"DeletionProtection": "ACTIVE"},
            "DeletionProtection",
            State.WARNING,
        ),
        (
            {"UserPoolTier": "LITE"},
            {"UserPoolTier": "ESSENTIALS"},
            "UserPoolTier",
            State.WARNING,
        ),
        (
            {"MfaConfiguration": "OFF"},
            {"MfaConfiguration": "OPTIONAL"},
            "MfaConfiguration",
            State.ERROR,
        ),
        (
            {"AutoVerifiedAttributes": ["email"]},
            {"AutoVerifiedAttributes": ["email", "phone_number"]},
            "AutoVerifiedAttributes",
            State.ERROR,
        ),
    ],
    ids=["deletion protection", "tier", "MFA", "verification"],
)
def test_a_change_by_hand_is_seen(
    change: dict[str, Any],
    undo: dict[str, Any],
    title: str,
    state: State,
    looked: Look,
    pool: LivePool,
) -> None:
    pool.idp.update_user_pool(UserPoolId=pool.id, **change)
    try:
        result = only(looked("pool.template"))
    finally:
        pool.idp.update_user_pool(UserPoolId=pool.id, **undo)
    assert result.state is state
    assert result.title.endswith(title)
    assert result.seen != result.wanted
    assert only(looked("pool.template")).state is State.OK


def test_a_group_that_is_missing(looked: Look, pool: LivePool) -> None:
    pool.idp.delete_group(GroupName="administrators", UserPoolId=pool.id)
    try:
        result = only(looked("pool.groups"))
    finally:
        pool.idp.create_group(GroupName="administrators", UserPoolId=pool.id)
    assert (result.state, result.seen) == (State.ERROR, "missing: administrators")


def test_the_domain_of_another_pool_is_an_error(looked: Look, pool: LivePool) -> None:
    """On AWS the address names the domain; a local AWS serves all pools at one."""
    with override_settings(
        AWS_ENDPOINT_URL="", COGNITO_DOMAIN_URL="https://other.auth.us-east-1.amazoncognito.com"
    ):
        looking = Context(Options(stack=pool.stack))
        looking.kept["pool"] = pool.idp.describe_user_pool(UserPoolId=pool.id)["UserPool"]
        (seen,) = pool_checks.domain(looking)
    assert seen.state is State.ERROR
    assert seen.wanted == f"https://{pool.stack}.auth.us-east-1.amazoncognito.com"


def described(pool: LivePool, name: str) -> dict[str, Any]:
    found = pool.idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    return dict(found)


def test_a_prefix_domain_is_for_a_trial(pool: LivePool) -> None:
    found = described(pool, pool.stack)
    with override_settings(DEV_TOOLS=False):
        (seen,) = pool_checks.judged(found, pool.stack, Context(Options()))
    assert seen.state is State.WARNING
    assert "trial" in seen.seen
    assert "us-east-1" in seen.mend


CUSTOM = {"Status": "ACTIVE", "CustomDomainConfig": {"CertificateArn": "arn:aws:acm:us-east-1:1:c"}}


@pytest.mark.parametrize(
    ("change", "state", "seen"),
    [
        ({}, State.OK, "auth.example.com, active"),
        ({"Status": "CREATING"}, State.ERROR, "auth.example.com is CREATING"),
        (
            {"CustomDomainConfig": {"CertificateArn": "arn:aws:acm:eu-west-1:1:c"}},
            State.ERROR,
            "auth.example.com has a certificate of another region",
        ),
        (
            {"UserPoolId": "us-east-1_Other"},
            State.ERROR,
            "auth.example.com belongs to us-east-1_Other",
        ),
    ],
    ids=["well", "not ready", "region", "owner"],
)
def test_a_custom_domain(change: dict[str, Any], state: State, seen: str, pool: LivePool) -> None:
    found = {"UserPoolId": pool.id, **CUSTOM, **change}
    (result,) = pool_checks.judged(found, "auth.example.com", Context(Options()))
    assert (result.state, result.seen) == (state, seen)


def test_a_pool_without_a_domain(looked: Look, pool: LivePool) -> None:
    names = {"Domain": pool.stack, "UserPoolId": pool.id}
    pool.idp.delete_user_pool_domain(**names)
    try:
        result = only(looked("pool.domain"))
    finally:
        pool.idp.create_user_pool_domain(**names)
    assert result.state is State.ERROR
    assert "no domain" in result.seen


@pytest.mark.usefixtures("pool")
def test_a_stack_that_made_another_pool() -> None:
    result = only(look("stack.state", stack="there-is-none"))
    assert result.state is State.WARNING
    assert "--stack" in result.mend
    assert only(look("stack.drift", stack="there-is-none")).state is State.SKIPPED


def test_what_cloudformation_calls_changed_is_named(looked: Look, pool: LivePool) -> None:
    assert only(looked("stack.drift")).state is State.OK
    iam = pool.aws.client("iam")  # type: ignore[call-overload]
    resources = pool.aws.client("cloudformation").describe_stack_resources(StackName=pool.stack)
    role = next(
        each["PhysicalResourceId"]
        for each in resources["StackResources"]
        if each["LogicalResourceId"] == "SmsRole"
    )
    iam.update_assume_role_policy(
        RoleName=role, PolicyDocument='{"Version": "2012-10-17", "Statement": []}'
    )
    result = only(looked("stack.drift"))
    assert result.state is State.WARNING
    assert result.title.endswith("SmsRole")
    assert "AssumeRolePolicyDocument" in result.seen


def test_a_cloudformation_that_hangs_holds_up_nobody(
    looked: Look, pool: LivePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked once, not once more by name; the clients are compared with what the settings say."""
    monkeypatch.setattr(context, "_CONFIG", Config(read_timeout=0.2, retries={"mode": "standard"}))
    asked: list[int] = []
    looking = Context(Options(stack=pool.stack))
    looking.pool()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with override_settings(AWS_ENDPOINT_URL=f"http://localhost:{silent.getsockname()[1]}"):
            client = looking.cloudformation()
        client.meta.events.register("before-call", lambda **_: asked.append(1))
        with pytest.raises(Unavailable):
            looking.stack()
    assert len(asked) == 1
    assert pool.values.vendor_id in str(looking.template().properties("AlexaClient"))
