from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from skill_endpoint import certificates
from skill_endpoint.certificates import (
    CertificateRejected,
    fetch_chain,
    normalised,
)

CERT = "https://s3.amazonaws.com/echo.api/cert"


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        (CERT, CERT),
        ("https://s3.amazonaws.com:443/echo.api/cert", CERT),
        ("https://s3.amazonaws.com/echo.api/../echo.api/cert", CERT),
        ("https://s3.amazonaws.com/echo.api/./x/../cert", CERT),
        ("https://s3.amazonaws.com/x/../echo.api/cert", CERT),
        ("HTTPS://S3.AmazonAWS.com/echo.api/cert", CERT),
        (
            "https://s3.amazonaws.com/echo.api/echo-api-cert-12.pem",
            "https://s3.amazonaws.com/echo.api/echo-api-cert-12.pem",
        ),
        (CERT[:-4] + "c" * 222, CERT[:-4] + "c" * 222),
        ("https://s3.amazonaws.com/echo.api/a/b_1~.pem", CERT[:-4] + "a/b_1~.pem"),
    ],
)
def test_it_takes_an_address_in_amazons_folder(url: str, fetched: str) -> None:
    assert normalised(url) == fetched


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cert",
        "/echo.api/cert",
        "//s3.amazonaws.com/echo.api/cert",
        "http://s3.amazonaws.com/echo.api/cert",
        "ftp://s3.amazonaws.com/echo.api/cert",
        "httpſ://s3.amazonaws.com/echo.api/cert",
        "https:/s3.amazonaws.com/echo.api/cert",
        "https:s3.amazonaws.com/echo.api/cert",
        "https://notamazon.com/echo.api/cert",
        "https://s3.amazonaws.com.evil.example/echo.api/cert",
        "https://evil.s3.amazonaws.com/echo.api/cert",
        "https://s3.amazonaws.com./echo.api/cert",
        "https://s3xamazonaws.com/echo.api/cert",
        "https://ſ3.amazonaws.com/echo.api/cert",
        "https://s3.amazonaws.com\\@evil.example/echo.api/cert",
        "https://evil.example\\s3.amazonaws.com/echo.api/cert",
        "https://evil.example@s3.amazonaws.com/echo.api/cert",
        "https://user:pass@s3.amazonaws.com/echo.api/cert",
        "https://s3.amazonaws.com:563/echo.api/cert",
        "https://s3.amazonaws.com:99999/echo.api/cert",
        "https://s3.amazonaws.com:/echo.api/cert",
        "https://s3.amazonaws.com:0443/echo.api/cert",
        "https://s3.amazonaws.com:443:443/echo.api/cert",
        "https://s3.amazonaws.com:٤٤٣/echo.api/cert",
        "https://s3.amazonaws.com:443@evil.example/echo.api/cert",
        "https://s3.amazonaws.com",
        "https://s3.amazonaws.com/",
        "https://s3.amazonaws.com/cert",
        "https://s3.amazonaws.com/ECHO.API/cert",
        "https://s3.amazonaws.com/Echo.api/cert",
        "https://s3.amazonaws.com/echo.apix/cert",
        "https://s3.amazonaws.com/echoXapi/cert",
        "https://s3.amazonaws.com/echo.api",
        "https://s3.amazonaws.com/echo.api/",
        "https://s3.amazonaws.com/echo.api/.",
        "https://s3.amazonaws.com/echo.api/cert/",
        "https://s3.amazonaws.com/echo.api/../cert",
        "https://s3.amazonaws.com/echo.api/x/../../cert",
        "https://s3.amazonaws.com/echo.api/cert/..",
        "https://s3.amazonaws.com/../echo.api/cert",
        "https://s3.amazonaws.com//echo.api/cert",
        "https://s3.amazonaws.com/echo.api//cert",
        "https://s3.amazonaws.com/x/echo.api/cert",
        "https://s3.amazonaws.com/echo.api/%2e%2e/cert",
        "https://s3.amazonaws.com/echo.api%2fcert",
        "https://s3.amazonaws.com/%65cho.api/cert",
        "https://s3.amazonaws.com/echo.api/..%2fcert",
        "https://s3.amazonaws.com/echo.api\\cert",
        "https://s3.amazonaws.com/echo.api/..\\evil/cert",
        "https://s3.amazonaws.com/echo.api/cert?x=1",
        "https://s3.amazonaws.com/echo.api/cert?",
        "https://s3.amazonaws.com/echo.api/cert#x",
        "https://s3.amazonaws.com/echo.api/cert;x",
        "https://s3.amazonaws.com/echo.api/cert\n",
        "\nhttps://s3.amazonaws.com/echo.api/cert",
        " https://s3.amazonaws.com/echo.api/cert",
        "https://s3.amazonaws.com/echo.api/ce rt",
        "https://s3.amazonaws.com/echo.api/ce\0rt",
        "https://s3.amazonaws.com/echo.api/ce\trt",
        "https://s3.amazonaws.com/echo.api/cert\r\nHost: evil.example",
        "https://s3.amazonaws.com/echo.api/größe",
        f"{CERT},{CERT}",
        "https://s3.amazonaws.com/echo.api/" + "c" * 223,
    ],
)
def test_it_refuses_every_other_address(url: str) -> None:
    with pytest.raises(CertificateRejected) as rejected:
        normalised(url)
    assert rejected.value.reason == "certificate_url"


