"""Both templates made in a local AWS, as far as it goes, and what a task is then told."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings

from companion.local import environment
from companion.local.aws import LocalAws, NotInstalled, is_installed, running_local_aws
from tests.deploy_aws.templates import BASE, SITE, for_the_local_aws

pytestmark = pytest.mark.local_aws

SERVICES = (
    "cloudformation,iam,sts,sns,ec2,elasticloadbalancing,ecs,ecr,rds,elasticache,kms,"
    "secretsmanager,logs,monitoring,events,scheduler"
)
LIMIT = 60  # seconds for a stack
GIVEN = {
    "Base": "base",
    "Image": f"sha256:{'a' * 64}",
    "JobImage": f"sha256:{'b' * 64}",
    "PublicHost": "facts.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "PoolRegion": "eu-west-1",
    "PoolId": "eu-west-1_Abc123",
    "SignInUrl": "https://auth.example.com",
    "WebClientId": "web00client000id",
    "AlexaClientId": "alexa00client000id",
    "SkillIds": "amzn1.ask.skill.1234",
    "VendorId": "M12345",
}


@dataclass
class Made:
    """Two stacks: their outputs, and what was left out of the templates for the local AWS."""

    aws: LocalAws
    outputs: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def deploy(self, name: str, template: dict[str, Any], given: dict[str, str]) -> None:
        body, left_out = for_the_local_aws(template)
        self.left_out |= left_out
        cloudformation = self.aws.client("cloudformation")
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=body,
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        end = time.monotonic() + LIMIT
        while True:
            [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS") or time.monotonic() > end:
                break
            time.sleep(0.1)
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
        for output in stack["Outputs"]:
            self.outputs[output["OutputKey"]] = output["OutputValue"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    if not is_installed():
        pytest.skip(str(NotInstalled()))
    with running_local_aws(Path(tmp_path_factory.mktemp("aws")), services=SERVICES) as aws:
        both = Made(aws)
        both.deploy("base", BASE, {"AlarmEmail": "alarms@example.com"})
        both.deploy("site", SITE, GIVEN)
        yield both


def test_it_makes_all_but_what_the_local_aws_does_not_know(made: Made) -> None:
    assert made.left_out == {
        "AddressA",
        "AddressB",
        "NatA",
        "NatB",
        "PrivateWayOutA",
        "PrivateWayOutB",
        "Peering",
        "PeerRouteA",
        "PeerRouteB",
        "PeerRouteOfData",
        "CacheMemoryAlarm",
        "CacheEvictionsAlarm",
        "CacheCpuAlarm",
        "Scaling",
        "ScalingByCpu",
        "ScalingByRequests",
        "FirewallOfBalancer",
    }


def test_a_second_region_has_a_replica_and_the_secrets_of_the_first(made: Made) -> None:
    """In the same region here, and without the connection of the two networks."""
    second = Made(made.aws)
    secrets = [f"arn:aws:secretsmanager:eu-west-1:000000000000:secret:{name}" for name in "abc"]
    given = {
        "VpcCidr": "10.65.0.0/16",
        "PeerCidr": "10.64.0.0/16",
        "PeerVpc": made.outputs["Vpc"],
        "PeerRegion": "us-east-1",
        "SourceDatabaseArn": made.outputs["DatabaseArn"],
        "CopiedSecrets": ",".join(secrets),
    }
    second.deploy("second", BASE, given)
    names = ("DatabaseSecret", "KeySecret", "PoolSecret")
    assert [second.outputs[name] for name in names] == secrets
    assert second.outputs["DatabaseHost"] != made.outputs["DatabaseHost"]
    summaries = made.aws.client("cloudformation").list_stack_resources(StackName="second")
    resources = {each["LogicalResourceId"] for each in summaries["StackResourceSummaries"]}
    assert {"Replica", "ReplicaLagAlarm", "CacheSecret"} <= resources
    assert not resources & {"Database", "DatabaseSecret", "KeySecret", "PoolSecret"}

    told = dict(GIVEN, Base="second", RegionHost="eu.facts.example.com", Prune="DISABLED")
    second.deploy("site2", SITE, told | {"DatabaseHost": made.outputs["DatabaseHost"]})
    assert second.outputs["Endpoint"] == "https://eu.facts.example.com/alexa/"
    told_to_tasks = environment_of(made, "site2-site")
    assert f"@{made.outputs['DatabaseHost']}:" in told_to_tasks["DATABASE_URL"]
    assert told_to_tasks["ALLOWED_HOSTS"] == "facts.example.com,eu.facts.example.com"
    assert told_to_tasks["PUBLIC_URL"] == "https://facts.example.com"


def test_it_says_what_the_next_step_needs(made: Made) -> None:
    assert made.outputs["Endpoint"] == "https://facts.example.com/alexa/"
    assert made.outputs["PublicCidrs"] == "10.64.0.0/20,10.64.16.0/20"
    for name in ("BalancerHost", "Cluster", "Service", "JobTask", "ImagesUri", "PoolSecret"):
        assert made.outputs[name]
    assert made.outputs["JobNetwork"].endswith(",assignPublicIp=DISABLED}")


@pytest.mark.parametrize("family", ["site-site", "site-job"])
def test_production_is_content_with_what_a_task_is_told(
    made: Made, family: str, tmp_path: Path
) -> None:
    """`check --deploy` in a process of its own, with this environment and no warning."""
    told = environment_of(made, family)
    assert told["DATABASE_URL"].startswith(f"postgres://doors@{made.outputs['DatabaseHost']}:5432")
    assert told["CACHE_URL"].startswith("rediss://")
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=environment.bare(tmp_path) | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def environment_of(made: Made, family: str) -> dict[str, str]:
    """What ECS would set; the local AWS keeps no list of secrets, so their names come from here."""
    ecs = made.aws.client(cast("Any", "ecs"))
    [container] = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"][
        "containerDefinitions"
    ]
    plain = {pair["name"]: pair["value"] for pair in container["environment"]}
    [written] = SITE["Resources"]["SiteTask"]["Properties"]["ContainerDefinitions"]
    secrets = [pair["Name"] for pair in written["Secrets"] if "Name" in pair]
    return plain | dict.fromkeys(secrets, "a7Bc3dEf9G" * 6)
