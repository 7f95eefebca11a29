"""All checks, in the order of the report: importing this package registers them."""

from __future__ import annotations

# isort: off
from companion.doctor.checks import (  # noqa: F401 - each registers its checks
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
from companion.doctor.registry import CHECKS

ALL = tuple(CHECKS.values())
