"""Make a download step by step: each step reads a bounded number of rows and keeps its pieces.

The archive has `data.json` (one object a holding, grows with each step), `index.html`, and pages
of its own for what is long.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import capfirst

from accounts.data_export.archive import Member
from accounts.data_export.models import DataExport, DataExportPart
from accounts.data_export.pool_record import PoolSilent, pool_record
from accounts.models import User
from accounts.personal_data import Elsewhere, Holding, Reference, elsewhere, shown_holdings

ROWS_A_STEP = 2000
ROWS_A_PAGE = 500
ROWS_ON_THE_INDEX = 100  # of one holding; more get pages of their own
AT_ONCE = 5000  # rows that are made within the request that asks for them

log = structlog.get_logger(__name__)


@dataclass
class Position:
    """Where the next step goes on. Kept as JSON between two requests; no content."""

    counts: list[int]  # rows of each shown holding when it began
    holding: int = 0
    after: int | str | None = None  # primary key of the last row that is done
    pages: int = 0  # of this holding
    members: list[Member] = field(default_factory=lambda: [Member("data.json")])

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Position:
        members = [Member(**member) for member in kept["members"]]
        return cls(**{**kept, "members": members})


@dataclass(frozen=True)
class Cell:
    """One value as a page shows it."""

    kind: str  # text, moment, yes_no, list, link, empty
    value: object


def begin(user: User, counts: dict[Holding, int], language: str) -> DataExport:
    """The export that is being made, or a new one."""
    shown = [counts.get(holding, 0) for holding in shown_holdings()]
    position = asdict(Position(counts=shown))
    return DataExport.objects.begin(
        user, language=language, total_rows=sum(shown), position=position
    )


def take_step(export: DataExport, zone: ZoneInfo) -> None:
    """One step on, unless another request is at it. A step that fails ends the export."""
    claim = export.claim()
    if claim is None:
        export.refresh_from_db()
        return
    try:
        with translation.override(export.language), timezone.override(zone):
            _step(export, claim)
    except Exception as error:  # noqa: BLE001 - whatever it was, the person reads that it failed
        # without the traceback: its last line may quote a row
        log.error("data_export_failed", error=type(error).__name__)
        export.fail(claim)


def members_of(export: DataExport) -> list[Member]:
    return Position.of(export.position).members


def pieces_of(export: DataExport) -> Iterator[bytes]:
    """The pieces in the archive's order, a few at a time in memory."""
    for part in export.parts.order_by("file", "number").iterator(chunk_size=4):
        yield bytes(part.content)


def _step(export: DataExport, claim: datetime) -> None:
    position = Position.of(export.position)
    shown = shown_holdings()
    parts: list[DataExportPart] = []
    text, done = "", 0
    if export.steps == 0:
        text += _opening(export)
    while done < ROWS_A_STEP and position.holding < len(shown):
        holding = shown[position.holding]
        is_long = position.counts[position.holding] > ROWS_ON_THE_INDEX
        room = ROWS_A_STEP - done
        if is_long and not (room := room // ROWS_A_PAGE * ROWS_A_PAGE):
            break  # only whole pages
        rows = list(_rows(holding, export.user, position.after)[:room])
        text += _json_of(holding, rows, is_first=position.after is None, language=export.language)
        if is_long:
            parts += _pages(export, position, holding, rows)
        done += len(rows)
        if len(rows) < room:
            text += "\n]}"
            position.holding, position.after, position.pages = position.holding + 1, None, 0
        else:
            last = rows[-1].pk
            position.after = last if isinstance(last, int) else str(last)
    # rows come and go while it is made: it never says more than all
    changes: dict[str, Any] = {"done_rows": min(export.done_rows + done, export.total_rows)}
    is_over = position.holding == len(shown)
    if is_over:
        closing, parts_, has_record = _end(export, position)
        text += closing
        parts += parts_
        changes |= {
            "state": DataExport.State.READY,
            "finished_at": timezone.now(),
            "done_rows": export.total_rows,
            "has_pool_record": has_record,
        }
    parts.append(_piece(export, position, 0, text, last=is_over))
    export.advance(claim, parts, position=asdict(position), **changes)


def _rows(holding: Holding, user: User, after: int | str | None) -> QuerySet[Any]:
    rows = holding.prepare(holding.rows_of(user)).order_by("pk")
    return rows if after is None else rows.filter(pk__gt=after)


def _piece(
    export: DataExport, position: Position, file: int, text: str, *, last: bool
) -> DataExportPart:
    member = position.members[file]
    number = member.pieces
    content = member.pack(text, last=last)
    return DataExportPart(export=export, file=file, number=number, content=content)


def _file(export: DataExport, position: Position, name: str, text: str) -> DataExportPart:
    position.members.append(Member(name))
    return _piece(export, position, len(position.members) - 1, text, last=True)


# --- data.json -----------------------------------------------------------------------------------


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_as_text)


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _opening(export: DataExport) -> str:
    about = {
        "service": "Small Wonders",
        "address": settings.PUBLIC_URL,
        "asked_for": export.requested_at.isoformat(),
        "language": export.language,
    }
    return f'{{\n"about": {_json(about)}'


