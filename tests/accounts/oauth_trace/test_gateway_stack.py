"""`manage.py oauth_trace gateway deploy|logs|destroy` against a local AWS with the services for it.

It proxies and logs nothing itself: what API Gateway would write into the log is put there.
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from accounts.oauth_trace.gateway import stack as stacks
from accounts.oauth_trace.gateway.fetching import MOST_PAGES, fetch
from accounts.pool import client
from accounts.pool.deploy import Stack
from accounts.pool.errors import PoolError
from companion.local.aws import NotInstalled, is_installed, running_local_aws
from tests.accounts.oauth_trace import gateway_log

pytestmark = pytest.mark.local_aws

SERVICES = "cloudformation,iam,sts,apigateway,logs,cognito-idp"
SERVER = "https://auth.example.com"

Run = Callable[..., str]


@pytest.fixture(scope="module")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not is_installed():
        pytest.skip(str(NotInstalled()))
    with running_local_aws(Path(tmp_path_factory.mktemp("aws")), services=SERVICES) as aws:
        yield aws.url


@pytest.fixture
def gateway(aws_url: str, settings: LazySettings) -> Run:
    """`manage.py oauth_trace gateway ...`; returns what it prints."""
    settings.AWS_ENDPOINT_URL = aws_url
    stacks.release_log_role(client.apigateway())

    def run(*arguments: str) -> str:
        out = io.StringIO()
        call_command("oauth_trace", "gateway", *arguments, stdout=out, no_color=True)
        return out.getvalue()

    return run


@pytest.fixture
def name() -> str:
    """Of a stack that nobody else has."""
    return f"gateway-{uuid.uuid4().hex[:8]}"


@dataclass
class Deployed:
    name: str
    api_id: str
    printed: str


@pytest.fixture
def deployed(gateway: Run, name: str) -> Deployed:
    printed = gateway("deploy", "--yes", "--stack", name, "--oauth-url", SERVER)
    return Deployed(name, stacks.api_of(_stack(name)), printed)


def _stack(name: str) -> Stack:
    return Stack(client.cloudformation(), name, say=lambda line: None, kind=stacks.KIND)


def _integration(api_id: str, path: str, method: str) -> dict[str, Any]:
    api = client.apigateway()
    resources = api.get_resources(restApiId=api_id)["items"]
    [resource_id] = [each["id"] for each in resources if each["path"] == path]
    found: dict[str, Any] = api.get_integration(
        restApiId=api_id, resourceId=resource_id, httpMethod=method
    )
    return found


def write(
    name: str, lines: list[str], *, log: str = "ExecutionLog", minutes_ago: float = 0
) -> None:
    """Put lines into the log of the stack as the service does."""
    logs, group = client.logs(), _stack(name).outputs()[log]
    stream = uuid.uuid4().hex
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int((time.time() - 60 * minutes_ago) * 1000)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_a_local_aws_without_the_service_is_named(tmp_path: Path, settings: LazySettings) -> None:
    """As make demo's: it has what the pool needs, and no more."""
    if not is_installed():
        pytest.skip(str(NotInstalled()))
    with running_local_aws(tmp_path) as aws:
        settings.AWS_ENDPOINT_URL = aws.url
        settings.COGNITO_DOMAIN_URL = SERVER
        with pytest.raises(CommandError, match=f"the AWS at {aws.url} has no API Gateway"):
            call_command("oauth_trace", "gateway", "deploy", "--yes")


def test_it_stands_in_front_of_the_oauth_server(deployed: Deployed) -> None:
    authorize = _integration(deployed.api_id, "/oauth2/authorize", "GET")
    token = _integration(deployed.api_id, "/oauth2/token", "POST")

    assert (authorize["type"], authorize["uri"]) == ("HTTP_PROXY", f"{SERVER}/oauth2/authorize")
    assert (token["type"], token["uri"]) == ("HTTP_PROXY", f"{SERVER}/oauth2/token")
    for each in (authorize, token):
        assert each["requestParameters"] == {
            "integration.request.header.Accept-Encoding": "'identity'"
        }
    assert _integration(deployed.api_id, "/{proxy+}", "ANY")["uri"] == f"{SERVER}/{{proxy}}"


