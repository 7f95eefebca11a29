"""The address of a chain against a second reading of the rule; and chains that nobody issued."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric import ec

from skill_endpoint.certificates import (
    CertificateRejected,
    checked_chain,
    load_roots,
    normalised,
)
from skill_endpoint.simulator import pki
from tests.fuzz.fixed_keys import key
from tests.fuzz.stage import stage
from tests.fuzz.target import Target, check

PLAIN = frozenset(string.ascii_letters + string.digits + "._~-/")
HOSTS = ("s3.amazonaws.com", "s3.amazonaws.com:443")


def address(data: bytes) -> None:
    """Accepted exactly where the second reading accepts; what is fetched is what was looked at."""
    url = data.decode("utf-8", "replace")
    try:
        found = normalised(url)
    except CertificateRejected:
        found = ""
    check(found == _second_reading(url), "both readings of the rule agree", (url, found))
    if found:
        check(normalised(found) == found, "an address is normalised once", found)
        sent = requests.Request("GET", found).prepare().url
        check(sent == found, "nothing changes it on its way to the network", (found, sent))


def _second_reading(url: str) -> str:
    """The same rule by its parts, without a pattern; empty where it says no."""
    if len(url) > 256 or not url.isascii() or "://" not in url:
        return ""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if scheme.lower() != "https" or host.lower() not in HOSTS or not slash:
        return ""
    segments = path.split("/")
    if not set(path) <= PLAIN or "" in segments:
        return ""
    kept: list[str] = []
    for each in segments:
        if each == ".." and not kept:
            return ""
        if each == "..":
            del kept[-1]
        elif each != ".":
            kept.append(each)
    if kept[:1] != ["echo.api"] or len(kept) == 1:
        return ""
    made = f"https://s3.amazonaws.com/{'/'.join(kept)}"
    parts = urlsplit(made)
    check(parts.netloc == HOSTS[0] and parts.path.startswith("/echo.api/"), "it is what it says")
    return made


def chain(data: bytes) -> None:
    """Whatever is put together of certificates that can be had: a key only of a leaf of ours."""
    for root in load_roots(data):
        check(root.public_bytes(pki._PEM), "a root that was read can be written")
    try:
        found = checked_chain(data, datetime.now(UTC), [stage().root.certificate])
    except CertificateRejected as error:
        check(error.reason == "certificate", "one reason")
        return
    ours = stage().signer.key.public_key().public_numbers()
    check(found.key.public_numbers() == ours, "nobody else's key counts")
    check(found.valid_from < found.valid_until, "it is valid for a while")


def _chains() -> Iterator[bytes]:
    here, now, day = stage(), datetime.now(UTC), timedelta(days=1)
    other = key("another leaf")
    above = (here.root.certificate,)
    yield here.signer.chain_pem()
    yield pki.pem(*here.signer.chain[:2])
    yield pki.pem(*here.signer.chain[::-1])
    yield pki.pem(here.signer.chain[0])
    for change in (
        {"dns_names": ["example.org"]},
        {"dns_names": None},
        {"dns_names": ["*.amazon.com"]},
        {"usages": ()},
        {"begin": now - 400 * day, "life": 399 * day},
        {"begin": now + day},
    ):
        yield pki.new_leaf(here.intermediate, above=above, key=other, **change).chain_pem()
    yield pki.new_leaf(here.intermediate, key=key("small", 1024)).chain_pem()
    elliptic = ec.generate_private_key(ec.SECP256R1())
    yield pki.new_leaf(here.intermediate, key=elliptic).chain_pem()  # type: ignore[arg-type]
    stranger = pki.Issuer(here.root.certificate, other)
    yield pki.new_leaf(stranger, key=other).chain_pem()
    under_leaf = pki.Issuer(here.signer.chain[0], here.signer.key)
    yield pki.new_leaf(under_leaf, above=here.signer.chain, key=other).chain_pem()


def _addresses() -> Iterator[bytes]:
    yield b"https://s3.amazonaws.com/echo.api/echo-api-cert-12.pem"
    yield b"HTTPS://S3.AMAZONAWS.COM:443/echo.api/./x/../cert.pem"
    yield b"https://s3.amazonaws.com/echo.api/../echo.api/cert.pem"
    yield b"https://s3.amazonaws.com:563/echo.api/cert.pem"
    yield b"https://s3.amazonaws.com@evil.example/echo.api/cert.pem"
    yield b"https://s3.amazonaws.com/EcHo.aPi/cert.pem?x=y#z"
    yield b"http://s3.amazonaws.com//echo.api/%2e%2e/cert.pem"
    # each wrong in one way
    for path in (b"%2e%2e/x", b"/x", b"x?y", b"x#y", b"x y", b"x\\y", b"../x", b"x;y", b"x\n"):
        yield b"https://s3.amazonaws.com/echo.api/" + path
    yield "https://ſ3.amazonaws.com\\echo.api/ｃert.pem".encode()


TARGETS = [
    Target(
        name="chain_address",
        promise="the address of a chain is taken exactly where a second reading takes it",
        run=address,
        seeds=_addresses,
        words=(
            b"https://",
            b"s3.amazonaws.com",
            b":443",
            b"/echo.api/",
            b"/..",
            b"/.",
            b"%2e",
            b"@",
        ),
        longest=300,
        examples=400,
    ),
    Target(
        name="chain_file",
        promise="a chain that holds has the key that the authority vouched for",
        run=chain,
        seeds=_chains,
        words=(
            b"-----BEGIN CERTIFICATE-----\n",
            b"-----END CERTIFICATE-----\n",
            b"\n",
            b"MII",
            b"==",
        ),
        longest=16_384,
    ),
]
