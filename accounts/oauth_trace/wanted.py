"""What the pool and the settings say that a linking should look like: the other half of a finding.

Read from the pool where it answers, and kept; else only what the settings know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from accounts import forgiving_cache
from accounts.cognito import endpoints
from accounts.oauth_trace.exchange import Value
from accounts.oauth_trace.redaction import PADDING, digest
from accounts.pool import client
from accounts.pool.parameters import LINK_CALLBACK_PATH, TRACE_CALLBACK_PATH

KEPT = 24 * 3600  # seconds
FRESH = 300  # seconds after which a reader asks the pool again
_KEY = "oauth-trace:wanted"
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
AMAZON_HOSTS = ("pitangui.amazon.com", "layla.amazon.com", "alexa.amazon.co.jp")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`None` where it is not known: a rule that needs it does not fire."""

    issuer: str
    domain_url: str
    public_url: str
    client_id: str
    web_client_id: str
    vendor_id: str
    skill_ids: tuple[str, ...]
    capture_url: str
    secret_digest: str  # empty where we do not have the secret
    secret_length: int = 0
    padded_secrets: tuple[str, ...] = ()  # digests of what copying and pasting makes of it
    from_pool: bool = False  # whether what follows was read from the pool
    # of the alexa client
    callbacks: tuple[str, ...] | None = None
    scopes: tuple[str, ...] | None = None
    flows: tuple[str, ...] | None = None
    flows_enabled: bool | None = None
    has_secret: bool | None = None
    read_attributes: tuple[str, ...] | None = None
    identity_providers: tuple[str, ...] | None = None
    access_token_seconds: int | None = None
    refresh_token_seconds: int | None = None
    rotation: bool | None = None

    @property
    def secret_shown(self) -> str:
        """As a secret that was sent is shown, so that the two can be compared."""
        shown = Value(digest=self.secret_digest, length=self.secret_length)
        return str(shown) or f"…{self.secret_digest[:8]}"

    @property
    def amazon_callbacks(self) -> tuple[str, ...]:
        """The three that Alexa uses, by our vendor id."""
        path = f"/api/skill/link/{self.vendor_id}"
        return tuple(f"https://{host}{path}" for host in AMAZON_HOSTS) if self.vendor_id else ()

    @property
    def return_addresses(self) -> tuple[str, ...]:
        """Where a captured callback may be passed on to: registered, and not our own capture."""
        if self.callbacks is not None:
            return tuple(url for url in self.callbacks if url != self.capture_url)
        own = [self.public_url + LINK_CALLBACK_PATH]
        if settings.DEV_TOOLS:  # the simulator links as Alexa does
            own.append(f"{self.public_url}/dev/alexa/callback/")
        return (*self.amazon_callbacks, *own)


def from_settings() -> Wanted:
    secret = settings.COGNITO_ALEXA_CLIENT_SECRET
    return Wanted(
        issuer=endpoints.issuer(),
        domain_url=settings.COGNITO_DOMAIN_URL,
        public_url=settings.PUBLIC_URL,
        client_id=settings.COGNITO_ALEXA_CLIENT_ID,
        web_client_id=settings.COGNITO_WEB_CLIENT_ID,
        vendor_id=settings.ALEXA_VENDOR_ID,
        skill_ids=tuple(settings.ALEXA_SKILL_IDS),
        capture_url=settings.PUBLIC_URL + TRACE_CALLBACK_PATH,
        **_of_secret(secret),
    )


def padded(text: str) -> list[str]:
    """What copying and pasting makes of an id or a secret."""
    one_side = [(mark, "") for mark in PADDING] + [("", mark) for mark in PADDING]
    both = [(mark, mark) for mark in PADDING]
    return [f"{before}{text}{after}" for before, after in (*one_side, *both)]


def _of_secret(secret: str) -> dict[str, Any]:
    if not secret:
        return {"secret_digest": ""}
    return {
        "secret_digest": digest(secret),
        "secret_length": len(secret),
        "padded_secrets": tuple(map(digest, padded(secret))),
    }


def known() -> Wanted:
    """What is known without asking anybody: never waits for the pool."""
    return _with(forgiving_cache.found(_key()))


def current() -> Wanted:
    """Asks the pool where what is known is old; without an answer, what is known."""
    if not forgiving_cache.found(f"{_key()}:fresh"):
        try:
            answer = client.cognito_idp().describe_user_pool_client(
                UserPoolId=settings.COGNITO_USER_POOL_ID,
                ClientId=settings.COGNITO_ALEXA_CLIENT_ID,
            )
        except (BotoCoreError, ClientError) as error:
            log.warning("oauth_trace_pool_unread", error=type(error).__name__)
        else:
            forgiving_cache.keep(_key(), _of_pool(answer["UserPoolClient"]), seconds=KEPT)
        forgiving_cache.keep(f"{_key()}:fresh", value=True, seconds=FRESH)
    return known()


def refresh() -> None:
    """Ask the pool again where it was asked before, and that is a while ago. It takes its time."""
    if known().from_pool:
        current()


def forget() -> None:
    """Ask the pool again next time: it may have been changed."""
    forgiving_cache.keep(f"{_key()}:fresh", value=False, seconds=1)


def _key() -> str:
    # another pool, as a test's, has facts of its own
    return f"{_KEY}:{settings.COGNITO_USER_POOL_ID}:{settings.COGNITO_ALEXA_CLIENT_ID}"


def _with(of_pool: dict[str, Any] | None) -> Wanted:
    wanted = from_settings()
    try:
        return replace(wanted, from_pool=True, **of_pool) if of_pool else wanted
    except TypeError:  # kept by another version of this program, in a cache that outlived it
        return wanted


def _of_pool(found: Any) -> dict[str, Any]:
    """Of DescribeUserPoolClient's answer, which leaves out what was never set.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html
    """
    units = found.get("TokenValidityUnits", {})
    secret = found.get("ClientSecret", "")
    facts: dict[str, Any] = {
        "callbacks": tuple(found.get("CallbackURLs", ())),
        "scopes": tuple(found.get("AllowedOAuthScopes", ())),
        "flows": tuple(found.get("AllowedOAuthFlows", ())),
        "flows_enabled": bool(found.get("AllowedOAuthFlowsUserPoolClient")),
        "has_secret": bool(secret),
        "identity_providers": tuple(found.get("SupportedIdentityProviders", ())),
        # absent: every attribute may be read
        "read_attributes": tuple(found["ReadAttributes"]) if found.get("ReadAttributes") else None,
        # Cognito's defaults: an hour, and thirty days
        "access_token_seconds": found.get("AccessTokenValidity", 1)
        * _SECONDS[units.get("AccessToken", "hours")],
        "refresh_token_seconds": found.get("RefreshTokenValidity", 30)
        * _SECONDS[units.get("RefreshToken", "days")],
        "rotation": found.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED",
    }
    if secret:
        facts |= _of_secret(secret)
    return facts
