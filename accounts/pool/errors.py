"""What the operator reads when the pool's commands cannot go on: one line, with the way out."""

from __future__ import annotations

from botocore import exceptions as boto

ENDED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
UNKNOWN = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
)


class PoolError(Exception):
    """One line: what is wrong or missing, and how to get it."""


def explain(error: boto.BotoCoreError | boto.ClientError) -> str:
    """One line for what botocore raised."""
    if isinstance(error, boto.ClientError):
        return _explain_answer(error)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return (
            "no AWS credentials: run `aws configure` or `aws sso login`, set AWS_PROFILE, or set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if isinstance(error, boto.ProfileNotFound):
        return f"{error}: AWS_PROFILE must be one of ~/.aws/config"
    if isinstance(error, boto.NoRegionError | boto.InvalidRegionError):
        return "no AWS region: set AWS_REGION, for example us-east-1"
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError):  # refused, timeouts, TLS
        url = getattr(error, "kwargs", {}).get("endpoint_url", "AWS")
        return f"{url} cannot be reached: check AWS_ENDPOINT_URL, AWS_REGION and the network"
    return " ".join(str(error).split())


def _explain_answer(error: boto.ClientError) -> str:
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", ""), " ".join(answer.get("Message", "").split())
    if code in ENDED:
        return "the AWS credentials have expired: sign in again, for example `aws sso login`"
    if code in UNKNOWN:
        return f"AWS does not accept these credentials ({code}): check AWS_PROFILE or the keys"
    if code in DENIED:
        return f"{error.operation_name} is not allowed for these credentials: {message}"
    return f"{error.operation_name}: {message or code}"
