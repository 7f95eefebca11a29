"""Facts as a spreadsheet has them: CSV in UTF-8, a row a fact and language.

What comes back from an office is hostile or just broken: it is refused whole (Refused), or each
fault is named with its line and its own words.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from skill_endpoint.facts.content import ENGLISH, OPTIONS
from skill_endpoint.facts.models import Fact, FactText

ANSWERS = tuple(f"answer_{number}" for number in range(1, OPTIONS + 1))
TEXT_COLUMNS = ("headline", "speech", "more", "question", *ANSWERS)
SOURCE_COLUMNS = ("source_title", "source_publisher", "source_locator")
FACT_COLUMNS = ("topic", *SOURCE_COLUMNS, "checked_on", "child_safe", "published")
COLUMNS = (
    "topic",
    "slug",
    "language",
    *TEXT_COLUMNS,
    *SOURCE_COLUMNS,
    "checked_on",
    "child_safe",
    "published",
)
NEEDED = ("slug", "language")

MAX_BYTES = 5_000_000  # all there is in ten languages is a third of that
MAX_ROWS = 10_000
MAX_LINES = 5 * MAX_ROWS  # blank ones and those within a cell included
MAX_FAULTS = 100  # are named; nobody reads more

BOM = "\ufeff"  # without it Excel takes UTF-8 for something else
# what makes a formula of a cell, in the scripts that spreadsheets know it in
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
# control characters, without those that part words and lines
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_DELIMITERS = (",", ";", "\t")  # Excel writes what the office's language separates lists with


class Refused(Exception):
    """The file as a whole cannot be read; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    column: str  # empty where it is about the whole line
    words: str  # the file's own, cut short
    problem: str


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # in the file; a cell may hold several lines
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def written(facts: Iterable[Fact], language: str = "") -> Iterator[str]:
    """The lines of a file: all texts, or English and one language, with a row to fill if empty."""
    buffer = io.StringIO()
    table = csv.writer(buffer)
    buffer.write(BOM)
    table.writerow(COLUMNS)
    for fact in facts:
        texts = {text.language: text for text in fact.texts.all()}
        wanted = [ENGLISH, language] if language else sorted(texts, key=lambda x: (x != ENGLISH, x))
        for each in dict.fromkeys(wanted):
            table.writerow(map(guarded, _row(fact, each, texts.get(each))))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()  # of the header, where there is no fact


def _row(fact: Fact, language: str, text: FactText | None) -> list[str]:
    told = (
        ["", "", "", ""] if text is None else [text.headline, text.speech, text.more, text.question]
    )
    answers = [] if text is None else list(map(str, text.options))
    return [
        fact.topic.slug,
        fact.slug,
        language,
        *told,
        *(*answers, *[""] * OPTIONS)[:OPTIONS],
        *(getattr(fact, name) for name in SOURCE_COLUMNS),
        fact.checked_on.isoformat() if fact.checked_on else "",
        "yes" if fact.child_safe else "no",
        "yes" if fact.is_published else "no",
    ]


def guarded(cell: str) -> str:
    """With an apostrophe before what a spreadsheet would calculate, or run."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Refused(
            _("The file is too large: at most %(limit)s MB.") % {"limit": MAX_BYTES // 1_000_000}
        )
    if not data.strip():
        raise Refused(_("The file is empty."))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            _("The file is not in UTF-8. Save it as “CSV UTF-8” and choose it again.")
        ) from error
    if "\0" in text:
        raise Refused(_("This is no text file. Save the table as “CSV UTF-8”."))
    return text


def read(text: str) -> Sheet:
    """The lines of a decoded file; Refused where its columns are not ours, or it has too many."""
    too_many = _("The file has more than %(limit)s rows. Send it in parts.") % {"limit": MAX_ROWS}
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MAX_LINES:
        raise Refused(too_many)
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    sheet = Sheet()
    try:
        columns = _columns(next(table, []))
        last = table.line_num
        for cells in table:
            number, last = last + 1, table.line_num
            if len(sheet.lines) >= MAX_ROWS:
                raise Refused(too_many)
            if any(cell.strip() for cell in cells):
                _add(sheet, number, columns, cells)
    except csv.Error as error:
        raise Refused(
            _("Line %(line)s cannot be read as CSV: quotes do not match, or a cell is too long.")
            % {"line": table.line_num}
        ) from error
    if not sheet.lines and not sheet.faults:
        raise Refused(_("The file has a heading and no rows."))
    return sheet


def _columns(heading: list[str]) -> list[str]:
    columns = [name.strip().casefold() for name in heading]
    while columns and not columns[-1]:
        columns.pop()
    del columns[2 * len(COLUMNS) :]  # among so many one is wrong already
    wrong = [name for name in columns if name not in COLUMNS or columns.count(name) > 1]
    missing = [name for name in NEEDED if name not in columns]
    if wrong or missing:
        raise Refused(
            _("The first line must name the columns as an export does: %(columns)s. Not: %(wrong)s")
            % {"columns": ", ".join(COLUMNS), "wrong": ", ".join(wrong or columns)[:200] or "–"}
        )
    return columns


def _add(sheet: Sheet, number: int, columns: list[str], cells: list[str]) -> None:
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if extra:
        sheet.faults.append(
            Fault(number, "", extra[0][:80], _("The line has more cells than the heading."))
        )
        return
    values = {
        name: unguarded(cell.strip())
        for name, cell in zip(columns, cells + [""] * len(columns), strict=False)
    }
    for name, cell in values.items():
        if _UNREADABLE.search(cell):
            shown = "".join(letter if letter.isprintable() else "�" for letter in cell)
            sheet.faults.append(
                Fault(number, name, shown[:80], _("It holds a character that nobody can read."))
            )
            return
    sheet.lines.append(Line(number, values))
