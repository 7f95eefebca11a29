"""The gateway's CloudFormation stack: an API Gateway stage in front of the OAuth server, for a
while.

Template and limits: deploy/oauth-trace-gateway.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from django.conf import settings

from accounts.pool.deploy import Kind, Stack
from accounts.pool.errors import PoolError

NAME = "oauth-trace-gateway"
STAGE = "trace"
LOG_DAYS = (1, 3, 5, 7, 14)
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
# of the template: a stack that was made of it has them all
_PARAMETERS = frozenset({"OAuthUrl", "AuthorizePath", "TokenPath", "LogDays", "SetLogRole"})


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator says; an empty field keeps what the stack has."""

    oauth_url: str = ""
    authorize_path: str = ""
    token_path: str = ""
    log_days: int = 0
    set_log_role: bool = False

    def parameters(self) -> dict[str, str]:
        """Template parameters of the fields that are given. Raises PoolError."""
        values = {
            "OAuthUrl": self.oauth_url and _server(self.oauth_url),
            "AuthorizePath": self.authorize_path and _path(self.authorize_path),
            "TokenPath": self.token_path and _path(self.token_path),
            "LogDays": str(self.log_days or ""),
        }
        given = {name: value for name, value in values.items() if value}
        return given | {"SetLogRole": "yes" if self.set_log_role else "no"}


def complete(given: Mapping[str, str], previous: Mapping[str, str], stack: str) -> dict[str, str]:
    """All parameters: given, else the previous value, else the template's. Raises PoolError."""
    values = {**previous, **given}
    if not values.get("OAuthUrl"):
        raise PoolError(
            "missing --oauth-url (or COGNITO_DOMAIN_URL): scheme and host of the OAuth server, for "
            "example https://my-facts-4711.auth.us-east-1.amazoncognito.com"
        )
    return values


KIND = Kind(
    settings.BASE_DIR / "deploy" / "oauth-trace-gateway.yaml",
    complete,
    "oauth_trace gateway",
    is_protected=False,  # it is there to be deleted soon
)


def require_name(name: str) -> str:
    """What CloudFormation takes for a stack's name. Raises PoolError."""
    if not _STACK_NAME.fullmatch(name):
        raise PoolError(f"--stack {name!r}: letters, digits and hyphens, beginning with a letter")
    return name


def require_ours(stack: Stack) -> None:
    """Raise PoolError for a stack of another template: it is neither read, changed nor deleted."""
    if not stack.parameters().keys() >= _PARAMETERS:
        raise PoolError(
            f"stack {stack.name} is not a trace gateway: `manage.py oauth_trace gateway deploy` "
            "did not make it, and leaves it alone"
        )


def log_role(apigateway: Any) -> str:
    """ARN of the role by which all APIs of account and region write their logs; empty: none.

    It is asked first, so a local AWS without API Gateway is found here. Raises PoolError.
    """
    try:
        account = apigateway.get_account()
    except ClientError as error:
        if not settings.AWS_ENDPOINT_URL:
            raise
        raise PoolError(
            f"the AWS at {settings.AWS_ENDPOINT_URL} has no API Gateway: a local one that was "
            "started without it, as make demo's is. The gateway needs an AWS account: leave "
            "AWS_ENDPOINT_URL empty"
        ) from error
    return str(account.get("cloudwatchRoleArn") or "")


def owns_log_role(stack: Stack, apigateway: Any) -> bool:
    """Whether the role that is set is this stack's."""
    role = log_role(apigateway)
    return bool(role) and role.rpartition("/")[2] == _resource(stack, "LogRole")


def put_into_effect(apigateway: Any, api_id: str) -> None:
    """A stage serves the methods as they were when it was deployed: after a change, do it again."""
    apigateway.create_deployment(restApiId=api_id, stageName=STAGE)


def release_log_role(apigateway: Any) -> None:
    """Before the stack's role goes: an account that names a role which is gone cannot log."""
    apigateway.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
    )


def log_groups(logs: Any, api_id: str) -> list[str]:
    """Names of the log groups that belong to the API; some may have come after its stack went."""
    prefixes = (f"API-Gateway-Execution-Logs_{api_id}/", f"{NAME}/{api_id}/")
    return [
        group["logGroupName"]
        for prefix in prefixes
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    ]


def delete_log_groups(logs: Any, api_id: str) -> list[str]:
    """Delete what is left of them, for good; return their names."""
    names = log_groups(logs, api_id)
    for name in names:
        logs.delete_log_group(logGroupName=name)
    return names


def api_of(stack: Stack) -> str:
    """Id of the stack's API, also where its creation failed; empty where it has none."""
    return _resource(stack, "Api")


def _resource(stack: Stack, name: str) -> str:
    try:
        answer = stack.client.describe_stack_resource(StackName=stack.name, LogicalResourceId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ValidationError", "ResourceNotFoundException"}:
            return ""
        raise
    return answer["StackResourceDetail"].get("PhysicalResourceId", "")


def _server(url: str) -> str:
    """Scheme and host. A plain http server is refused: secrets go to it."""
    try:
        parts = urlsplit(url.rstrip("/"))
        port = parts.port
    except ValueError:
        raise PoolError(f"--oauth-url {url}: this is no address") from None
    host = parts.hostname or ""
    rest = parts.path or parts.query or parts.fragment or parts.username
    if parts.scheme != "https" or not _HOST.fullmatch(host) or rest:
        raise PoolError(
            f"--oauth-url {url}: give https and the host only, like https://auth.example.com"
        )
    return f"https://{host}{f':{port}' if port else ''}"


def _path(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise PoolError(f"{path}: a path of the OAuth server, like /oauth2/token, and no query")
    return path
