from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import BadRequest
from django.core.wsgi import get_wsgi_application

from companion import serving

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companion.settings")
_django = get_wsgi_application()
if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
    # only where it is wanted: it takes half a second to load
    from companion import tracing

    tracing.start()
serving.begin()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Django, and a 400 for a Content-Type that it cannot even read.

    It reads that header before any middleware and outside its own error handling: what it raises
    there would be the server's 500, and the server logs the whole address, codes included.
    """
    try:
        return _django(environ, start_response)
    except BadRequest:
        start_response("400 Bad Request", [("Content-Type", "text/plain"), ("Content-Length", "0")])
        return [b""]
