"""The address of Alexa's certificate chain, how it is fetched, and what makes a chain good.

Source: https://developer.amazon.com/en-US/docs/alexa/custom-skills/
host-a-custom-skill-as-a-web-service.html#manually-verify-request-sent-by-alexa
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import certifi
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store

from accounts.bounded import Unreadable, read
from accounts.metrics import Service, outbound

ECHO_API = "echo-api.amazon.com"
MAX_URL_LENGTH = 256
MAX_CHAIN_BYTES = 32 * 1024  # Amazon's has four certificates in about 6,000 bytes
MIN_RSA_BITS = 2048
TIMEOUT = (2, 2)  # seconds to connect, between two reads
DEADLINE = 4  # seconds for the whole fetch: Alexa waits 8 s in all

# Only characters that mean themselves: no escapes, backslashes, user, query or fragment, and no
# empty segment. ASCII matters: without it "ſ" counts as an "s" where case is ignored.
_URL = re.compile(
    r"(?i:https)://(?i:s3\.amazonaws\.com)(?::443)?(?P<path>(?:/[A-Za-z0-9._~-]+)+)", re.ASCII
)
_ONE_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

Reason = Literal["certificate_url", "certificate_fetch", "certificate_fetch_limit", "certificate"]


class CertificateRejected(Exception):
    """There is no key to trust. `reason` is for logs and metrics."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The leaf's key, and the time in which every certificate of its chain is valid."""

    key: RSAPublicKey
    valid_from: datetime
    valid_until: datetime

    def is_valid(self, now: datetime) -> bool:
        return self.valid_from <= now <= self.valid_until


def normalised(url: str) -> str:
    """The address to fetch, without dot segments and port, or CertificateRejected.

    Scheme and host may be in either case; the path, once normalised, begins with /echo.api/.
    """
    match = _URL.fullmatch(url) if len(url) <= MAX_URL_LENGTH else None
    if match is None:
        raise CertificateRejected("certificate_url")
    path: list[str] = []
    for segment in match["path"].split("/")[1:]:
        if segment == "..":
            if not path:
                raise CertificateRejected("certificate_url")
            path.pop()
        elif segment != ".":
            path.append(segment)
    if len(path) < 2 or path[0] != "echo.api":
        raise CertificateRejected("certificate_url")
    return "https://s3.amazonaws.com/" + "/".join(path)


def fetch_chain(url: str) -> bytes:
    """The PEM file at a normalised address. Raises CertificateRejected.

    A redirect is a refusal: the rule for the address would not hold for where it leads.
    """
    try:
        with (
            outbound(Service.CHAINS),
            requests.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as response,
        ):
            if response.status_code != requests.codes.ok:
                raise CertificateRejected("certificate_fetch")
            return read(response, limit=MAX_CHAIN_BYTES, seconds=DEADLINE)
    except (requests.RequestException, Unreadable, ValueError) as error:
        raise CertificateRejected("certificate_fetch") from error


def load_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file that can be read, each by itself.

    certifi has roots whose serial number is not positive; reading those warns, and a later
    cryptography refuses them: one such root must not take the others away.
    """
    roots = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for match in _ONE_PEM.finditer(pem):
            with contextlib.suppress(Exception):  # InvalidVersion, for one, is no ValueError
                roots.append(x509.load_pem_x509_certificate(match[0]))
    return tuple(roots)


# at import, and not on first use: catch_warnings() is not safe for threads
PUBLIC_ROOTS = load_roots(Path(certifi.where()).read_bytes())


def checked_chain(
    pem: bytes, now: datetime, more_roots: Iterable[x509.Certificate] = ()
) -> SigningKey:
    """The key of a chain, leaf first, that reaches a trusted root, or CertificateRejected.

    The library looks at validity, path, names (SAN only) and extensions, and takes no SHA-1 and
    no weak key of an issuer. Trust comes from the roots alone; what follows the leaf is a hint.
    """
    if len(pem) > MAX_CHAIN_BYTES:
        raise CertificateRejected("certificate")
    policy = PolicyBuilder().store(Store([*PUBLIC_ROOTS, *more_roots])).time(now)
    try:
        leaf, *others = x509.load_pem_x509_certificates(pem)
        chain = policy.build_server_verifier(x509.DNSName(ECHO_API)).verify(leaf, others)
        _check_leaf(leaf)
        key = leaf.public_key()
    except Exception as error:  # the parsers raise a dozen kinds, and none of them is a chain
        raise CertificateRejected("certificate") from error
    # the library is content with elliptic curves and with a weak key of the leaf itself
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_RSA_BITS:
        raise CertificateRejected("certificate")
    return SigningKey(
        key,
        valid_from=max(certificate.not_valid_before_utc for certificate in chain),
        valid_until=min(certificate.not_valid_after_utc for certificate in chain),
    )


def _check_leaf(leaf: x509.Certificate) -> None:
    """What TLS allows and Alexa's rule does not: a wildcard, and a leaf for any usage.

    Raises ValueError, or x509.ExtensionNotFound.
    """
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if ECHO_API not in {name.lower() for name in names.get_values_for_type(x509.DNSName)}:
        raise ValueError("the name itself is not in the leaf")
    # the library refuses usages without serverAuth, and takes a leaf that names none
    leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
