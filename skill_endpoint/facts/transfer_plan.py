"""What a spreadsheet would change, before anything is written; and the writing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import batched
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from skill_endpoint.facts import history
from skill_endpoint.facts.content import ENGLISH, SLUG
from skill_endpoint.facts.differences import Change, changes
from skill_endpoint.facts.models import Fact, FactText, Topic, Version
from skill_endpoint.facts.snapshot import FACT, TEXT, Table
from skill_endpoint.facts.transfer_sheet import (
    ANSWERS,
    FACT_COLUMNS,
    TEXT_COLUMNS,
    Fault,
    Line,
    Sheet,
)
from skill_endpoint.facts.validators import known_languages

BATCH = 500  # rows a statement
EMPTY_FACT: Table = {
    "source_title": "",
    "source_publisher": "",
    "source_locator": "",
    "checked_on": None,
    "child_safe": True,
    "topic": "",
    "texts": {},
    "is_published": True,
}
EMPTY_TEXT: Table = {"headline": "", "speech": "", "more": "", "question": "", "options": []}
# and what an office program in each of our languages makes of TRUE and FALSE
YES = {"yes", "true", "1", "wahr", "vrai", "vero", "verdadero", "verdadeiro", "waar"}
NO = {"no", "false", "0", "falsch", "faux", "falso", "onwaar"}
ANSWER_WORDS = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact that would be new or changed."""

    fact: Fact | None
    before: Table  # empty for a new one
    after: Table
    pk: int | None = None

    @property
    def slug(self) -> str:
        return str(self.after["slug"])

    @property
    def changes(self) -> list[Change]:
        return changes(self.before, self.after)


@dataclass
class Plan:
    new: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        return [*self.new, *self.changed]

    @property
    def fingerprint(self) -> str:
        """Of what was shown: another one means that facts were changed meanwhile."""
        shown = [[entry.before, entry.after] for entry in self.entries]
        return history.fingerprint({"shown": shown})


def to_show(made: Plan) -> Plan:
    """Without the rows of the database: small enough to keep until somebody has looked at it."""
    new, changed = (
        [replace(entry, fact=None) for entry in entries] for entries in (made.new, made.changed)
    )
    return replace(made, new=new, changed=changed)


class _Wrong(Exception):
    def __init__(self, line: Line, column: str, problem: str) -> None:
        super().__init__(problem)
        self.fault = _fault(line, column, problem)


def _fault(line: Line, column: str, problem: str) -> Fault:
    return Fault(line.number, column, line.cells.get(column, "")[:80], problem)


def plan(sheet: Sheet) -> Plan:
    """Compare the rows with the database, three statements for 500 facts."""
    made = Plan(faults=list(sheet.faults))
    by_slug: dict[str, list[Line]] = {}
    for line in sheet.lines:
        try:
            _check_keys(line, by_slug.get(line.cells["slug"], []))
        except _Wrong as wrong:
            made.faults.append(wrong.fault)
        else:
            by_slug.setdefault(line.cells["slug"], []).append(line)
    topics = set(Topic.objects.values_list("slug", flat=True))
    present: dict[str, Fact] = {}
    for some in batched(by_slug, BATCH):
        present |= {fact.slug: fact for fact in Fact.objects.with_text().filter(slug__in=some)}
    for slug, lines in by_slug.items():
        _plan_fact(made, slug, lines, present.get(slug), topics)
    made.faults.sort(key=lambda fault: fault.line)
    return made


def _check_keys(line: Line, before: Sequence[Line]) -> None:
    slug, language = line.cells["slug"], line.cells["language"]
    if not SLUG.fullmatch(slug) or len(slug) > 80:
        raise _Wrong(line, "slug", _("A slug takes lower-case letters, digits and hyphens."))
    if language not in known_languages():
        known = ", ".join(known_languages())
        raise _Wrong(line, "language", _("The skill speaks: %(known)s") % {"known": known})
    if same := [other for other in before if other.cells["language"] == language]:
        problem = _("Line %(line)s has the same fact in the same language.")
        raise _Wrong(line, "language", problem % {"line": same[0].number})


