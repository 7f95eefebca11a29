"""TLS of the site and of the domain, against servers with real certificates made here."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import override_settings

from companion.doctor import handshake, web
from companion.doctor.checks import certificates
from companion.doctor.handshake import Handshake
from companion.doctor.results import Result, State
from skill_endpoint.simulator.pki import Issuer, make_certificate, new_key, new_root, pem
from tests.companion.doctor.conftest import Stub, look, only

YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def root() -> Issuer:
    return new_root("Root of the Tests")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture
def trusted(root: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the root, as requests is told to."""
    path = tmp_path / "root.pem"
    path.write_bytes(pem(root.certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


@contextlib.contextmanager
def server(
    tmp_path: Path,
    issuer: Issuer | None,
    key: rsa.RSAPrivateKey,
    *,
    names: tuple[str, ...] = ("localhost",),
    begin: datetime | None = None,
    life: timedelta = YEAR,
    is_old: bool = False,
) -> Iterator[Stub]:
    certificate = make_certificate(
        "localhost", key, issuer, dns_names=list(names), begin=begin, life=life
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "server.pem"
    path.write_bytes(pem(certificate) + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    if is_old:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Stub(context).running() as stub:
        yield stub


def tls(url: str) -> list[Result]:
    """What the doctor says of it, but for the port, which is no test server's."""
    with override_settings(PUBLIC_URL=url):
        return [each for each in look("tls.site") if not each.title.endswith("port")]


@pytest.mark.usefixtures("trusted")
def test_a_good_certificate(root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    with server(tmp_path, root, key) as stub:
        result = only(tls(stub.url))
        everything = override_settings(PUBLIC_URL=stub.url)
        with everything:
            port = look("tls.site")[0]
    assert result.state is State.OK
    assert result.seen.startswith("TLSv1.3, valid until ")
    assert "Root of the Tests" in result.seen
    assert (port.state, port.seen) == (State.ERROR, f"port {stub.port}")


@pytest.mark.usefixtures("trusted")
def test_an_expired_one(root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    begin = datetime.now(UTC) - timedelta(days=10)
    with server(tmp_path, root, key, begin=begin, life=timedelta(days=9)) as stub:
        result = only(tls(stub.url))
    assert result.state is State.ERROR
    assert result.seen == f"expired on {begin + timedelta(days=9):%Y-%m-%d}"


@pytest.mark.usefixtures("trusted")
def test_one_that_ends_soon(root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    with server(tmp_path, root, key, life=timedelta(days=15)) as stub:
        result = only(tls(stub.url))
    assert result.state is State.WARNING
    assert result.seen.startswith("ends in 13 days")


@pytest.mark.usefixtures("trusted")
def test_one_for_another_host(root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    with server(tmp_path, root, key, names=("www.example.com",)) as stub:
        result = only(tls(stub.url))
    assert (result.state, result.seen) == (State.ERROR, "it is for www.example.com")
    assert result.wanted == "localhost"


@pytest.mark.usefixtures("trusted")
def test_a_self_signed_one(key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    with server(tmp_path, None, key) as stub:
        result = only(tls(stub.url))
    assert result.state is State.ERROR
    assert "self-signed" in result.seen


def test_one_of_an_authority_that_nobody_trusts(
    root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    with server(tmp_path, root, key) as stub:
        result = only(tls(stub.url))
        with pytest.raises(web.NoAnswer, match="TLS fails: unable to get local issuer"):
            web.ask("GET", stub.url)
    assert result.state is State.ERROR
    assert "issued by Root of the Tests" in result.seen
    assert "fullchain.pem" in result.mend


@pytest.mark.usefixtures("trusted")
def test_the_domain_is_looked_at_too(root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    with (
        server(tmp_path, root, key, names=("x.example",)) as stub,
        override_settings(COGNITO_DOMAIN_URL=stub.url),
    ):
        assert "it is for x.example" in [each.seen for each in look("tls.domain")]


def test_nothing_listens_there() -> None:
    result = only(tls("https://localhost:1"))
    assert result.state is State.ERROR
    assert "refused" in result.seen


def test_it_speaks_no_tls(stub: Stub) -> None:
    result = only(tls(f"https://localhost:{stub.port}"))
    assert result.state is State.ERROR
    assert "the TLS handshake fails" in result.seen


@pytest.mark.usefixtures("trusted")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_only_an_old_protocol(root: Issuer, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    with server(tmp_path, root, key, is_old=True) as stub:
        result = only(tls(stub.url))
    assert result.state is State.ERROR
    assert "the TLS handshake fails" in result.seen
    assert result.wanted == "TLS 1.2 or newer"


def test_it_takes_the_connection_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "CONNECT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = only(tls(f"https://localhost:{silent.getsockname()[1]}"))
    assert result.state is State.ERROR
    assert "no connection within" in result.seen


@pytest.mark.parametrize("setting", ["PUBLIC_URL", "COGNITO_DOMAIN_URL"])
def test_without_tls_there_is_nothing_to_look_at(setting: str) -> None:
    code = {"PUBLIC_URL": "tls.site", "COGNITO_DOMAIN_URL": "tls.domain"}[setting]
    with override_settings(**{setting: "http://localhost:8000"}):
        assert only(look(code)).state is State.SKIPPED


@pytest.mark.parametrize(
    ("name", "host", "matches"),
    [
        ("a.example", "A.example", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
        ("a*.example.com", "ab.example.com", False),
        ("127.0.0.1", "127.0.0.1", True),
    ],
)
def test_which_names_match(name: str, host: str, *, matches: bool) -> None:
    assert handshake._matches(name, host) is matches


def lets_encrypt() -> Handshake:
    return Handshake(
        version="TLSv1.3",
        problem="",
        issuer="Let's Encrypt",
        names=("a.example",),
        names_host=True,
        expires=datetime.now(UTC) + timedelta(days=80),
    )


def test_lets_encrypt_is_noted_where_people_link() -> None:
    def states(setting: str) -> list[State]:
        return [seen.state for seen in certificates.judged(lets_encrypt(), "a.example", setting)]

    assert states("COGNITO_DOMAIN_URL") == [State.OK, State.WARNING]
    assert states("PUBLIC_URL") == [State.OK]
    with override_settings(OAUTH_TRACE=True):
        assert states("PUBLIC_URL") == [State.OK, State.WARNING]
