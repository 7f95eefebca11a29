"""Addresses as the template writes them: database and cache are asked who they are."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings

from companion.local import environment, services
from companion.local.supervisor import Supervisor
from tests.deploy_aws.test_environment import plain
from tests.real_services import need

SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
ASK_DATABASE = """
from django.db import connection
connection.ensure_connection()
print("encrypted" if connection.connection.pgconn.ssl_in_use else "in clear")
"""
ASK_CACHE = """
from django.core.cache import cache
from accounts.shared_redis import shared_redis
cache.set("asked", "by Django")
shared_redis().set("asked too", "by us")
print(cache.get("asked"))
"""


@dataclass(frozen=True)
class Authority:
    """A root certificate, and what it signed for localhost."""

    root: Path
    certificate: bytes
    key: bytes


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Redis that speak TLS; what the site is told of them."""

    told: dict[str, str]
    authority: Authority
    stranger: Authority


def make_authority(folder: Path, name: str) -> Authority:
    now = datetime.now(UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        """With what Python looks at since 3.13."""
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(signer, critical=False)
        )

    root = (
        builder(issuer, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(SIGNS_CERTIFICATES, critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        builder(x509.Name([]), key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(root.public_bytes(Encoding.PEM))
    return Authority(
        path,
        leaf.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    need("PostgreSQL")
    need("Redis")
    state = tmp_path_factory.mktemp("encrypted")
    authority, stranger = (make_authority(state, name) for name in ("authority", "stranger"))
    with Supervisor(state / "logs") as supervisor:
        url = urlsplit(services.postgresql(supervisor, state, is_durable=False))
        switch_encryption_on(url.geturl(), authority)
        password, port = secrets.token_hex(16), environment.free_port()
        start_redis(supervisor, state, authority, password, port)
        line, _ = plain("SiteTask")["DATABASE_URL"]["Fn::Sub"]
        database = str(line).replace("${Host}:5432/doors", f"localhost:{url.port}{url.path}")
        assert "sslmode=verify-full" in database
        told = {
            "DATABASE_URL": database,
            "DATABASE_PASSWORD": str(url.password),
            "CACHE_URL": f"rediss://localhost:{port}/0",
            "CACHE_PASSWORD": password,
        }
        yield Servers(told, authority, stranger)


def switch_encryption_on(url: str, authority: Authority) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        folder = Path(row[0])
        for name, content in (("server.crt", authority.certificate), ("server.key", authority.key)):
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
            shutil.chown(folder / name, folder.stat().st_uid, folder.stat().st_gid)
        connection.execute("ALTER SYSTEM SET ssl = on")
        connection.execute("SELECT pg_reload_conf()")


def start_redis(
    supervisor: Supervisor, state: Path, authority: Authority, password: str, port: int
) -> None:
    (state / "redis.crt").write_bytes(authority.certificate)
    (state / "redis.key").write_bytes(authority.key)
    (state / "redis.conf").write_text(
        f"bind 127.0.0.1\nport 0\ntls-port {port}\ntls-auth-clients no\nrequirepass {password}\n"
        f"tls-cert-file {state / 'redis.crt'}\ntls-key-file {state / 'redis.key'}\n"
        f'tls-ca-cert-file {authority.root}\nsave ""\nappendonly no\n',
        encoding="utf-8",
    )
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    assert program is not None
    process = supervisor.start(
        "redis", [program, str(state / "redis.conf")], environment.bare(state)
    )
    for _ in range(200):
        process.check()
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return


def asked(question: str, servers: Servers, trusts: Authority, home: Path) -> tuple[str, str]:
    """What the site says with these settings, and what it complains of."""
    told = {name: servers.told[name] for name in servers.told}
    told["DATABASE_URL"] = told["DATABASE_URL"].replace(
        "/usr/local/share/rds.pem", str(trusts.root)
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", question],
        cwd=settings.BASE_DIR,
        env=environment.bare(home)
        | {"DOORS_NO_DOTENV": "1", "PATH": os.environ["PATH"]}
        | {"SSL_CERT_FILE": str(trusts.root), "SSL_CERT_DIR": str(home)}  # the system's roots
        | told,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout.strip(), done.stderr


def test_the_database_is_spoken_to_encrypted(servers: Servers, tmp_path: Path) -> None:
    said, complaint = asked(ASK_DATABASE, servers, servers.authority, tmp_path)
    assert said == "encrypted", complaint


def test_a_database_that_somebody_else_plays_gets_no_password(
    servers: Servers, tmp_path: Path
) -> None:
    said, complaint = asked(ASK_DATABASE, servers, servers.stranger, tmp_path)
    assert said == ""
    assert "certificate verify failed" in complaint


def test_the_cache_is_spoken_to_encrypted(servers: Servers, tmp_path: Path) -> None:
    said, complaint = asked(ASK_CACHE, servers, servers.authority, tmp_path)
    assert said == "by Django", complaint


def test_a_cache_that_somebody_else_plays_gets_no_password(
    servers: Servers, tmp_path: Path
) -> None:
    said, complaint = asked(ASK_CACHE, servers, servers.stranger, tmp_path)
    assert said == ""
    assert "CERTIFICATE_VERIFY_FAILED" in complaint
