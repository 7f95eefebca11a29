"""One TLS handshake: what the server shows, and whether a client like Alexa would accept it."""

from __future__ import annotations

import fnmatch
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime

import certifi
import requests
from cryptography import x509
from cryptography.x509.oid import NameOID

from companion.doctor.web import CONNECT, NoAnswer


@dataclass(frozen=True, slots=True)
class Handshake:
    """`problem` is OpenSSL's word for a chain that it does not trust; empty where it does."""

    version: str
    problem: str
    issuer: str
    names: tuple[str, ...]
    names_host: bool
    expires: datetime


def look(host: str, port: int) -> Handshake:
    """Connect, with the roots that requests uses and TLS 1.2 as the least. Raises NoAnswer."""
    try:
        try:
            version, certificate = _shake(host, port, _context(verify=True))
            problem = ""
        except ssl.SSLCertVerificationError as refused:
            problem = refused.verify_message
            version, certificate = _shake(host, port, _context(verify=False))
        leaf = x509.load_der_x509_certificate(certificate)
        names = _names(leaf)
    except ssl.SSLError as error:
        reason = (error.reason or "unknown").replace("_", " ").lower()
        raise NoAnswer(f"the TLS handshake fails: {reason}") from error
    except TimeoutError as error:
        raise NoAnswer(f"no connection within {CONNECT:g} s") from error
    except socket.gaierror as error:
        raise NoAnswer("the host name is not known (DNS)") from error
    except ConnectionRefusedError as error:
        raise NoAnswer("the connection is refused: nothing listens there") from error
    except OSError as error:
        raise NoAnswer(f"no TLS connection ({type(error).__name__})") from error
    except ValueError as error:
        raise NoAnswer("the certificate cannot be read") from error
    return Handshake(
        version=version,
        problem=problem,
        issuer=_issuer(leaf),
        names=names,
        names_host=any(_matches(name, host) for name in names),
        expires=leaf.not_valid_after_utc,
    )


def _context(*, verify: bool) -> ssl.SSLContext:
    # REQUESTS_CA_BUNDLE, where the machine has roots of its own
    found = requests.Session().merge_environment_settings("", {}, None, None, None)["verify"]
    roots = found if isinstance(found, str) else certifi.where()
    context = ssl.create_default_context(cafile=roots)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:  # to read what was refused; nothing is sent over it
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _shake(host: str, port: int, context: ssl.SSLContext) -> tuple[str, bytes]:
    """(protocol version, the server's certificate in DER)."""
    with (
        socket.create_connection((host, port), timeout=CONNECT) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.version() or "", secure.getpeercert(binary_form=True) or b""


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = alternative.get_values_for_type(x509.IPAddress)
    return (*alternative.get_values_for_type(x509.DNSName), *map(str, addresses))


def _matches(name: str, host: str) -> bool:
    """RFC 6125: a star stands for one label, the first."""
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host)
    except ValueError:
        pass
    name, host = name.lower(), host.lower()
    return name == host or (
        name.startswith("*.")
        and name.count(".") == host.count(".")
        and fnmatch.fnmatchcase(host, name)
    )


def _issuer(leaf: x509.Certificate) -> str:
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if found := leaf.issuer.get_attributes_for_oid(kind):
            return str(found[0].value)
    return "somebody without a name"