def test_it_prints_what_to_type_into_the_console_and_what_it_costs(deployed: Deployed) -> None:
    base = f"https://{deployed.api_id}.execute-api.us-east-1.amazonaws.com/trace/oauth2"

    assert f"Your Web Authorization URI   {base}/authorize" in deployed.printed
    assert f"Access Token URI             {base}/token" in deployed.printed
    host = f"{deployed.api_id}.execute-api.us-east-1.amazonaws.com"
    assert f"Domain List                  {host}, beside what is there" in deployed.printed
    assert "tokens and client secrets of whoever links stand in its log" in deployed.printed
    assert f"manage.py oauth_trace gateway logs --stack {deployed.name}\n" in deployed.printed


def test_it_logs_bodies_of_its_two_addresses_only_and_for_a_day(deployed: Deployed) -> None:
    stage = client.apigateway().get_stage(restApiId=deployed.api_id, stageName="trace")
    traced = {
        name: (each["loggingLevel"], each["dataTraceEnabled"])
        for name, each in stage["methodSettings"].items()
    }
    groups = client.logs().describe_log_groups(
        logGroupNamePrefix=f"API-Gateway-Execution-Logs_{deployed.api_id}/trace"
    )["logGroups"]

    assert traced == {
        "/~1oauth2~1authorize/GET": ("INFO", True),
        "/~1oauth2~1token/POST": ("INFO", True),
        "*/*": ("INFO", False),
    }
    assert [group["retentionInDays"] for group in groups] == [1]


def test_it_sets_the_accounts_log_role_only_where_none_is_set(gateway: Run, name: str) -> None:
    api = client.apigateway()
    assert "set for ALL APIs" in gateway("deploy", "--yes", "--stack", name, "--oauth-url", SERVER)
    own = stacks.log_role(api)
    assert own

    second = gateway("deploy", "--yes", "--stack", f"{name}-2", "--oauth-url", SERVER)

    assert "ALL APIs" not in second
    assert stacks.log_role(api) == own
    assert "No changes" in gateway("deploy", "--yes", "--stack", name), "it keeps its own role"


def test_it_points_to_another_server_at_once(gateway: Run, deployed: Deployed) -> None:
    before = len(client.apigateway().get_deployments(restApiId=deployed.api_id)["items"])

    printed = gateway(
        *("deploy", "--yes", "--stack", deployed.name),
        *("--oauth-url", "https://other.example.com", "--token-path", "/auth/o2/token"),
    )

    uri = _integration(deployed.api_id, "/oauth2/token", "POST")["uri"]
    assert uri == "https://other.example.com/auth/o2/token"
    assert f"OAuthUrl: {SERVER} -> https://other.example.com" in printed
    after = len(client.apigateway().get_deployments(restApiId=deployed.api_id)["items"])
    assert after == before + 1, "a stage serves what was deployed to it"


def test_it_deploys_nothing_without_a_yes(
    gateway: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))

    with pytest.raises(CommandError, match="nothing done"):
        gateway("deploy", "--stack", name, "--oauth-url", SERVER)

    with pytest.raises(CommandError, match=r"run `manage.py oauth_trace gateway deploy` first"):
        gateway("logs", "--stack", name)


def test_it_deletes_stack_logs_and_role(gateway: Run, deployed: Deployed) -> None:
    write(deployed.name, ["(00000000-0000) Starting execution for request: 00000000-0000"])

    printed = gateway("destroy", "--yes", "--stack", deployed.name)

    assert f"put the\nOAuth server's back first ({SERVER})" in printed
    assert stacks.log_groups(client.logs(), deployed.api_id) == []
    assert stacks.log_role(client.apigateway()) == ""
    with pytest.raises(CommandError, match="nothing to destroy"):
        gateway("destroy", "--yes", "--stack", deployed.name)


