"""deploy/nginx.conf in a real nginx: what it passes on, what it refuses, what it writes down."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from companion.local.environment import BASE_DIR, free_port
from skill_endpoint.simulator import pki

SITE = "facts.example.com"
LEAKED = "codeThatMustRestNowhere"
CONFIGURATION = (BASE_DIR / "deploy" / "nginx.conf").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="nginx is not installed: apt-get install nginx-light"
)


@dataclass
class Server:
    """What stands behind the front, and the requests that it was given."""

    port: int
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Front:
    https: int
    http: int
    root: Path
    logs: Path
    server: Server

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """Over TLS, by the name of the site, from this machine."""
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _Named())
            return session.request(
                method,
                f"https://127.0.0.1:{self.https}{path}",
                verify=str(self.root),
                allow_redirects=False,
                timeout=10,
                **options,  # type: ignore[arg-type]
            )

    def written(self, wanted: str) -> str:
        """Both logs, once `wanted` is in them: nginx writes after it has answered."""
        for _ in range(200):
            text = "".join(path.read_text() for path in sorted(self.logs.glob("*.log")))
            if wanted in text:
                return text
            time.sleep(0.05)
        raise AssertionError(f"not in any log: {wanted}")


class _Named(requests.adapters.HTTPAdapter):
    """Connects to an address and means the site: its name in TLS and in the Host header."""

    def send(self, request: requests.PreparedRequest, *args: object, **kwargs: object):  # type: ignore[no-untyped-def]
        request.headers["Host"] = SITE
        self.poolmanager.connection_pool_kw |= {"server_hostname": SITE, "assert_hostname": SITE}
        return super().send(request, *args, **kwargs)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_seen: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server_seen.seen.append((self.path, headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: the test looks at what nginx writes."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the root, and a certificate of the site under it."""
    folder = tmp_path_factory.mktemp("tls")
    authority, key = pki.new_root("Test Root"), pki.new_key()
    leaf = pki.make_certificate(SITE, key, authority, dns_names=[SITE])
    (folder / "root.pem").write_bytes(pki.pem(authority.certificate))
    (folder / "fullchain.pem").write_bytes(pki.pem(leaf))
    (folder / "privkey.pem").write_bytes(pki._private_pem(key))
    return folder


