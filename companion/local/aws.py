"""The local AWS: ministack in its own virtual environment, on loopback, with a private state.

AUTH=true is not optional: without it forged tokens pass at userInfo and SECRET_HASH is not checked.
What it cannot show is in docs/real-aws-checklist.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

from companion.local import environment
from companion.local.supervisor import Process, Supervisor

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

EXECUTABLE = environment.BASE_DIR / ".venv-aws" / "bin" / "ministack"
SERVICES = "cognito-idp,cloudformation,iam,sts,sns,ses"
_CONFIG = Config(connect_timeout=3, read_timeout=30, retries={"total_max_attempts": 2})


class NotInstalled(RuntimeError):
    """The local AWS is not there."""

    def __init__(self) -> None:
        super().__init__("the local AWS is not installed: run `make .venv-aws`")


@dataclass(frozen=True)
class LocalAws:
    """A running local AWS: its address and its process."""

    url: str
    process: Process

    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["cognito-idp"]) -> CognitoIdentityProviderClient: ...
    def client(self, service: Any) -> Any:
        """A boto3 client of this AWS and no other, whatever the environment says."""
        return boto3.client(
            service,
            region_name=environment.REGION,
            endpoint_url=environment.require_loopback(self.url),
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - any is accepted
            config=_CONFIG,
        )


def is_installed() -> bool:
    return EXECUTABLE.is_file()


def start(
    supervisor: Supervisor,
    state: Path,
    *,
    port: int,
    persist: bool = True,
    services: str = SERVICES,
) -> LocalAws:
    """Start it; call `wait` before its first use. Raises NotInstalled.

    With `persist`, pools and people of `state` are there again. They are written only when it is
    stopped by SIGTERM: a kill -9 or a power cut loses what came since its start.
    """
    if not is_installed():
        raise NotInstalled
    state = environment.private_folder(state.resolve())
    settings = environment.bare(state) | {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "STATE_DIR": str(environment.private_folder(state / "services")),
        "PERSIST_STATE": "1" if persist else "0",
        "SERVICES": services,
        "IOT_MTLS_ENABLED": "false",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "WARNING",
    }
    process = supervisor.start("aws", [EXECUTABLE], settings)
    return LocalAws(f"http://localhost:{port}", process)


def wait(supervisor: Supervisor, aws: LocalAws) -> None:
    """Wait until it answers; raises ProcessDied or NotReady of the supervisor."""
    supervisor.wait_ready(aws.process, f"{aws.url}/_ministack/ready")


@contextlib.contextmanager
def running_local_aws(
    state: Path, *, persist: bool = False, services: str = SERVICES
) -> Iterator[LocalAws]:
    """A local AWS alone, on a free port: for tests that need no site."""
    with Supervisor(state / "logs") as supervisor:
        port = environment.free_port()
        aws = start(supervisor, state / "aws", port=port, persist=persist, services=services)
        wait(supervisor, aws)
        yield aws
