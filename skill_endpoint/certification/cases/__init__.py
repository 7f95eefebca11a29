"""Every case, in the order of the report."""

from __future__ import annotations

from skill_endpoint.certification.case import Case
from skill_endpoint.certification.cases import (
    accepted,
    addresses,
    bodies,
    chains,
    signatures,
    skill_ids,
    times,
    transport,
)

CASES: tuple[Case, ...] = (
    *accepted.CASES,
    *signatures.CASES,
    *addresses.CASES,
    *chains.CASES,
    *times.CASES,
    *skill_ids.CASES,
    *bodies.CASES,
    *transport.CASES,
)
