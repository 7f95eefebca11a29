"""Public pages that are built once and kept for a while: whoever asks often costs next to nothing.

They lie compressed in the cache; who has them already is told so (304) before anything is read. A
cache that is down makes them slow, and no more.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_vary_headers

from accounts import forgiving_cache
from accounts.rate_limit import limited

KEPT = timedelta(minutes=5)
RATE = {"rate": 120, "per": 60}  # of one client: feed readers and search engines never get there

type View = Callable[..., HttpResponse]

_building = threading.Lock()  # where many ask for what is not kept yet, one thread builds it
_GZIP = re.compile(r"\bgzip\b")


@dataclass(frozen=True, slots=True)
class _Page:
    compressed: bytes
    headers: dict[str, str]
    etag: str

    def answer(self, request: HttpRequest) -> HttpResponse:
        if found := get_conditional_response(request, etag=self.etag):
            answer = HttpResponse(status=found.status_code, headers=self.headers)
            del answer["Content-Type"]
        elif _GZIP.search(request.headers.get("Accept-Encoding", "")):
            answer = HttpResponse(self.compressed, headers=self.headers)
            answer["Content-Encoding"] = "gzip"
        else:
            answer = HttpResponse(gzip.decompress(self.compressed), headers=self.headers)
        answer["ETag"] = self.etag
        patch_vary_headers(answer, ("Accept-Encoding",))
        return answer


def kept(*, by_language: bool) -> Callable[[View], View]:
    """Build the view's page once in a while: one for its arguments, the day and the language.

    The view must say the same to everybody: it may read these, and no more. `by_language`: where
    no argument names a language, it is that of the request. What is not found is not kept, so that
    made-up numbers fill no cache.
    """

    def decorator(view: View) -> View:
        @limited(f"kept-{view.__name__}", **RATE)
        @wraps(view)
        def wrapper(request: HttpRequest, **arguments: Any) -> HttpResponse:
            asked = by_language and not arguments.get("language")
            said = [translation.get_language() if asked else "", *arguments.values()]
            name = f"page:{view.__module__}.{view.__name__}:{timezone.now():%Y-%m-%d}"
            key = ":".join([name, *map(str, said)])
            page: _Page | None = forgiving_cache.found(key)
            if page:
                return page.answer(request)
            with _building:
                page = forgiving_cache.found(key)
                if page:
                    return page.answer(request)
                response = view(request, **arguments)
                if response.status_code != 200:
                    return response
                page = _compressed(response)
                forgiving_cache.keep(key, page, seconds=KEPT.total_seconds())
            return page.answer(request)

        return wrapper

    return decorator


def _compressed(response: HttpResponse) -> _Page:
    body = response.content
    # weak: it stands for the page, compressed or not
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _Page(gzip.compress(body, mtime=0), dict(response.headers), etag)
