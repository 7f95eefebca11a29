"""All targets, by what is asked: `make fuzz TARGET=name`."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    certificates,
    codec,
    documents,
    logs,
    oauth_trace,
    redaction,
    server,
    site,
    tokens,
    voice_door,
)

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (
        voice_door,
        certificates,
        tokens,
        codec,
        redaction,
        logs,
        oauth_trace,
        site,
        documents,
        server,
    )
    for target in module.TARGETS
}
