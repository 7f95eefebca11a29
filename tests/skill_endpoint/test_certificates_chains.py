from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from skill_endpoint import certificates
from skill_endpoint.certificates import (
    CertificateRejected,
    checked_chain,
    load_roots,
)
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.pki import Issuer, Signer


def test_amazons_root_is_among_the_public_ones() -> None:
    names = {root.subject.rfc4514_string() for root in certificates.PUBLIC_ROOTS}
    assert "CN=Amazon Root CA 1,O=Amazon,C=US" in names


def test_a_root_that_cannot_be_read_does_not_take_the_others_away(
    development_root: Issuer,
) -> None:
    good = pki.pem(development_root.certificate)
    broken = good.replace(b"MII", b"AAA", 1)
    assert load_roots(broken + b"text between\n" + good) == (development_root.certificate,)


def test_a_root_of_a_version_that_there_is_not_does_not_take_the_others_away(
    development_root: Issuer,
) -> None:
    good = development_root.certificate.public_bytes(serialization.Encoding.DER)
    assert good.count(b"\xa0\x03\x02\x01\x02") == 1  # version 3 (RFC 5280, 4.1)
    other = ssl.DER_cert_to_PEM_cert(good.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x0a"))
    assert len(load_roots(other.encode() + pki.pem(development_root.certificate))) == 1


def test_a_root_that_the_library_warns_about_is_skipped_in_silence(
    development_root: Issuer,
) -> None:
    """certifi has some with a serial number that is not positive."""
    der = development_root.certificate.public_bytes(serialization.Encoding.DER)
    number = development_root.certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1)
    negative = der.replace(serial, bytes([0x80 | serial[0] & 0x3F]) + serial[1:], 1)
    odd = ssl.DER_cert_to_PEM_cert(negative).encode()
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with pytest.warns(CryptographyDeprecationWarning):
            x509.load_pem_x509_certificate(odd)
        assert len(load_roots(odd + pki.pem(development_root.certificate))) == 1
    assert shown == []


def check(signer: Signer, root: Issuer, now: datetime | None = None) -> certificates.SigningKey:
    return checked_chain(signer.chain_pem(), now or datetime.now(UTC), [root.certificate])


def test_a_key_is_valid_while_every_certificate_of_its_chain_is(
    development_root: Issuer,
) -> None:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    intermediate = pki.new_intermediate(development_root, begin=begin, life=timedelta(days=9))
    signer = pki.new_leaf(intermediate, begin=begin - timedelta(days=5))
    key = check(signer, development_root)
    root_begin = development_root.certificate.not_valid_before_utc
    assert key.valid_from == max(begin, root_begin)
    assert key.valid_until == begin + timedelta(days=9)
    assert key.is_valid(key.valid_until)
    assert not key.is_valid(key.valid_until + timedelta(seconds=1))
    assert not key.is_valid(key.valid_from - timedelta(seconds=1))


def test_the_moment_counts_and_not_how_it_is_written(
    chains: dict[str, Signer], development_root: Issuer
) -> None:
    signer = chains["several_names"]
    end = signer.chain[0].not_valid_after_utc - timedelta(hours=1)
    for offset in (-11, 0, 14):
        moment = end.astimezone(timezone(timedelta(hours=offset)))
        assert check(signer, development_root, moment).is_valid(moment)
        with pytest.raises(CertificateRejected):
            check(signer, development_root, moment + timedelta(hours=2))


def test_without_the_development_root_its_chain_is_worth_nothing(
    chains: dict[str, Signer],
) -> None:
    """The root in the file itself is no reason to trust it."""
    with pytest.raises(CertificateRejected):
        checked_chain(chains["several_names"].chain_pem(), datetime.now(UTC))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not found</html>",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n\xff\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----",
    ],
)
def test_a_file_that_is_no_chain_is_refused(content: bytes, development_root: Issuer) -> None:
    with pytest.raises(CertificateRejected) as rejected:
        checked_chain(content, datetime.now(UTC), [development_root.certificate])
    assert rejected.value.reason == "certificate"


@hypothesis_settings(max_examples=100, deadline=None, database=None)
@given(content=st.binary(max_size=300), cut=st.integers(0, 3000))
def test_whatever_is_served_is_a_chain_or_refused(content: bytes, cut: int) -> None:
    for served in (content, GOOD[:cut] + content, GOOD[:cut] + content + GOOD[cut:]):
        with pytest.raises(CertificateRejected):
            checked_chain(served, datetime.now(UTC))


GOOD = pki.new_leaf(pki.new_intermediate(pki.new_root("A Root"))).chain_pem()
