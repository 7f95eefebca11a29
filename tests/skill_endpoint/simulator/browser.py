"""A test client at the site's public address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client


def at_home(**more: Any) -> Client:
    # by header: the client overwrites SERVER_PORT at each request
    return Client(headers={"host": urlsplit(settings.PUBLIC_URL).netloc}, **more)
