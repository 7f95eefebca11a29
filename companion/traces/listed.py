"""The list as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from companion.traces.briefs import Brief
from skill_endpoint.facts.transfer_sheet import BOM, guarded

COLUMNS = (
    "reference",
    "started (UTC)",
    "result",
    "finding",
    "cause",
    "stage",
    "who",
    "client",
    "region",
    "language",
    "stages",
    "complete",
    "pinned",
)


def written(briefs: Iterable[Brief]) -> str:
    """UTF-8 with its mark; nothing in it is a formula. Who it was stays masked."""
    buffer = io.StringIO()
    buffer.write(BOM)
    table = csv.writer(buffer)
    table.writerow(COLUMNS)
    for brief in briefs:
        cells = (
            brief.reference,
            f"{brief.started_at:%Y-%m-%d %H:%M:%S}",
            brief.look.word,
            brief.finding,
            brief.cause,
            brief.stage,
            brief.who,
            brief.client_name,
            brief.region_name,
            brief.language,
            " ".join(f"{name}: {look.word};" for name, look in brief.dots),
            "yes" if brief.is_complete else "no",
            "yes" if brief.pinned else "no",
        )
        table.writerow(map(guarded, cells))
    return buffer.getvalue()