def _plan_fact(
    made: Plan, slug: str, lines: list[Line], fact: Fact | None, topics: set[str]
) -> None:
    before = history.content_of(fact) if fact else {}
    after = deepcopy(before) if fact else {"slug": slug, **deepcopy(EMPTY_FACT)}
    faults: list[Fault] = []  # all of them: mending takes one round
    for column in FACT_COLUMNS:
        try:
            if said := _said_once(lines, column):
                name, value = _fact_value(said, column, after)
                after[name] = value
            if column == "topic" and after["topic"] not in topics:
                raise _Wrong(said or lines[0], column, _("There is no such topic."))
        except _Wrong as wrong:
            faults.append(wrong.fault)
    told = [line for line in lines if any(line.cells.get(name) for name in TEXT_COLUMNS)]
    for line in told:
        language = line.cells["language"]
        after["texts"][language] = _text(line, after["texts"].get(language, EMPTY_TEXT))
    if after == before and not faults:
        made.unchanged += 1
        return
    if ENGLISH not in after["texts"]:
        problem = _("A new fact needs a row with its English text.")
        faults.append(_fault(lines[0], "language", problem))
    known = {fault.column for fault in faults}
    faults += (fault for fault in _fact_faults(lines, after) if fault.column not in known)
    for line in told:
        faults += _text_faults(line, after["texts"][line.cells["language"]])
    made.faults += faults
    (made.changed if fact else made.new).append(
        Entry(fact, before, after, fact.pk if fact else None)
    )


def _said_once(lines: list[Line], column: str) -> Line | None:
    """The row that says it; an empty cell says nothing. Two that differ are a fault."""
    saying = [line for line in lines if line.cells.get(column)]
    for line in saying[1:]:
        if _meant(column, line.cells[column]) != _meant(column, saying[0].cells[column]):
            problem = _("Line %(line)s says something else of the same fact.")
            raise _Wrong(line, column, problem % {"line": saying[0].number})
    return saying[0] if saying else None


def _meant(column: str, cell: str) -> object:
    """The same for 11/22/2026 and 2026-11-22, for yes and TRUE."""
    if column == "checked_on":
        return list(_days(cell)) or cell
    if column in {"child_safe", "published"}:
        return ANSWER_WORDS.get(cell.casefold(), cell)
    return cell


def _fact_value(line: Line, column: str, after: Table) -> tuple[str, Any]:
    cell = line.cells[column]
    if column in {"child_safe", "published"}:
        name = "is_published" if column == "published" else column
        if (answer := ANSWER_WORDS.get(cell.casefold())) is None:
            raise _Wrong(line, column, _("Write yes or no."))
        return name, answer
    if column == "checked_on":
        return column, _day(line, cell, after["checked_on"])
    return column, _one_line(cell, after[column])


def _day(line: Line, cell: str, present: str | None) -> str:
    """2026-11-20, or as an office program writes it, where that can be one day only."""
    days = list(_days(cell))
    if present in days:
        return str(present)
    if len(days) != 1:
        raise _Wrong(line, "checked_on", _("Write the day like 2026-11-20."))
    if days[0] > timezone.localdate().isoformat():
        raise _Wrong(line, "checked_on", _("This day lies in the future."))
    return days[0]


def _days(cell: str) -> Iterator[str]:
    """All that it can mean, as ISO dates: 3/4/2026 is two days."""
    orders: list[tuple[str, str, str]] = []
    if found := _DOTTED.fullmatch(cell):
        orders = [(found[3], found[2], found[1])]
    elif found := _SLASHED.fullmatch(cell):
        orders = [(found[3], found[1], found[2]), (found[3], found[2], found[1])]
    elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell):
        year, month, day = cell.split("-")
        orders = [(year, month, day)]
    for year, month, day in dict.fromkeys(orders):
        try:
            yield date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue


