"""Who may use the developer pages: a browser or a tool on this machine, and no other site."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from accounts.rate_limit import client_address

View = Callable[..., HttpResponse]
HOSTS = {"localhost", "127.0.0.1"}
AT_ONCE = 3  # of the eight threads that deploy/gunicorn.conf.py gives the server
_places = threading.BoundedSemaphore(AT_ONCE)


class DeveloperRequest(HttpRequest):
    htmx: HtmxDetails


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in HOSTS


def loopback_only(view: View) -> View:
    """Refuse with 403 what another machine sent, or a page of another origin."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (_from_this_machine(request) and _called_locally(request)):
            raise PermissionDenied
        if not (_same_origin(request) and _own_or_followed(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def needs_development_keys(view: View) -> View:
    """404 where there is no development PKI to sign with: the feature is not configured."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.ALEXA_DEV_PKI_DIR or not settings.ALEXA_SKILL_IDS:
            raise Http404("ALEXA_DEV_PKI_DIR or ALEXA_SKILL_IDS is not set")
        return view(request, *args, **kwargs)

    return guarded


def few_at_once(view: View) -> View:
    """429 for more than AT_ONCE: each waits for another thread of this same server."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _places.acquire(blocking=False):
            text = "Too many turns at the same time. Try again in a second.\n"
            return HttpResponse(text, status=429, headers={"Retry-After": "1"})
        try:
            return view(request, *args, **kwargs)
        finally:
            _places.release()

    return guarded


def pki_folder() -> Path:
    return Path(settings.ALEXA_DEV_PKI_DIR)


def _from_this_machine(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(client_address(request)).is_loopback
    except ValueError:  # a server on a Unix socket has no peer address
        return False


def _called_locally(request: HttpRequest) -> bool:
    """A name that a page elsewhere made point at this machine (DNS rebinding) is refused here."""
    return urlsplit(f"//{request.get_host()}").hostname in HOSTS


def _same_origin(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    port = urlsplit(settings.PUBLIC_URL).port
    own = {settings.PUBLIC_URL, *(f"http://{host}:{port}" for host in HOSTS)}
    return origin is None or origin in own


def _own_or_followed(request: HttpRequest) -> bool:
    """Whether our own page asks, or the person goes from another site to ours as by a link.

    A page elsewhere needs no Origin for an image or a frame of ours. A tool and an old browser do
    not say who asks: https://www.w3.org/TR/fetch-metadata/
    """
    headers = request.headers
    if headers.get("Sec-Fetch-Site") not in {"cross-site", "same-site"}:  # a site has many ports
        return True
    return (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == (
        "navigate",
        "document",
    )
