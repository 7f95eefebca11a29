"""At most so many requests from one client address, whatever the address of the page.

Limits of single pages (accounts/rate_limit.py) are smaller and stand at their views. This one is
for all that has none, what is added tomorrow included. It stands before sessions and the database:
a request that is refused here has cost one question to the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.rate_limit import is_client_over, refused
from companion.views.errors import too_many_requests
from companion.views.health import has_metrics_token

PER = 60  # seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests of one client in PER seconds; `scope` names the count."""

    scope: str
    rate: int


# Carriers put hundreds of people behind one address. Somebody who reads fast asks for 20 pages a
# minute and sends 5 forms: these are 60 such people at once, a fifth of what one processor answers.
READING = Limit("reading", 1200)
SENDING = Limit("sending", 300)
# Prometheus comes four times a minute. It counts apart, so that no flood of pages hides one.
# Who has its token is never counted: nobody's guesses lock it out.
PROBES = {"/metrics": Limit("metrics", 120)}
# A search costs the most of what anybody may ask for, and the box asks with each pause in typing.
SEARCHING = Limit("searching", 240)
# `/oauth/token` is called by Alexa for everybody, and has a limit of its own where it is there. So
# have `/readyz` and the voice door, which are not even behind this; `/healthz` costs less than to
# count it.
UNCOUNTED = frozenset({"/oauth/token"})
_READS = frozenset({"GET", "HEAD"})


def limit_of(request: HttpRequest) -> Limit | None:
    """None for what is not counted here."""
    if request.path_info in UNCOUNTED and request.method == "POST" and settings.OAUTH_TRACE:
        return None
    if probe := PROBES.get(request.path_info):
        return None if has_metrics_token(request) else probe
    if request.method not in _READS:
        return SENDING
    return SEARCHING if request.GET.get("q") else READING


class AddressLimitMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        limit = limit_of(request)
        if limit and is_client_over(limit.scope, request, rate=limit.rate, per=PER):
            return refused(request, lambda wait: too_many_requests(request, wait), per=PER)
        return self.get_response(request)