def settings(folder: Path, tls: Path, https: int, http: int, upstream: int) -> Path:
    """The file as it is, with ports, folders and the server's address of this test."""
    (folder / "logs").mkdir()
    site = CONFIGURATION
    for wanted, found in (
        (rf"listen 127.0.0.1:{https} ", r"listen 443 "),
        (rf"listen 127.0.0.1:{http} ", r"listen 80 "),
        ("", r" *listen \[::\].*\n"),
        (f"{tls}/", r"/etc/two-doors/tls/"),
        (f"{folder}/logs/", r"/var/log/nginx/"),
        (f"{folder}/acme", r"/var/www/two-doors-acme"),
        (f"127.0.0.1:{upstream} ", r"127\.0\.0\.1:8000 "),
        ("client_body_timeout 1s", r"client_body_timeout 10s"),
    ):
        site, count = re.subn(found, wanted, site)
        assert count, found
    (folder / "site.conf").write_text(site)
    whole = folder / "nginx.conf"
    whole.write_text(
        f"daemon off; user root; pid {folder}/pid;\nevents {{}}\nhttp {{\n"
        + "".join(
            f"{name}_temp_path {folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # as in Debian's file
        + f"access_log {folder}/logs/access.log;\nerror_log {folder}/logs/error.log;\n"
        + f"include {folder}/site.conf;\n}}\n"
    )
    return whole


@pytest.fixture
def front(tmp_path: Path, root: Path) -> Iterator[Front]:
    server = Server(free_port())
    handler = type("Handler", (_Handler,), {"server_seen": server})
    behind = ThreadingHTTPServer(("127.0.0.1", server.port), handler)
    thread = threading.Thread(target=behind.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    https, http = free_port(), free_port()
    whole = settings(tmp_path, root, https, http, server.port)
    tmp_path.chmod(0o755)
    nginx = subprocess.Popen(["nginx", "-e", "stderr", "-c", str(whole)], stderr=subprocess.PIPE)
    try:
        _await(lambda: socket.create_connection(("127.0.0.1", https), 1).close(), nginx)
        yield Front(https, http, root / "root.pem", tmp_path / "logs", server)
    finally:
        nginx.terminate()
        nginx.communicate(timeout=20)
        behind.shutdown()
        behind.server_close()
        thread.join()


def _await(connect: Callable[[], None], nginx: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            connect()
        except OSError:
            assert nginx.poll() is None, nginx.stderr.read() if nginx.stderr else ""
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not listen")


def test_the_server_hears_who_the_client_is_and_not_what_it_claims(front: Front) -> None:
    claimed = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "Proxy": "x"}
    claimed |= {"Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "http"}

    answer = front.ask("GET", "/today/", headers=claimed)

    _, headers, _ = front.server.seen[-1]
    assert answer.status_code == 200
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["host"] == SITE
    assert not {"x-forwarded-host", "forwarded", "proxy"} & set(headers)


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_counters_and_readiness_are_not_for_strangers(front: Front, path: str) -> None:
    assert front.ask("GET", path).status_code == 404
    assert front.server.seen == []


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/alexa/", 128 * 1024, 200),
        ("/alexa/", 128 * 1024 + 1, 413),
        ("/me/preferences/", 256 * 1024 + 1, 413),
        ("/admin/facts/fact/import/", 5_000_000, 200),
    ],
)
def test_a_body_is_as_large_as_its_address_needs(
    front: Front, path: str, size: int, status: int
) -> None:
    assert front.ask("POST", path, data=b"x" * size).status_code == status


@pytest.mark.parametrize(
    "path",
    ["/accounts/cognito/login/callback/", "/oauth/callback", "/alexa-link/return/", "/today/"],
)
def test_no_code_or_state_reaches_a_log(front: Front, path: str) -> None:
    address = f"{path}?code={LEAKED}&state={LEAKED}"
    headers = {"Referer": f"https://{SITE}{address}"}
    front.ask("GET", address, headers=headers)

    assert LEAKED not in front.written(path)


@pytest.mark.parametrize(
    "path", ["/accounts/cognito/login/callback/", "/oauth/callback", "/alexa-link/return/", "/me/"]
)
def test_no_code_and_no_address_reaches_a_log_while_no_server_answers(
    tmp_path: Path, root: Path, path: str
) -> None:
    """nginx would write the whole line of such a request, with its query, and who asked."""
    https = free_port()
    whole = settings(tmp_path, root, https, free_port(), free_port())
    nginx = subprocess.Popen(["nginx", "-e", "stderr", "-c", str(whole)], stderr=subprocess.PIPE)
    try:
        _await(lambda: socket.create_connection(("127.0.0.1", https), 1).close(), nginx)
        front = Front(https, 0, root / "root.pem", tmp_path / "logs", Server(0))
        answer = front.ask("GET", f"{path}?code={LEAKED}")
        front.ask("GET", "/today/")
        written = front.written('"GET /today/ HTTP/1.1" 503')
    finally:
        nginx.terminate()
        nginx.communicate(timeout=20)

    assert LEAKED not in written
    assert "127.0.0.1" not in written
    assert re.search(rf'"GET {path} HTTP/1.1" 503 \d+ [\d.]+ 502 ', written)  # why
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_no_address_of_anybody_reaches_a_log(front: Front) -> None:
    """Of who talks, who is refused, who knows no name and who speaks no TLS: the privacy page."""
    front.ask("GET", "/today/")
    front.ask("POST", "/alexa/", data=b"x" * 200_000)
    with contextlib.suppress(requests.ConnectionError):
        requests.get(f"https://127.0.0.1:{front.https}/", timeout=10)
    for host in ("evil.example", SITE):
        plain = requests.get(f"http://127.0.0.1:{front.https}/", headers={"Host": host}, timeout=10)
        assert plain.status_code == 400
    requests.get(f"http://127.0.0.1:{front.http}/", allow_redirects=False, timeout=10)

    written = front.written(" 308 ")
    assert "127.0.0.1" not in written
    assert re.search(r'^127\.0\.0\.0/24 \[\S+\] "GET /today/ HTTP/1.1" 200 ', written, re.MULTILINE)
    assert '"POST /alexa/ HTTP/1.1" 413 ' in written


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.217", "203.0.113.0/24"),
        ("2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3::/48"),
        ("2001:db8:85a3::7348", "2001:db8:85a3::/48"),
        ("2001:db8::7348", "2001:db8::/48"),
        ("2001::7348", "2001::/48"),
        ("::1", "-"),
        ("::ffff:203.0.113.217", "-"),
    ],
)
def test_the_log_has_the_network_alone(tmp_path: Path, address: str, network: str) -> None:
    """The map of nginx.conf, asked about an address that a test cannot have."""
    found = re.search(
        r"^map \$remote_addr (\$\w+) (\{.*?^\})", CONFIGURATION, re.MULTILINE | re.DOTALL
    )
    assert found
    port = free_port()
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; user root; pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"map $http_x_address {found[1]} {found[2]}\n"
        f"server {{ listen 127.0.0.1:{port}; return 200 {found[1]}; }}\n}}\n"
    )
    nginx = subprocess.Popen(
        ["nginx", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.PIPE
    )
    try:
        _await(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), nginx)
        answer = requests.get(
            f"http://127.0.0.1:{port}/", headers={"X-Address": address}, timeout=10
        )
    finally:
        nginx.terminate()
        nginx.communicate(timeout=20)

    assert answer.text == network


