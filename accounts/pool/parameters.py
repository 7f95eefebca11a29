"""The template's parameters, from what the operator says; what is not said is kept.

Rules that Cognito would only tell after minutes (or never, on a local AWS) are checked here.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from accounts.pool.errors import PoolError

# https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
RESERVED = ("aws", "amazon", "cognito")
VENDOR_ID = re.compile(r"M[A-Z0-9]{4,}")

CALLBACK_PATH = "/accounts/cognito/login/callback/"
# after signing out, and on the way to a fresh sign-in (accounts/cognito/sign_in_again.py)
LOGOUT_PATHS = ("/", "/accounts/cognito/again/")
LINK_CALLBACK_PATH = "/alexa-link/return/"
TRACE_CALLBACK_PATH = "/oauth/callback"  # of the trace of linking attempts


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator says; an empty field keeps what the pool has."""

    domain_prefix: str = ""
    vendor_id: str = ""
    public_urls: Sequence[str] = ()  # sites that sign in with this pool
    alexa_callbacks: Sequence[str] = ()  # of the alexa client beside Amazon's three
    pool_name: str = ""

    def parameters(self) -> dict[str, str]:
        """Template parameters of the fields that are given. Raises PoolError."""
        sites = [_site(url) for url in self.public_urls]
        callbacks = [_callback(url) for url in self.alexa_callbacks]
        callbacks = callbacks or [site + LINK_CALLBACK_PATH for site in sites]
        traced = [site + TRACE_CALLBACK_PATH for site in sites]
        callbacks += [url for url in traced if url not in callbacks]
        values = {
            "PoolName": self.pool_name,
            "DomainPrefix": self.domain_prefix and _prefix(self.domain_prefix),
            "VendorId": self.vendor_id and _vendor(self.vendor_id),
            "WebCallbackUrls": ",".join(site + CALLBACK_PATH for site in sites),
            "WebLogoutUrls": ",".join(site + path for site in sites for path in LOGOUT_PATHS),
            "LinkCallbackUrls": ",".join(callbacks),
        }
        return {name: value for name, value in values.items() if value}


def complete(given: Mapping[str, str], previous: Mapping[str, str], stack: str) -> dict[str, str]:
    """All parameters: given, else the previous value, else chosen here. Raises PoolError."""
    chosen = {"PoolName": stack, "SmsExternalId": str(uuid.uuid4())}
    values = {**chosen, **previous, **given}
    for name, how in MISSING.items():
        if not values.get(name):
            raise PoolError(how)
    return values


MISSING = {
    "DomainPrefix": (
        "missing --domain-prefix: choose the first label of the sign-in domain, unique in the "
        "region, for example --domain-prefix my-facts-4711"
    ),
    "VendorId": (
        "missing --vendor-id (or ALEXA_VENDOR_ID): it begins with M and stands in the Alexa "
        "developer console under Settings, My IDs"
    ),
    "WebCallbackUrls": (
        "missing --public-url (or PUBLIC_URL): the website's address, for example "
        "https://facts.example.com"
    ),
}


def _prefix(value: str) -> str:
    if not PREFIX.fullmatch(value):
        raise PoolError(
            f"--domain-prefix {value}: use 1 to 63 of a-z, 0-9 and -, with no - at either end"
        )
    for word in RESERVED:
        if word in value:
            raise PoolError(f"--domain-prefix {value}: Cognito reserves the word {word!r}")
    return value


def _vendor(value: str) -> str:
    if not VENDOR_ID.fullmatch(value):
        raise PoolError(
            f"--vendor-id {value}: a vendor id is M and capital letters or digits (not a skill id)"
        )
    return value


def _site(url: str) -> str:
    url = _callback(url).rstrip("/")
    if urlsplit(url).path or urlsplit(url).query:
        raise PoolError(f"--public-url {url}: give scheme and host only, like https://example.com")
    return url


def _callback(url: str) -> str:
    parts = urlsplit(url)
    secure = parts.scheme == "https" and parts.hostname
    local = parts.scheme == "http" and parts.hostname == "localhost"
    if not (secure or local) or parts.fragment or "," in url or re.search(r"\s", url):
        raise PoolError(f"{url}: Cognito accepts https addresses, and http only for localhost")
    return url
