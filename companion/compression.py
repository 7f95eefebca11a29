"""Pages leave compressed; static files are compressed when they are collected, by WhiteNoise.

Compression can betray a secret that stands in a page next to what somebody else chose (BREACH).
Here the one secret in a page, the CSRF token, is masked anew in each answer; other sites cannot
make a browser fetch signed-in pages in the background, for the session cookie is SameSite=Lax; and
Django blurs the size with up to a hundred random bytes. What the voice door says is never
compressed, nor are downloads.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED = ("text/html", "application/xml", "application/atom+xml")


class CompressedPagesMiddleware(GZipMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith(COMPRESSED):
            return super().process_response(request, response)
        return response
