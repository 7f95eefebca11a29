"""The values of a deployed pool: what the Alexa developer console asks for, and our settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from accounts.pool.deploy import Stack
from accounts.pool.parameters import TRACE_CALLBACK_PATH

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

SCOPES = ("openid", "email", "phone")  # of both clients, as in the template
AMAZON_PATH = "/api/skill/link/"  # of the three addresses that Alexa itself returns to


@dataclass(frozen=True, kw_only=True)
class PoolValues:
    """What a deployment made. `domain_url` serves /oauth2/...; `endpoint` is "" on AWS."""

    region: str
    endpoint: str
    pool_id: str
    issuer: str
    domain_url: str
    web_client_id: str
    web_client_secret: str
    web_callbacks: tuple[str, ...]
    alexa_client_id: str
    alexa_client_secret: str
    alexa_callbacks: tuple[str, ...]
    token_seconds: int

    @property
    def vendor_id(self) -> str:
        return next(
            (url.rpartition("/")[2] for url in self.alexa_callbacks if AMAZON_PATH in url), ""
        )

    @property
    def jwks_url(self) -> str:
        """A local AWS names AWS's issuer and serves its keys itself."""
        base = f"{self.endpoint}/{self.pool_id}" if self.endpoint else self.issuer
        return f"{base}/.well-known/jwks.json"

    def environment(self) -> dict[str, str]:
        """The settings that say which pool it is, secrets included."""
        values = {
            "AWS_REGION": self.region,
            "COGNITO_USER_POOL_ID": self.pool_id,
            "COGNITO_DOMAIN_URL": self.domain_url,
            "COGNITO_WEB_CLIENT_ID": self.web_client_id,
            "COGNITO_WEB_CLIENT_SECRET": self.web_client_secret,
            "COGNITO_ALEXA_CLIENT_ID": self.alexa_client_id,
            "COGNITO_ALEXA_CLIENT_SECRET": self.alexa_client_secret,
            "ALEXA_VENDOR_ID": self.vendor_id,
        }
        if self.endpoint:
            values |= {
                "AWS_ENDPOINT_URL": self.endpoint,
                "COGNITO_ISSUER": self.issuer,
                "COGNITO_JWKS_URL": self.jwks_url,
            }
        return values

    def console(self, *, secret: bool) -> list[tuple[str, str]]:
        """(field of the console's account linking page, value), in the page's order.

        https://developer.amazon.com/en-US/docs/alexa/account-linking/configure-authorization-code-grant.html
        """
        own = [
            url
            for url in self.alexa_callbacks
            if AMAZON_PATH not in url and not url.endswith(TRACE_CALLBACK_PATH)
        ]
        return [
            ("Authorization grant type", "Auth Code Grant"),
            ("Your Web Authorization URI", f"{self.domain_url}/oauth2/authorize"),
            ("Access Token URI", f"{self.domain_url}/oauth2/token"),
            ("Your Client ID", self.alexa_client_id),
            ("Your Secret", self.alexa_client_secret if secret else "(add --secret)"),
            ("Your Authentication Scheme", "HTTP Basic"),
            *(("Scope", scope) for scope in SCOPES),
            ("Domain", urlsplit(self.domain_url).hostname or ""),
            ("Default Access Token Expiration Time", f"{self.token_seconds} (seconds)"),
            *(("Alexa Redirect URL", url) for url in self.alexa_callbacks if AMAZON_PATH in url),
            *(("Redirect URL of your website", url) for url in own),
        ]


def read(stack: Stack, idp: CognitoIdentityProviderClient, *, endpoint: str = "") -> PoolValues:
    """Ask the pool itself, not our parameters. Raises PoolError where nothing is deployed.

    `endpoint` is the address of a local AWS: it serves the OAuth pages there, not at the domain.
    """
    outputs = stack.outputs()
    pool_id = outputs["PoolId"]
    web = idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=outputs["WebClientId"])
    alexa = idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=outputs["AlexaClientId"])
    web_client, alexa_client = web["UserPoolClient"], alexa["UserPoolClient"]
    return PoolValues(
        region=idp.meta.region_name,
        endpoint=endpoint,
        pool_id=pool_id,
        issuer=outputs["Issuer"],
        domain_url=endpoint or outputs["SignInUrl"],
        web_client_id=web_client["ClientId"],
        web_client_secret=web_client["ClientSecret"],
        web_callbacks=tuple(web_client["CallbackURLs"]),
        alexa_client_id=alexa_client["ClientId"],
        alexa_client_secret=alexa_client["ClientSecret"],
        alexa_callbacks=tuple(alexa_client["CallbackURLs"]),
        token_seconds=alexa_client["AccessTokenValidity"] * 60,
    )
