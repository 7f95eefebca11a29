"""A fixed-window rate limit over the cache, and the client address that it counts by."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.shared_redis import shared_redis

View = Callable[..., HttpResponse]
log = structlog.get_logger(__name__)
_NETWORK_BITS = {4: 24, 6: 48}


def client_address(request: HttpRequest) -> str:
    """Who sent this: the peer, or what TRUSTED_PROXIES say of it in X-Forwarded-For.

    Read from the right: each trusted proxy vouches for the address before it, and the first
    address that is not a trusted proxy is the client. What stands left of it is hearsay.
    """
    address = request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104 - no address, not a bind
    if not settings.TRUSTED_PROXIES:
        return str(address)
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    while hops and _is_trusted_proxy(address):
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def network_of(address: str) -> str:
    """The network that an address is in: `203.0.113.7` -> `203.0.113.0`; enough to know it by.

    ValueError for what is no address.
    """
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    network = ipaddress.ip_network((ip, _NETWORK_BITS[ip.version]), strict=False)
    return str(network.network_address)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted_proxy(address: str) -> bool:
    if not _is_address(address):
        return False
    ip = ipaddress.ip_address(address)
    # a server that listens on [::] calls 10.0.0.1 ::ffff:10.0.0.1
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(
        ip in ipaddress.ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES
    )


def is_over(scope: str, who: str, *, rate: int, per: int) -> bool:
    """Count one more of `who`; True where that is more than `rate` in this window of `per` seconds.

    A cache that is down limits nobody: the limit protects the service, it does not guard it.
    """
    if not settings.RATE_LIMITS:
        return False
    key = f"rate:{scope}:{who}:{int(time.time() // per)}"
    try:
        return _count(key, per + 1) > rate
    except Exception as error:  # noqa: BLE001 - each cache backend has errors of its own
        log.warning("rate_limit_cache_failed", error=type(error).__name__)
        return False


def _count(key: str, seconds: int) -> int:
    """One more, and how many that makes."""
    if (client := shared_redis()) is not None:
        with client.pipeline(transaction=False) as pipeline:
            pipeline.set(key, 0, nx=True, ex=seconds)
            pipeline.incr(key)
            return int(pipeline.execute()[1])
    try:
        return int(cache.incr(key))
    except ValueError:  # the first one
        return 1 if cache.add(key, 1, timeout=seconds) else int(cache.incr(key))


def limited(scope: str, *, rate: int, per: int) -> Callable[[View], View]:
    """At most `rate` requests in `per` seconds from one client address; then a 429 page."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_over(scope, client_address(request), rate=rate, per=per):
                response = render(request, "429.html", {"retry_after": per}, status=429)
                response["Retry-After"] = str(per)
                return response
            return view(request, *args, **kwargs)

        return wrapper

    return decorator