PIECES = st.sampled_from(
    [
        *("https", "http", "://", "/", ":", "@", "s3.amazonaws.com", "evil.example", "s3"),
        *("echo.api", "ECHO.API", "cert", ".pem", "..", ".", "%2e", "%2f", "\\", "?", "#", ";"),
        *("443", ":443", "\n", "\t", "é", "ſ"),
    ]
)


@hypothesis_settings(max_examples=300, deadline=None, database=None)
@given(
    url=st.text(max_size=60)
    | st.lists(PIECES, max_size=12).map("".join)
    | st.lists(PIECES, max_size=8).map(lambda pieces: CERT + "".join(pieces))
)
def test_what_is_fetched_is_always_in_amazons_folder(url: str) -> None:
    try:
        fetched = normalised(url)
    except CertificateRejected:
        return
    parts = urlsplit(fetched)
    assert (parts.scheme, parts.netloc) == ("https", "s3.amazonaws.com")
    assert re.fullmatch(r"/echo\.api(/[A-Za-z0-9._~-]+)+", parts.path)
    assert not {".", ".."} & set(parts.path.split("/"))
    assert not parts.query
    assert not parts.fragment
    assert normalised(fetched) == fetched


class CertificateHost(BaseHTTPRequestHandler):
    """Answers as a certificate host might, by the last part of the path."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        name = self.path.rpartition("/")[2]
        status = {"absent": 404, "forbidden": 403, "redirect": 302, "broken": 500, "empty": 204}
        self.send_response(status.get(name, 200))
        if name == "redirect":
            self.send_header("Location", "good")
        if name in {"bomb", "not-gzip"}:
            self.send_header("Content-Encoding", "gzip")
        if name == "cut-off":
            self.send_header("Content-Length", "1000")
        self.end_headers()
        getattr(self, "write_" + name.replace("-", "_"), self.write_good)()

    def write_good(self) -> None:
        self.wfile.write(b"chain")

    def write_empty(self) -> None:
        pass

    def write_limit(self) -> None:
        self.wfile.write(b"c" * certificates.MAX_CHAIN_BYTES)

    def write_endless(self) -> None:
        self.wfile.write(b"c" * (certificates.MAX_CHAIN_BYTES + 1))

    def write_bomb(self) -> None:
        self.wfile.write(gzip.compress(b"c" * 10_000_000))

    def write_silent(self) -> None:
        time.sleep(1)

    def write_drip(self) -> None:
        try:
            for _ in range(40):
                self.wfile.write(b"c")
                time.sleep(0.05)
        except OSError:
            pass  # the reader has had enough

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), CertificateHost)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/echo.api"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("name", "length"), [("good", 5), ("limit", 32 * 1024)])
def test_it_fetches_a_chain(host: str, name: str, length: int) -> None:
    assert len(fetch_chain(f"{host}/{name}")) == length


@pytest.mark.parametrize(
    "name",
    [
        "absent",
        "forbidden",
        "redirect",
        "broken",
        "empty",
        "endless",
        "bomb",
        "not-gzip",
        "cut-off",
        "silent",
        "drip",
    ],
)
def test_it_gives_up_on_a_host_that_does_not_just_send_a_chain(
    host: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "TIMEOUT", (0.3, 0.3))
    monkeypatch.setattr(certificates, "DEADLINE", 0.5)
    CertificateHost.asked.clear()
    begin = time.monotonic()
    with pytest.raises(CertificateRejected) as rejected:
        fetch_chain(f"{host}/{name}")
    assert rejected.value.reason == "certificate_fetch"
    assert time.monotonic() - begin < 0.95
    assert CertificateHost.asked == [f"/echo.api/{name}"]


def test_a_host_that_is_down_is_a_refusal() -> None:
    with pytest.raises(CertificateRejected) as rejected:
        fetch_chain("http://127.0.0.1:1/echo.api/cert")
    assert rejected.value.reason == "certificate_fetch"


def test_a_fetch_cannot_hold_a_turn_for_longer_than_alexa_waits() -> None:
    """8 s in all: https://developer.amazon.com/en-US/docs/alexa/custom-skills/."""
    assert sum(certificates.TIMEOUT) + certificates.DEADLINE <= 8