def test_it_deletes_a_log_group_that_came_after_the_stack_went(
    gateway: Run, deployed: Deployed
) -> None:
    logs, late = client.logs(), f"API-Gateway-Execution-Logs_{deployed.api_id}/late"
    logs.create_log_group(logGroupName=late)

    assert f"Deleted: log group {late}" in gateway("destroy", "--yes", "--stack", deployed.name)
    assert stacks.log_groups(logs, deployed.api_id) == []


def test_it_leaves_a_log_role_alone_that_is_not_its_own(gateway: Run, deployed: Deployed) -> None:
    other = "arn:aws:iam::000000000000:role/somebody-elses"
    client.apigateway().update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": other}]
    )

    printed = gateway("destroy", "--yes", "--stack", deployed.name)

    assert "The role by which" not in printed
    assert stacks.log_role(client.apigateway()) == other


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (stacks.Wishes(oauth_url="http://auth.example.com"), "give https and the host only"),
        (stacks.Wishes(oauth_url="https://auth.example.com/oauth2"), "the host only"),
        (stacks.Wishes(oauth_url="https://me:secret@auth.example.com"), "the host only"),
        (stacks.Wishes(oauth_url="https://auth.example.com:x"), "this is no address"),
        (stacks.Wishes(oauth_url="https://${stageVariables.x}"), "the host only"),
        (stacks.Wishes(token_path="oauth2/token"), "like /oauth2/token"),
        (stacks.Wishes(authorize_path="/oauth2/authorize?x=1"), "and no query"),
    ],
)
def test_it_refuses_what_would_lead_elsewhere(wishes: stacks.Wishes, words: str) -> None:
    with pytest.raises(PoolError, match=words):
        wishes.parameters()


def test_it_says_that_the_server_is_missing(
    gateway: Run, name: str, settings: LazySettings
) -> None:
    settings.COGNITO_DOMAIN_URL = ""

    with pytest.raises(CommandError, match="missing --oauth-url"):
        gateway("deploy", "--yes", "--stack", name)


BACK = "https://pitangui.amazon.com/api/skill/link/MTESTVENDOR"
QUERY = {
    "response_type": "code",
    "client_id": "alexa-client",
    "scope": "openid",
    "state": "A2SAAEAEKq-planted-state",
    "redirect_uri": BACK,
}
FORM = {"grant_type": "authorization_code", "code": "pl4nt3dc0de", "redirect_uri": BACK}


def test_it_reads_a_linking_from_the_log(gateway: Run, deployed: Deployed) -> None:
    write(deployed.name, gateway_log.authorize(QUERY))
    write(
        deployed.name,
        gateway_log.token(FORM, status=400, answer='{"error":"invalid_grant"}', milliseconds=310),
    )

    printed = gateway("logs", "--stack", deployed.name)

    assert "authorize  GET https://auth.example.com/oauth2/authorize -> 302" in printed
    assert "token      POST https://auth.example.com/oauth2/token -> 400 json  (310 ms)" in printed
    assert "error=invalid_grant" in printed
    assert "planted" not in printed
    assert "pl4nt3d" not in printed


def test_it_says_that_nothing_came_and_what_came_elsewhere(
    gateway: Run, deployed: Deployed
) -> None:
    lines = [gateway_log.access("/oauth2/authorise")] * 2 + [gateway_log.access("/oauth2/token")]
    write(deployed.name, [*lines, "no json", '{"path": 1}'], log="AccessLog")

    printed = gateway("logs", "--stack", deployed.name)

    assert "No linking came in the last 30 minutes." in printed
    assert "2 request(s) came to /oauth2/authorise, which is neither" in printed
    assert "/oauth2/token, which" not in printed
    assert f"{deployed.api_id}.execute-api" in printed


