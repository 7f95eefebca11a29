"""All checks, in the order of the report: importing this package registers them."""

from __future__ import annotations

# isort: off
from companion.doctor.checks import (
    configuration,
    here,
    site,
    pool,
    clients,
    alexa_client,
    web_client,
    stack,
    documents,
    endpoints,
    certificates,
    linking,
)
# isort: on

__all__ = [
    "alexa_client",
    "certificates",
    "clients",
    "configuration",
    "documents",
    "endpoints",
    "here",
    "linking",
    "pool",
    "site",
    "stack",
    "web_client",
]
