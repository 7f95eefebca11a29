"""Load balancers ask each server by its address, which no list of allowed hosts knows beforehand.

What they ask for is answered before the host is looked at: nothing in it depends on that.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from companion.views.health import healthz, readyz


class ProbesMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.views = {reverse("healthz"): healthz, reverse("readyz"): readyz}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info, self.get_response)
        return view(request)
