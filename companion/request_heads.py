"""What the server's main loop has to know of a request before a thread has read it.

Which kind it is, so that pages never stand before Alexa's requests, and whose it is, so that nobody
takes all threads for pages. Plain Python: companion/patient_threads.py asks for each request, and
also in front of something that is no Django.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from functools import lru_cache

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_HOPS = 16  # of X-Forwarded-For that are looked at, from the right
_HOME = 64  # bits of an IPv6 address that one client has, as in accounts/rate_limit.py

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_ANY_LENGTH = re.compile(rb"\r\ncontent-length", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_FORWARDED_FOR = re.compile(rb"\r\nx-forwarded-for:([^\r\n]*)", re.IGNORECASE)


class Kind(enum.StrEnum):
    """Each has threads of its own."""

    VOICE = "voice"  # Alexa's, and what pretends to be: refused soon where it is not signed
    PROBE = "probe"  # a load balancer's
    PAGE = "page"  # everything else that is all here
    LONG = "long"  # what a thread may have to wait for: uploads, and whoever pretends to send one


class Doors:
    """The addresses that go before pages, below `prefix` (SCRIPT_NAME, mostly empty)."""

    def __init__(self, prefix: str = "") -> None:
        base = re.escape(prefix.encode())
        self._voice = re.compile(rb"POST %s/alexa/[ ?]" % base)
        self._probe = re.compile(rb"(?:GET|HEAD) %s/(?:healthz|readyz)[ ?]" % base)

    def kind(self, data: bytes) -> Kind:
        """Of the request that `data` begins with."""
        if not is_whole(data):
            return Kind.LONG
        if self._voice.match(data):
            return Kind.VOICE
        return Kind.PROBE if self._probe.match(data) else Kind.PAGE


def is_whole(data: bytes) -> bool:
    """Whether all of the request is here beyond doubt, so that no thread waits for the rest of it.

    Where a body ends must be said in the plain way: of chunks only the parser knows which is last.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0 or CHUNKED.search(data, 0, end + 2):
        return False
    if length := LENGTH.search(data, 0, end + 2):
        return len(data) >= end + 4 + int(length[1])
    return not _ANY_LENGTH.search(data, 0, end + 2)


def client_of(peer: str, data: bytes, trusted: tuple[Network, ...]) -> str:
    """Who sent the request that `data` begins with; empty where the peer has no address.

    As accounts.rate_limit.client_address: what trusted proxies say, read from the right. An IPv6
    address is its home, the /64.
    """
    if trusted and _is_in(peer, trusted):
        end = data.find(b"\r\n\r\n")
        said = b",".join(_FORWARDED_FOR.findall(data, 0, max(0, end + 2)))
        for hop in reversed(said.decode("latin-1").split(",")[-MOST_HOPS:]):
            if not _home(hop.strip()):
                break
            peer = hop.strip()
            if not _is_in(peer, trusted):
                break
    return _home(peer)


@lru_cache(4096)
def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in network for network in networks)


@lru_cache(4096)
def _home(address: str) -> str:
    """`203.0.113.7` -> itself, `2001:db8::1` -> its /64; empty for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.version == 4:
        return str(ip)
    return f"{int(ip) >> (128 - _HOME):x}/{_HOME}"