def _json_of(holding: Holding, rows: list[Any], *, is_first: bool, language: str) -> str:
    text = ""
    if is_first:
        head = {"what": holding.label, "why": holding.why, "kept": holding.kept}
        text = f',\n"{holding.name}": {_json(head)[:-1]}, "rows": ['
    lines = [_json(_plain_row(holding, row, language)) for row in rows]
    separator = "\n" if is_first else ",\n"
    return text + (separator + ",\n".join(lines) if lines else "")


def _plain_row(holding: Holding, row: Any, language: str) -> dict[str, object]:
    return {name: _plain(holding, row, name, language) for name in holding.export}


def _plain(holding: Holding, row: Any, name: str, language: str) -> object:
    if refer := holding.references.get(name):
        return refer(row, language).data
    value: object = getattr(row, name)
    return value


# --- pages ---------------------------------------------------------------------------------------


def _pages(
    export: DataExport, position: Position, holding: Holding, rows: list[Any]
) -> list[DataExportPart]:
    """Pages of what is long, ROWS_A_PAGE rows each; a step makes whole ones."""
    total = -(-position.counts[position.holding] // ROWS_A_PAGE)
    parts = []
    for start in range(0, len(rows), ROWS_A_PAGE):
        position.pages += 1
        context = {
            "holding": holding,
            "table": _table(holding, rows[start : start + ROWS_A_PAGE], export.language),
            "page": position.pages,
            "before": _page_name(holding, position.pages - 1) if position.pages > 1 else "",
            # a row that came while it was made may begin one more page
            "after": _page_name(holding, position.pages + 1) if position.pages < total else "",
            "total": max(total, position.pages),
        }
        text = _render("data_export/page.html", export, context)
        parts.append(_file(export, position, _page_name(holding, position.pages), text))
    return parts


def _page_name(holding: Holding, number: int) -> str:
    return f"{holding.name}-{number:03}.html"


def _end(export: DataExport, position: Position) -> tuple[str, list[DataExportPart], bool]:
    """The end of data.json, the index, and whether the pool answered."""
    record: dict[str, Any] | None
    try:
        record = pool_record(export.user.sub)
    except PoolSilent:
        record = None
    kept_elsewhere = [(place, _read(place, export.user)) for place in elsewhere() if place.read]
    closing = "".join(
        f",\n{_json(place.name)}: "
        + _json({"what": place.label, "why": place.why, "kept": place.kept, "rows": found})
        for place, found in kept_elsewhere
    )
    rows = [record] if record else []
    pool = {"error": "the user pool did not answer"} if record is None else {"rows": rows}
    closing += f',\n"user_pool": {_json(pool)}\n}}\n'
    context = {
        "sections": list(_sections(export, position)),
        "elsewhere": [(place, _plain_table(found)) for place, found in kept_elsewhere],
        "pool": _plain_table(rows),
        "pool_answered": record is not None,
    }
    text = _render("data_export/index.html", export, context)
    return closing, [_file(export, position, "index.html", text)], record is not None


def _read(place: Elsewhere, user: User) -> list[dict[str, Any]]:
    return place.read(user) if place.read else []


def _sections(export: DataExport, position: Position) -> Iterator[dict[str, object]]:
    """Of the index: short holdings whole, long ones as links to their pages."""
    names = [member.name for member in position.members]
    for holding, count in zip(shown_holdings(), position.counts, strict=True):
        if not count and holding.for_operators:
            continue
        is_long = count > ROWS_ON_THE_INDEX
        rows = [] if is_long else list(_rows(holding, export.user, None)[:ROWS_ON_THE_INDEX])
        yield {
            "holding": holding,
            "count": count if is_long else len(rows),
            "table": _table(holding, rows, export.language),
            "pages": [name for name in names if name.startswith(f"{holding.name}-")],
        }


def _table(holding: Holding, rows: list[Any], language: str) -> dict[str, object]:
    fields = {name: holding.model._meta.get_field(name) for name in holding.export}
    return {
        "headings": [
            capfirst(str(holding.headings.get(name) or getattr(field, "verbose_name", name)))
            for name, field in fields.items()
        ],
        "rows": [[_cell(holding, row, name, language) for name in holding.export] for row in rows],
    }


def _plain_table(rows: list[dict[str, Any]]) -> dict[str, object]:
    """Of what has no model: the names are those of data.json."""
    headings = list(rows[0]) if rows else []
    cells = [[_cell_of(row.get(name)) for name in headings] for row in rows]
    return {"headings": headings, "rows": cells}


def _cell(holding: Holding, row: Any, name: str, language: str) -> Cell:
    if refer := holding.references.get(name):
        return _cell_of(refer(row, language))
    if holding.model._meta.get_field(name).choices:  # type: ignore[union-attr]
        return _cell_of(getattr(row, f"get_{name}_display")())
    return _cell_of(getattr(row, name))


def _cell_of(value: object) -> Cell:
    if value is None or value == "" or value == []:
        return Cell("empty", "")
    if isinstance(value, Reference):
        return Cell("link", value)
    if isinstance(value, datetime):
        return Cell("moment", value)
    if isinstance(value, bool):
        return Cell("yes_no", value)
    if isinstance(value, list):
        return Cell("list", value)
    return Cell("text", value)


def _render(template: str, export: DataExport, context: dict[str, object]) -> str:
    return render_to_string(
        template,
        {
            **context,
            "export": export,
            "language": export.language,
            "is_rtl": translation.get_language_bidi(),
            "site": settings.PUBLIC_URL,
        },
    )
