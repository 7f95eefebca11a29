"""A development PKI shaped like Alexa's: root, intermediate, leaf with Alexa's name, and a signer.

A local installation verifies signatures as production does, and trusts this root beside the
public ones (skill_endpoint/certificates.py). Only settings that a deployment refuses switch it on.

    root.pem        what the verifier trusts          root-key.pem   signs a new leaf when one ends
    chain.pem       leaf, intermediate, root          key.pem        signs requests
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ECHO_API = "echo-api.amazon.com"
CHAIN_URL = "https://s3.amazonaws.com/echo.api/{name}.pem"
LEAF_LIFE = timedelta(days=300)
CA_LIFE = timedelta(days=3650)
RENEW_BEFORE_END = timedelta(days=7)

_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Issuer:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass(frozen=True)
class Signer:
    """A chain as the certificate host publishes it (leaf first), and the leaf's key."""

    chain: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey

    def chain_pem(self) -> bytes:
        return pem(*self.chain)

    def sign(self, body: bytes) -> str:
        """The value of the Signature-256 header: base64 of RSA PKCS#1 v1.5 with SHA-256."""
        return base64.b64encode(self.key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()

    def headers_for(self, body: bytes, name: str = "chain") -> dict[str, str]:
        """The headers that Alexa sends with these bytes; the chain is in the file NAME.pem."""
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Signature-256": self.sign(body),
            "SignatureCertChainUrl": CHAIN_URL.format(name=name),
        }


def ensure_pki(folder: Path) -> None:
    """Make the four files, or what is missing, broken or ends within 7 days. Keys are mode 0600.

    The root is kept as long as it is good, so that a running verifier still trusts it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    root = kept_root(folder)
    if root is None:
        root = new_root("Development Root")
        _write(folder / "root-key.pem", _private_pem(root.key))
        _write(folder / "root.pem", pem(root.certificate))
    elif _leaf_is_good(folder, root):
        return
    signer = new_leaf(new_intermediate(root), above=(root.certificate,))
    _write(folder / "key.pem", _private_pem(signer.key))
    _write(folder / "chain.pem", signer.chain_pem())


def kept_root(folder: Path) -> Issuer | None:
    """The root of a folder, where both its files are good and the certificate lasts."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        root = Issuer(certificate, _read_key(folder / "root-key.pem"))
    except (OSError, ValueError):
        return None
    pair = root.key.public_key() == certificate.public_key()
    return root if pair and _lasts(certificate) else None


def load(folder: Path) -> Signer:
    """The signer of a folder that ensure_pki made. Raises OSError or ValueError."""
    chain = x509.load_pem_x509_certificates((folder / "chain.pem").read_bytes())
    return Signer(tuple(chain), _read_key(folder / "key.pem"))


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(_PEM) for certificate in certificates)


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def new_root(common_name: str) -> Issuer:
    key = new_key()
    return Issuer(make_certificate(common_name, key, None, life=CA_LIFE, ca=True), key)


def new_intermediate(
    root: Issuer, *, key: rsa.RSAPrivateKey | None = None, **changes: Any
) -> Issuer:
    key = key or new_key()
    options = {"life": CA_LIFE - timedelta(days=2), "ca": True, **changes}
    return Issuer(make_certificate("Development Server CA", key, root, **options), key)


def new_leaf(
    issuer: Issuer,
    *,
    above: tuple[x509.Certificate, ...] = (),
    key: rsa.RSAPrivateKey | None = None,
    **changes: Any,
) -> Signer:
    """A leaf for Alexa's name under `issuer`, whose certificate follows it in the chain.

    `above` are the certificates after that one; `changes` go to make_certificate.
    """
    key = key or new_key()
    options = {"dns_names": [ECHO_API], **changes}
    certificate = make_certificate(ECHO_API, key, issuer, **options)
    return Signer((certificate, issuer.certificate, *above), key)


def make_certificate(
    subject: str,
    key: Any,
    issuer: Issuer | None,
    *,
    begin: datetime | None = None,
    life: timedelta = LEAF_LIFE,
    ca: bool = False,
    dns_names: list[str] | None = None,
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.SERVER_AUTH,),
    algorithm: Any = None,
) -> x509.Certificate:
    """Sign a certificate for `key`; without an issuer it is self-signed.

    `usages` are the extended key usages of a leaf, left out where empty; `algorithm` is the hash
    of the signature, SHA-256 where None. Validity begins yesterday: clocks differ.
    """
    begin = begin or datetime.now(UTC) - timedelta(days=1)
    issuer_key = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer.certificate.subject if issuer else _name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + life)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(_key_usage(ca=ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if usages and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if dns_names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, algorithm or hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=not ca,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _leaf_is_good(folder: Path, root: Issuer) -> bool:
    try:
        signer = load(folder)
        leaf, intermediate, above = signer.chain
        leaf.verify_directly_issued_by(intermediate)
        intermediate.verify_directly_issued_by(root.certificate)
    except Exception:  # noqa: BLE001 - whatever is wrong with the files, they are made again
        return False
    pair = signer.key.public_key() == leaf.public_key()
    return pair and above == root.certificate and _lasts(leaf) and _lasts(intermediate)


def _lasts(certificate: x509.Certificate) -> bool:
    now = datetime.now(UTC)
    return (
        certificate.not_valid_before_utc <= now
        and certificate.not_valid_after_utc > now + RENEW_BEFORE_END
    )


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path.name}: not an RSA key")  # noqa: TRY004 - bad data, not a bad call
    path.chmod(0o600)
    return key


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others: a reader may run at the same time."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    mode = 0o600 if path.name.endswith("key.pem") else 0o644
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    beside.replace(path)