def test_it_reads_no_further_back_than_asked(gateway: Run, deployed: Deployed) -> None:
    write(deployed.name, gateway_log.authorize(QUERY), minutes_ago=50)

    assert "No linking came" in gateway("logs", "--stack", deployed.name)
    assert "authorize  GET" in gateway("logs", "--stack", deployed.name, "--since", "60")


@pytest.mark.parametrize("minutes", ["0", "-1", "99999999"])
def test_it_refuses_a_time_that_makes_no_sense(
    gateway: Run, deployed: Deployed, minutes: str
) -> None:
    with pytest.raises(CommandError, match="choose 1 to"):
        gateway("logs", "--stack", deployed.name, f"--since={minutes}")


def test_it_reads_a_bounded_number_of_lines_each_once(gateway: Run, deployed: Deployed) -> None:
    write(deployed.name, gateway_log.authorize(QUERY))
    group, since = _stack(deployed.name).outputs()["ExecutionLog"], datetime.fromtimestamp(0, UTC)

    whole = fetch(client.logs(), group, since=since)
    again = fetch(client.logs(), group, since=since, into=whole)
    few = fetch(client.logs(), group, since=since, most=3)

    assert len(again.lines) == len(gateway_log.authorize(QUERY))
    assert (len(few.lines), few.is_cut) == (3, True)


def test_it_follows_until_somebody_stops_it(
    gateway: Run, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second look finds what came since, and prints the try once more, with what is new."""
    write(deployed.name, gateway_log.authorize(QUERY))
    looks = iter([lambda: write(deployed.name, gateway_log.token(FORM, answer="{}"))])

    def wait(seconds: float) -> None:
        next(looks, _interrupt)()

    monkeypatch.setattr("accounts.oauth_trace.gateway.command.time.sleep", wait)

    printed = gateway("logs", "--stack", deployed.name, "--follow")

    assert printed.count("authorize  GET") == 2
    assert printed.count("token      POST") == 1


def _interrupt() -> None:
    raise KeyboardInterrupt


class EmptyPages:
    """A log that is searched for ever, as a large one looks from outside."""

    asked = 0

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked += 1
        return {"events": [], "nextToken": str(self.asked)}


def test_it_does_not_search_a_log_for_ever() -> None:
    pages = EmptyPages()

    fetched = fetch(pages, "group", since=datetime.fromtimestamp(0, UTC))

    assert fetched.is_cut
    assert pages.asked == MOST_PAGES


OF_ANOTHER_KIND = """
Resources:
  Group:
    Type: AWS::Logs::LogGroup
Outputs:
  ExecutionLog:
    Value: !Ref Group
"""


@pytest.mark.parametrize("action", ["deploy", "logs", "destroy"])
def test_a_stack_of_another_kind_is_left_alone(gateway: Run, name: str, action: str) -> None:
    cloudformation = client.cloudformation()
    cloudformation.create_stack(StackName=name, TemplateBody=OF_ANOTHER_KIND)
    more = {"deploy": ["--yes", "--oauth-url", SERVER], "destroy": ["--yes"], "logs": []}[action]
    with pytest.raises(CommandError, match="is not a trace gateway"):
        gateway(action, "--stack", name, *more)
    [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert found["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName=name)


@pytest.mark.parametrize("wrong", ["", "-x", "a b", "x" * 129, "arn:aws:x"])
@pytest.mark.parametrize("action", ["deploy", "logs", "destroy"])
def test_a_name_that_is_none_is_refused(gateway: Run, action: str, wrong: str) -> None:
    with pytest.raises(CommandError, match="letters, digits and hyphens"):
        gateway(action, f"--stack={wrong}")


def test_the_template_has_the_parameters_by_which_its_stacks_are_known(deployed: Deployed) -> None:
    stacks.require_ours(_stack(deployed.name))
