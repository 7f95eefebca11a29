"""boto3 clients, and the one place that decides which AWS they speak to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from django.conf import settings

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

# Two tries at most within a web request; a deployment waits with waiters of its own.
_CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})


def cognito_idp() -> CognitoIdentityProviderClient:
    return boto3.client(
        "cognito-idp",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL or None,
        config=_CONFIG,
    )


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
