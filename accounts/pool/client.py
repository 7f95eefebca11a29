"""boto3 clients, and the one place that decides which AWS they speak to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from django.conf import settings

from accounts.metrics import Service, note_outbound

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

# Two tries at most within a web request; a deployment waits with waiters of its own.
_CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
_TIMEOUTS = (ConnectTimeoutError, ReadTimeoutError)


def cognito_idp() -> CognitoIdentityProviderClient:
    client = boto3.client(
        "cognito-idp",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL or None,
        config=_CONFIG,
    )
    client.meta.events.register("before-call", _begin)
    client.meta.events.register("after-call", _answered)
    client.meta.events.register("after-call-error", _failed)
    return client


def _begin(context: dict[str, Any], **kwargs: Any) -> None:
    """botocore gives each call a context of its own, and hands it to what comes after."""
    context["begun"] = time.perf_counter()


def _answered(http_response: Any, context: dict[str, Any], **kwargs: Any) -> None:
    # what Cognito refuses (somebody whom it does not know) is an answer too
    _note("ok" if http_response.status_code < 500 else "bad_answer", context)


def _failed(exception: Exception, context: dict[str, Any], **kwargs: Any) -> None:
    _note("timeout" if isinstance(exception, _TIMEOUTS) else "unreachable", context)


def _note(result: str, context: dict[str, Any]) -> None:
    note_outbound(Service.POOL_API, result, time.perf_counter() - context["begun"])


def cloudformation() -> CloudFormationClient:
    return boto3.client(
        "cloudformation",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL or None,
        config=_CONFIG,
    )


def apigateway() -> Any:
    return boto3.client(
        "apigateway",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL or None,
        config=_CONFIG,
    )


def logs() -> Any:
    return boto3.client(
        "logs",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL or None,
        config=_CONFIG,
    )
