"""Alexa's side of a request: signed posts, and chains that are wrong in one way each."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.http import HttpResponse
from django.test import Client
from prometheus_client import REGISTRY

from skill_endpoint.simulator import pki
from skill_endpoint.simulator.envelopes import Envelope
from skill_endpoint.simulator.pki import ECHO_API, Issuer, Signer
from skill_endpoint.verification import RequestRejected, verify

DAY = timedelta(days=1)
Post = Callable[..., HttpResponse]

GOOD_CHAINS = ("several_names", "upper_case_name", "root_left_out")
OTHER_SIGNATURE = base64.b64encode(b"\x01" * 256).decode()

# what stands where text belongs; `...`: nothing
NOT_TEXT: list[Any] = [..., None, "", 7, True, [], {}, ["x"]]
# where the members of an envelope stand that decide
TYPE = ("request", "type")
REQUEST_ID = ("request", "requestId")
SYSTEM = ("context", "System")
SKILL = (*SYSTEM, "application", "applicationId")
USER = (*SYSTEM, "user", "userId")


def encoded(envelope: Envelope) -> bytes:
    return json.dumps(envelope, ensure_ascii=False).encode()


def post_signed(
    client: Client,
    envelope: Envelope | bytes,
    *,
    signer: Signer,
    sent: bytes | None = None,
    chain: str = "chain",
    headers: Mapping[str, str | None] | None = None,
    **extra: Any,
) -> HttpResponse:
    """POST /alexa/ as Alexa does.

    `sent` are the bytes to send where they differ from what was signed; `headers` replace those
    of Alexa, None leaves one out; `extra` goes to the client.
    """
    signed = envelope if isinstance(envelope, bytes) else encoded(envelope)
    given = {**signer.headers_for(signed, chain), **(headers or {})}
    kept = {name: value for name, value in given.items() if value is not None}
    content_type = kept.pop("Content-Type", "")
    response = client.post(
        "/alexa/",
        signed if sent is None else sent,
        content_type=content_type,
        headers=kept,
        **extra,
    )
    assert isinstance(response, HttpResponse)
    return response


def signed(signer: Signer, body: bytes, **headers: str | None) -> dict[str, str]:
    """Alexa's headers for this body, with some replaced, or left out where None."""
    given = {**signer.headers_for(body), **headers}
    return {name: value for name, value in given.items() if value is not None}


def reason_of(headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> str:
    """Why the verifier refuses this request; fails where it takes it."""
    with pytest.raises(RequestRejected) as rejected:
        verify(headers, body, now=now)
    return rejected.value.reason


def change(envelope: Envelope, path: tuple[str, ...], value: Any) -> None:
    """Set one member of an envelope; `...` takes it out."""
    for name in path[:-1]:
        envelope = envelope[name]
    if value is ...:
        del envelope[path[-1]]
    else:
        envelope[path[-1]] = value


def rejected(reason: str) -> float:
    """How often the view has counted a refusal for this reason."""
    return REGISTRY.get_sample_value("alexa_requests_rejected_total", {"reason": reason}) or 0


def turns(request_type: str) -> float:
    return counted(type=request_type)


def counted(**labels: str) -> float:
    """Verified requests that were counted with these labels, whatever the others are."""
    return sum(
        sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == "alexa_turns_total"
        and all(sample.labels[name] == value for name, value in labels.items())
    )


def is_refused(response: HttpResponse, status: int = 400) -> bool:
    """With an empty body: a caller learns nothing of the reason."""
    return (response.status_code, response.content) == (status, b"")


class EcSigner(Signer):
    """Signs with ECDSA, as a caller with such a leaf would."""

    def sign(self, body: bytes) -> str:
        key: Any = self.key
        return base64.b64encode(key.sign(body, ec.ECDSA(hashes.SHA256()))).decode()


def chain_variants(root: Issuer) -> dict[str, Signer]:
    """Chains by file name: each differs from a good one in what its name says.

    All but GOOD_CHAINS must be refused.
    """
    now = datetime.now(UTC)
    intermediate = pki.new_intermediate(root)
    above = (root.certificate,)
    key = pki.new_key()

    def leaf(issuer: Issuer = intermediate, **changes: Any) -> Signer:
        return pki.new_leaf(issuer, **{"above": above, "key": key, **changes})

    good = leaf()
    under_leaf = Issuer(good.chain[0], good.key)
    stranger = pki.new_root("Another Root")
    under_stranger = pki.new_intermediate(stranger)
    ended = pki.new_intermediate(root, begin=now - 400 * DAY, life=399 * DAY)
    # a CA with the root's name and another key: found by name, wrong by signature
    impostor = pki.new_intermediate(Issuer(root.certificate, pki.new_key()))
    ec_leaf = leaf(key=ec.generate_private_key(ec.SECP256R1()))
    alone = pki.make_certificate(ECHO_API, key, None, dns_names=[ECHO_API])
    by_sha1 = _signed_with_sha1(good.chain[0], intermediate)
    return {
        "several_names": leaf(dns_names=["example.org", ECHO_API]),
        "upper_case_name": leaf(dns_names=[ECHO_API.upper()]),
        "root_left_out": leaf(above=()),
        "expired": leaf(begin=now - 400 * DAY, life=399 * DAY),
        "not_yet_valid": leaf(begin=now + DAY),
        "wrong_name": leaf(dns_names=[f"{ECHO_API}.evil.example"]),
        "subdomain": leaf(dns_names=[f"a.{ECHO_API}"]),
        "wildcard": leaf(dns_names=["*.amazon.com"]),
        "common_name_only": leaf(dns_names=None),
        "without_key_usage": leaf(usages=()),
        "client_usage_only": leaf(usages=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
        "any_usage": leaf(usages=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        "small_key": leaf(key=pki.new_key(1024)),
        "elliptic_key": EcSigner(ec_leaf.chain, ec_leaf.key),
        "sha1_leaf": Signer((by_sha1, *good.chain[1:]), key),
        "small_intermediate_key": leaf(pki.new_intermediate(root, key=pki.new_key(1024))),
        "no_intermediate": Signer(good.chain[:1], key),
        "wrong_order": Signer(good.chain[::-1], key),
        "expired_intermediate": leaf(ended),
        "impostor": leaf(impostor),
        "leaf_as_ca": leaf(under_leaf, above=good.chain),
        "self_signed": Signer((alone,), key),
        "other_root": leaf(under_stranger, above=(stranger.certificate,)),
    }


def _signed_with_sha1(certificate: x509.Certificate, issuer: Issuer) -> x509.Certificate:
    """The certificate with a true SHA-1 signature, which the library no longer makes.

    RFC 8017, 9.2: DigestInfo behind 0x01 and padding; sha1WithRSAEncryption is ...1.1.5 where
    sha256WithRSAEncryption is ...1.1.11.
    """
    sha256_rsa, sha1_rsa = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
    to_be_signed = certificate.tbs_certificate_bytes.replace(sha256_rsa, sha1_rsa, 1)
    info = bytes.fromhex("3021300906052b0e03021a05000414")
    info += hashlib.sha1(to_be_signed, usedforsecurity=False).digest()
    numbers = issuer.key.private_numbers()
    size = issuer.key.key_size // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    signature = pow(int.from_bytes(padded), numbers.d, numbers.public_numbers.n).to_bytes(size)
    der = certificate.public_bytes(serialization.Encoding.DER)
    der = der.replace(certificate.tbs_certificate_bytes, to_be_signed)
    der = der.replace(sha256_rsa, sha1_rsa).replace(certificate.signature, signature)
    return x509.load_der_x509_certificate(der)
