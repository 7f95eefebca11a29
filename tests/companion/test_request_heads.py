"""What the main loop makes of the first bytes of a request."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from companion.request_heads import Doors, Kind, client_of

BODY = b" HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
NO_BODY = b" HTTP/1.1\r\nHost: a\r\n\r\n"
TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"POST /alexa/" + BODY, Kind.VOICE),
        (b"POST /alexa/?a=b" + BODY, Kind.VOICE),
        (b"POST /alexa/" + BODY + b"POST /alexa/", Kind.VOICE),  # another one begins behind it
        (b"POST /alexa/" + BODY[:-1], Kind.LONG),
        (b"POST /alexa/" + NO_BODY, Kind.VOICE),
        (b"POST /alexa/x" + BODY, Kind.PAGE),
        (b"POST /alexa" + BODY, Kind.PAGE),
        (b"GET /alexa/" + NO_BODY, Kind.PAGE),
        (b"POST /facts/?/alexa/" + BODY, Kind.PAGE),
        (b"POST /alexa/" + BODY.replace(b"Host", b"Transfer-Encoding: chunked\r\nHost"), Kind.LONG),
        (b"POST /alexa/ HTTP/1.1\r\n", Kind.LONG),
        (b"GET /healthz" + NO_BODY, Kind.PROBE),
        (b"HEAD /readyz" + NO_BODY, Kind.PROBE),
        (b"GET /readyz?a=b" + NO_BODY, Kind.PROBE),
        (b"GET /readyz" + BODY, Kind.PROBE),
        (b"GET /readyz/" + NO_BODY, Kind.PAGE),
        (b"POST /readyz" + BODY, Kind.PAGE),
        (b"GET /healthz HTTP/1.1\r\n", Kind.LONG),
        (b"GET /" + NO_BODY, Kind.PAGE),
        (b"", Kind.LONG),
        (b"GET /" + BODY[:-1], Kind.LONG),
        (b"GET /" + BODY.replace(b": 2", b": 0000000002"), Kind.PAGE),
        (b"GET /" + BODY.replace(b": 2", b": 0000000003"), Kind.LONG),
        (b"GET /" + BODY.replace(b": 2", b": " + b"0" * 30 + b"2"), Kind.LONG),
        (b"GET /" + BODY.replace(b": 2", b":+2"), Kind.LONG),
        (b"GET / HTTP/1.1\r\nHost: a\n\n", Kind.LONG),
        # nobody but the parser knows whether these are the last chunk
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n0\r\n\r\n", Kind.LONG),
    ],
)
def test_a_request_is_of_a_kind(data: bytes, kind: Kind) -> None:
    assert Doors().kind(data) is kind


def test_below_a_prefix_the_doors_are_below_it() -> None:
    doors = Doors("/a.b")
    assert doors.kind(b"POST /a.b/alexa/" + BODY) is Kind.VOICE
    assert doors.kind(b"GET /a.b/readyz" + NO_BODY) is Kind.PROBE
    assert doors.kind(b"POST /alexa/" + BODY) is Kind.PAGE
    assert doors.kind(b"POST /aXb/alexa/" + BODY) is Kind.PAGE


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("203.0.113.7", b"", "203.0.113.7"),
        ("203.0.113.7", b"X-Forwarded-For: 192.0.2.1\r\n", "203.0.113.7"),  # not trusted
        ("::ffff:203.0.113.7", b"", "203.0.113.7"),
        ("2001:db8:1:2::3", b"", "20010db800010002/64"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1"),
        ("::ffff:10.0.0.1", b"x-forwarded-for:192.0.2.1\r\n", "192.0.2.1"),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n", "192.0.2.2"),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.2, 10.0.0.9, fd00::1\r\n", "192.0.2.2"),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "192.0.2.2"),
        ("10.0.0.1", b"X-Forwarded-For: 192.0.2.2, nobody\r\n", "10.0.0.1"),
        ("10.0.0.1", b"X-Forwarded-For: \xff\r\n", "10.0.0.1"),
        ("10.0.0.1", b"\r\nX-Forwarded-For: 192.0.2.2\r\n", "10.0.0.1"),  # of the body
        ("", b"X-Forwarded-For: 192.0.2.2\r\n", ""),
    ],
)
def test_a_request_is_somebodys(peer: str, said: bytes, client: str) -> None:
    data = b"GET / HTTP/1.1\r\nHost: a\r\n" + said + b"\r\n"
    assert client_of(peer, data, TRUSTED) == client
