"""What several checks look at, asked for once: the pool, its clients, its stack, its documents.

Checks run side by side. The first one that needs a thing fetches it, the others wait for that; what
cannot be had is `Unavailable` to all of them, with the same words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from django.conf import settings

from accounts.cognito import endpoints
from accounts.pool.deploy import STACK
from accounts.pool.errors import PoolError, explain
from accounts.pool.parameters import Wishes
from companion.doctor import web
from companion.doctor.pool_template import Template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

NO_POOL = "there is no pool"  # so that reason begins
SMAPI = "https://api.amazonalexa.com"
# one try: the report is made within seconds, and says what did not answer
_CONFIG = Config(
    connect_timeout=2, read_timeout=4, retries={"total_max_attempts": 1}, max_pool_connections=20
)


class Unavailable(Exception):
    """What a check needs cannot be had; one line that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What somebody asks the doctor for."""

    online: bool = True
    stack: str = STACK  # where CloudFormation cannot say which one made the pool
    console: str | None = None  # text of a file with the developer console's values
    skill_id: str = ""
    stage: str = "development"
    access_token: str = field(default="", repr=False)  # for Amazon's skill management API
    smapi: str = SMAPI


def once[T](method: Callable[[Context], T]) -> Callable[[Context], T]:
    """The value, or the Unavailable, of the first call; later calls wait for that one."""
    name = method.__name__

    @wraps(method)
    def wrapper(self: Context) -> T:
        with self.lock_of(name):
            if name not in self.kept:
                try:
                    self.kept[name] = method(self)
                except Unavailable as error:
                    self.kept[name] = error
        value = self.kept[name]
        if isinstance(value, Unavailable):
            raise Unavailable(str(value))
        return value  # type: ignore[no-any-return]  # by this method, so a T

    return wrapper


class Context:
    """One examination. Safe for threads."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.kept: dict[str, Any] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def lock_of(self, name: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(name, threading.Lock())

    @property
    def is_local(self) -> bool:
        """A developer's own: the site on http://localhost, or the pool in a local AWS."""
        return bool(settings.DEV_TOOLS)

    # --- AWS ---------------------------------------------------------------------------------

    @once
    def idp(self) -> CognitoIdentityProviderClient:
        return _client("cognito-idp")  # type: ignore[no-any-return]

    @once
    def cloudformation(self) -> CloudFormationClient:
        return _client("cloudformation")  # type: ignore[no-any-return]

    @once
    def pool(self) -> Mapping[str, Any]:
        """As DescribeUserPool says."""
        pool_id = settings.COGNITO_USER_POOL_ID
        if not pool_id:
            raise Unavailable("COGNITO_USER_POOL_ID is not set")
        try:
            return self.idp().describe_user_pool(UserPoolId=pool_id)["UserPool"]
        except (BotoCoreError, ClientError) as error:
            if _code(error) != "ResourceNotFoundException":
                raise Unavailable(explain(error)) from error
            region = settings.AWS_REGION
            raise Unavailable(f"{NO_POOL} {pool_id} in {region} (DescribeUserPool)") from error

    def require_a_pool(self) -> None:
        """Raises Unavailable where AWS says that there is none; not where AWS cannot be asked."""
        try:
            self.pool()
        except Unavailable as reason:
            if str(reason).startswith(NO_POOL):
                raise

    @once
    def web_client(self) -> Mapping[str, Any]:
        return self._app_client("COGNITO_WEB_CLIENT_ID")

    @once
    def alexa_client(self) -> Mapping[str, Any]:
        return self._app_client("COGNITO_ALEXA_CLIENT_ID")

    def app_client(self, which: str) -> Mapping[str, Any]:
        """As DescribeUserPoolClient says, secret included. `which` is web or alexa."""
        return self.web_client() if which == "web" else self.alexa_client()

    def _app_client(self, setting: str) -> Mapping[str, Any]:
        client_id = getattr(settings, setting)
        if not client_id:
            raise Unavailable(f"{setting} is not set")
        self.pool()  # one sentence for a pool that cannot be read, not one for each client
        return asked(
            lambda: self.idp().describe_user_pool_client(
                UserPoolId=settings.COGNITO_USER_POOL_ID, ClientId=client_id
            )["UserPoolClient"]
        )

    @once
    def stack(self) -> StackTypeDef:
        """The stack that made the pool."""
        pool_id = settings.COGNITO_USER_POOL_ID
        self.pool()
        name = self.options.stack
        try:
            held = self.cloudformation().describe_stack_resources(PhysicalResourceId=pool_id)
            name = held["StackResources"][0]["StackName"]
        except HTTPClientError as error:  # asked again, it would only take as long again
            raise Unavailable(explain(error)) from error
        except (BotoCoreError, ClientError, KeyError, IndexError):
            pass  # not allowed, or a local AWS, which knows stacks by name only
        found = asked(lambda: self.cloudformation().describe_stacks(StackName=name)["Stacks"][0])
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        if "PoolId" not in outputs:
            raise Unavailable(f"stack {name} is not of our template, or not done")
        if outputs["PoolId"] != pool_id:
            raise Unavailable(f"stack {name} made another pool than {pool_id}")
        return found

    @once
    def template(self) -> Template:
        """Our template, with the parameters of the stack, or with what the settings say."""
        try:
            given = self.stack().get("Parameters", [])
            return Template({each["ParameterKey"]: each["ParameterValue"] for each in given})
        except Unavailable:
            return Template(_parameters_of_settings())

    # --- the pool's documents ------------------------------------------------------------------

    @once
    def discovery(self) -> web.Answer:
        """The discovery document, which a local AWS serves beside its keys."""
        return answered(discovery_url())

    @once
    def jwks(self) -> web.Answer:
        return answered(endpoints.jwks_url())


def discovery_url() -> str:
    return endpoints.jwks_url().removesuffix("jwks.json") + "openid-configuration"


def answered(url: str) -> web.Answer:
    """The answer to a GET. Raises Unavailable."""
    try:
        return web.ask("GET", url)
    except web.NoAnswer as error:
        raise Unavailable(f"{url}: {error}") from error


def asked[T](call: Callable[[], T]) -> T:
    """What a call of boto3 returns. Raises Unavailable."""
    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(explain(error)) from error


def _code(error: BotoCoreError | ClientError) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""


def _client(service: str) -> Any:
    # a session of its own: boto3's default one is not made safely by two threads
    try:
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            region_name=settings.AWS_REGION,
            endpoint_url=settings.AWS_ENDPOINT_URL or None,
            config=_CONFIG,
        )
    except (BotoCoreError, ValueError) as error:
        message = explain(error) if isinstance(error, BotoCoreError) else "AWS_ENDPOINT_URL"
        raise Unavailable(message) from error


def _parameters_of_settings() -> dict[str, str]:
    try:
        return Wishes(
            vendor_id=settings.ALEXA_VENDOR_ID, public_urls=(settings.PUBLIC_URL,)
        ).parameters()
    except PoolError:  # said by the checks of the settings
        return {}