def test_the_authority_finds_its_proof_on_port_80(front: Front, tmp_path: Path) -> None:
    """What certbot's --webroot puts there, so that a renewal needs no port of its own."""
    folder = tmp_path / "acme" / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token").write_text("token.thumbprint")
    address = f"http://127.0.0.1:{front.http}/.well-known/acme-challenge/"

    found = requests.get(f"{address}token", headers={"Host": SITE}, timeout=10)
    missing = requests.get(f"{address}other", headers={"Host": SITE}, timeout=10)

    assert (found.status_code, found.text) == (200, "token.thumbprint")
    assert missing.status_code == 404


def test_plain_http_leads_to_https(front: Front) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{front.http}/today/?a=b", allow_redirects=False, timeout=10
    )

    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{SITE}/today/?a=b"


def test_a_stranger_name_ends_in_the_handshake(front: Front) -> None:
    """No other name ever reaches the site, and who scans addresses learns none."""
    context = ssl._create_unverified_context()  # noqa: S323 - it must fail before any trust
    with (
        socket.create_connection(("127.0.0.1", front.https), 10) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="evil.example")


@pytest.mark.parametrize("line", ["Host: evil.example", "Host: nginx", "X-None: x"])
def test_a_request_for_another_name_than_its_handshake_learns_nothing(
    front: Front, line: str
) -> None:
    context = ssl.create_default_context(cafile=str(front.root))
    with (
        socket.create_connection(("127.0.0.1", front.https), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=SITE) as secure,
    ):
        secure.sendall(f"GET /x?code={LEAKED} HTTP/1.0\r\n{line}\r\n\r\n".encode())
        answer = b""
        while part := secure.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 421 ")
    assert b"1.2" not in answer.partition(b"\r\n\r\n")[2]  # its version
    assert front.server.seen == []
    for log in front.logs.rglob("*"):
        assert LEAKED not in log.read_text(errors="replace")


@pytest.mark.parametrize(
    ("version", "works"),
    [
        ("TLSv1_1", False),
        ("TLSv1_2", True),
        ("TLSv1_3", True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_old_tls_is_refused(front: Front, version: str, works: bool) -> None:
    context = ssl.create_default_context(cafile=str(front.root))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(("127.0.0.1", front.https), 10) as plain:
        if not works:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(plain, server_hostname=SITE)
            return
        with context.wrap_socket(plain, server_hostname=SITE) as secure:
            assert secure.version() == version.replace("_", ".").removesuffix(".0")


def test_half_a_body_holds_no_thread_of_the_server(front: Front) -> None:
    """The server hears of a request when all of it is there."""
    context = ssl.create_default_context(cafile=str(front.root))
    with (
        socket.create_connection(("127.0.0.1", front.https), 10) as plain,
        context.wrap_socket(plain, server_hostname=SITE) as secure,
    ):
        head = f"POST /alexa/ HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: 100\r\n\r\nhalf"
        secure.sendall(head.encode())
        answer = secure.recv(1024)  # nginx gives up, after the second that this test allows

    assert answer == b"" or b" 408 " in answer.split(b"\r\n")[0]
    assert front.server.seen == []
