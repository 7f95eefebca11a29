"""A fixed-window rate limit over the cache, and the client address that it counts by."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts import metrics
from accounts.shared_redis import shared_redis

View = Callable[..., HttpResponse]
log = structlog.get_logger(__name__)
_NETWORK_BITS = {4: 24, 6: 48}
# A home or a phone has a /64 of IPv6 addresses for itself, and who rents a server often a /48 of
# 65,536 of those: all of it together gets what so many homes get.
_HOME, _SITE, _HOMES_OF_A_SITE = 64, 48, 16


def client_address(request: HttpRequest) -> str:
    """Who sent this: the peer, or what TRUSTED_PROXIES say of it in X-Forwarded-For.

    Read from the right: each trusted proxy vouches for the address before it, and the first
    address that is not a trusted proxy is the client. What stands left of it is hearsay.
    """
    address = request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104 - no address, not a bind
    if not settings.TRUSTED_PROXIES:
        return str(address)
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    while hops and is_trusted_proxy(address):
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


def is_trusted_proxy(address: str) -> bool:
    """Whether TRUSTED_PROXIES holds it: what such a peer says of a request is believed."""
    return _is_of(address, tuple(settings.TRUSTED_PROXIES))


@lru_cache(1024)  # asked several times for each request, of few addresses
def _is_of(address: str, networks: tuple[str, ...]) -> bool:
    if not _is_address(address):
        return False
    ip = ipaddress.ip_address(address)
    # a server that listens on [::] calls 10.0.0.1 ::ffff:10.0.0.1
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in ipaddress.ip_network(network, strict=False) for network in networks)


@lru_cache(4096)
def buckets(address: str) -> tuple[tuple[str, int], ...]:
    """Whom a request from this address is counted for, and how many times a rate they have.

    `203.0.113.7` -> itself; `2001:db8:1:2::3` -> its /64, then its /48.
    """
    if ":" not in address:
        return ((address, 1),)
    ip = ipaddress.ip_address(address)
    if mapped := getattr(ip, "ipv4_mapped", None):
        return ((str(mapped), 1),)
    whole = int(ip)
    return tuple(
        (f"{whole >> (128 - bits):x}/{bits}", times)
        for bits, times in ((_HOME, 1), (_SITE, _HOMES_OF_A_SITE))
    )


def is_over(scope: str, who: str, *, rate: int, per: int) -> bool:
    """Count one more of `who`; True where that is more than `rate` in this window of `per` seconds.

    A cache that is down limits nobody: the limit protects the service, it does not guard it.
    """
    if not settings.RATE_LIMITS:
        return False
    key = _key(scope, who, per)
    if _told(partial(_count, key, per + 1)) <= rate:
        return False
    if rate:  # without one it was only counted
        metrics.rate_limit_refusals.labels(scope).inc()
    return True


def is_client_over(scope: str, request: HttpRequest, *, rate: int, per: int) -> bool:
    """Count one more request of its client; True where that is too many.

    What one home is refused does not count for its neighbors in the same /48.
    """
    return any(
        is_over(scope, who, rate=rate * times, per=per)
        for who, times in buckets(client_address(request))
    )


def has_used_up(scope: str, address: str, *, rate: int, per: int) -> bool:
    """Whether `note_against` has noted `rate` or more for this address in this window."""
    if not settings.RATE_LIMITS:
        return False
    if not any(
        _told(partial(_counted, _key(scope, who, per))) >= rate * times
        for who, times in buckets(address)
    ):
        return False
    metrics.rate_limit_refusals.labels(scope).inc()
    return True


def note_against(scope: str, address: str, *, per: int) -> None:
    """One more that an address should not have sent."""
    for who, _times in buckets(address):
        is_over(scope, who, rate=0, per=per)


def seconds_left(per: int) -> int:
    """Until a window of `per` seconds ends: what a 429 says in Retry-After, from 1 to `per`."""
    return per - int(time.time() % per)


def _key(scope: str, who: str, per: int) -> str:
    return f"rate:{scope}:{who}:{int(time.time() // per)}"


def _told(ask: Callable[[], int]) -> int:
    """The number that the cache says; none where it does not answer."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - each cache backend has errors of its own
        metrics.shared_cache_failures.labels("rate_limit").inc()
        log.warning("rate_limit_cache_failed", error=type(error).__name__)
        return 0


def _counted(key: str) -> int:
    if (client := shared_redis()) is not None:
        # the client's types are those of its asynchronous twin, too
        found: Any = client.get(key)
        return int(found or 0)
    return int(cache.get(key, 0))


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


def reads_pages(request: HttpRequest) -> bool:
    """Whether a person looks at the answer: a browser says that it takes pages, htmx what it is."""
    return (
        "text/html" in request.headers.get("Accept", "")
        or request.headers.get("HX-Request") == "true"
    )


def refused(request: HttpRequest, page: Callable[[int], HttpResponse], *, per: int) -> HttpResponse:
    """A 429 that says when to come back: `page` of the seconds for people, a line for programs."""
    wait = seconds_left(per)
    response: HttpResponse
    if reads_pages(request):
        response = page(wait)
    elif request.path.endswith(".json"):
        response = JsonResponse({"error": "Too many requests."})
    else:
        response = HttpResponse("Too many requests.\n", content_type="text/plain")
    response.status_code = 429
    response["Retry-After"] = str(wait)
    response["Cache-Control"] = "private, no-store"
    return response


def limited(scope: str, *, rate: int, per: int) -> Callable[[View], View]:
    """At most `rate` requests in `per` seconds from one client; then a 429."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_client_over(scope, request, rate=rate, per=per):
                return refused(
                    request,
                    lambda wait: render(request, "429.html", {"retry_after": wait}),
                    per=per,
                )
            return view(request, *args, **kwargs)

        return wrapper

    return decorator