def _text(line: Line, present: Table) -> Table:
    """The text as the row has it; what the file has no column for stays."""
    text = dict(present)
    for name in ("headline", "speech", "more", "question"):
        if name in line.cells:
            text[name] = _one_line(line.cells[name], present[name])
    if set(ANSWERS) & set(line.cells):
        answers = [_one_line(line.cells.get(name, ""), "") for name in ANSWERS]
        text["options"] = [answer for answer in answers if answer]
    return text


def _one_line(cell: str, present: str) -> str:
    """Office programs break lines anew: that alone is no change."""
    words = " ".join(cell.split())
    return present if words == " ".join(present.split()) else words


def _fact_faults(lines: list[Line], after: Table) -> Iterator[Fault]:
    fact = Fact(slug=after["slug"], **{name: after[name] for name in FACT})
    try:
        fact.clean_fields(exclude=["topic"])
    except ValidationError as error:
        for column, problems in error.message_dict.items():
            line = next((line for line in lines if line.cells.get(column)), lines[0])
            yield _fault(line, column, problems[0])


def _text_faults(line: Line, told: Table) -> Iterator[Fault]:
    text = FactText(language=line.cells["language"], **told)
    try:
        text.clean_fields(exclude=["fact"])
    except ValidationError as error:
        for name, problems in error.message_dict.items():
            yield _fault(line, _empty_answer(line) if name == "options" else name, problems[0])
    try:
        text.clean()
    except ValidationError as error:
        yield _fault(line, "question", error.messages[0])


def _empty_answer(line: Line) -> str:
    """The column to look at first: an answer that is missing, else where the answers begin."""
    return next((name for name in ANSWERS if not line.cells.get(name)), ANSWERS[0])


@transaction.atomic
def carry_out(made: Plan, by: User) -> None:
    """Write all of it or nothing, with a version and a record of each fact."""
    if made.faults:
        raise ValueError("a plan with faults is not carried out")
    topics = {topic.slug: topic for topic in Topic.objects.all()}
    present = [entry.fact for entry in made.changed if entry.fact]
    history.keep(present, Version.How.FOUND)
    facts = {entry.slug: _fact(entry, topics) for entry in made.entries}
    Fact.objects.bulk_create([facts[entry.slug] for entry in made.new], batch_size=BATCH)
    Fact.objects.bulk_update(present, ["topic", "is_published", *FACT], batch_size=BATCH)
    _write_texts(made, facts)
    for entries, flag in ((made.new, ADDITION), (made.changed, CHANGE)):
        for some in batched(entries, BATCH):
            keys = [facts[entry.slug].pk for entry in some]
            rows = Fact.objects.with_text().filter(pk__in=keys)
            history.keep(list(rows), Version.How.IMPORTED, by)
            LogEntry.objects.log_actions(by.pk, rows, flag, _("Imported from a file."))


def _fact(entry: Entry, topics: dict[str, Topic]) -> Fact:
    fact = entry.fact or Fact(slug=entry.slug)
    for name in ("is_published", *FACT):
        setattr(fact, name, entry.after[name])
    fact.checked_on = date.fromisoformat(day) if (day := entry.after["checked_on"]) else None
    fact.topic = topics[entry.after["topic"]]
    return fact


def _write_texts(made: Plan, facts: dict[str, Fact]) -> None:
    new: list[FactText] = []
    changed: list[FactText] = []
    for entry in made.entries:
        fact = facts[entry.slug]
        present = {text.language: text for text in entry.fact.texts.all()} if entry.fact else {}
        for language, told in entry.after["texts"].items():
            if told == entry.before.get("texts", {}).get(language):
                continue
            text = present.get(language) or FactText(fact=fact, language=language)
            for name in TEXT:
                setattr(text, name, told[name])
            (changed if language in present else new).append(text)
    FactText.objects.bulk_create(new, batch_size=BATCH)
    FactText.objects.bulk_update(changed, TEXT, batch_size=BATCH)
