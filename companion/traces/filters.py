"""Filters of the list: links with counts, each a part of the address."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.oauth_trace.diagnosis.rule import by_code
from accounts.oauth_trace.models import Attempt, Outcome, Stage
from companion.traces import words
from companion.traces.briefs import KEYS, Brief

TIMES: dict[str, tuple[str, timedelta | None]] = {
    "24h": ("last 24 hours", timedelta(hours=24)),
    "7d": ("last 7 days", timedelta(days=7)),
    "": ("all", None),
}
MOST_OPTIONS = 12
# behind "more"; the rules are fewer, the languages that browsers name need not be
MOST_FOLDED = 250
_LANGUAGE = re.compile(r"[\w*.;=-]{1,16}", re.ASCII)
_PERSON = re.compile(r"[\w:.@-]{1,64}", re.ASCII)
_TITLES = {
    "outcome": "Result",
    "stage": "Stage",
    "cause": "Cause",
    "region": "Region",
    "client": "Client",
    "language": "Language",
}


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    count: int | None
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    title: str
    options: tuple[Option, ...]
    more: tuple[Option, ...] = ()  # the rarer ones
    is_first: bool = False  # the others are folded away until one of them is chosen


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Each empty where it does not filter. What an address says that is no value is left out."""

    time: str = ""
    outcome: str = ""
    stage: str = ""
    cause: str = ""
    region: str = ""
    client: str = ""
    language: str = ""
    person: str = ""  # a sub
    pinned: str = ""  # 1
    before: str = ""  # seconds since 1970: older ones than this
    live: str = ""  # 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        found = {name: query.get(name, "") for name in cls.__dataclass_fields__}
        return cls(**{name: text for name, text in found.items() if _is_value(name, text)})

    @property
    def is_any(self) -> bool:
        return self.is_narrow or any(getattr(self, name) for name in KEYS)

    @property
    def is_particular(self) -> bool:
        """Whether one of those that are folded away is chosen."""
        return bool(self.person or any(getattr(self, name) for name in KEYS if name != "outcome"))

    @property
    def said(self) -> str:
        """What these filters leave, after "3 attempts"."""
        said = []
        if self.pinned or self.outcome or self.is_particular:
            said.append("of this kind")
        if self.time:
            said.append(f"in the {TIMES[self.time][0]}")
        return " ".join(said)

    @property
    def is_narrow(self) -> bool:
        """Whether the database leaves out some."""
        return bool(self.time or self.person or self.pinned or self.before)

    @property
    def until(self) -> datetime | None:
        return datetime.fromtimestamp(float(self.before), UTC) if self.before else None

    def of_database(self) -> QuerySet[Attempt]:
        """What an index can choose; `matching` chooses the rest."""
        chosen = Attempt.objects.all()
        if self.pinned:
            chosen = chosen.filter(pinned=True)
        if age := TIMES[self.time][1]:
            chosen = chosen.filter(started_at__gte=timezone.now() - age)
        if self.until:
            chosen = chosen.filter(started_at__lt=self.until)
        return chosen.of_person(self.person) if self.person else chosen

    def matching(self, found: list[Brief], *, without: str = "") -> list[Brief]:
        for name, key in KEYS.items():
            if name != without and (wanted := getattr(self, name)):
                found = [brief for brief in found if key(brief) == wanted]
        return found

    def address(self, **changes: str) -> str:
        """Of the list, filtered otherwise."""
        changed = replace(self, **{"before": "", **changes})
        values = {name: getattr(changed, name) for name in self.__dataclass_fields__}
        query = urlencode({name: text for name, text in values.items() if text})
        return f"{reverse('traces')}?{query}" if query else reverse("traces")

    def file_address(self) -> str:
        return reverse("traces_file") + self.address(live="").removeprefix(reverse("traces"))


def _is_value(name: str, text: str) -> bool:
    match name:
        case "time":
            return text in TIMES
        case "outcome":
            return text in Outcome.values
        case "stage":
            return text in Stage.values
        case "cause":
            return by_code(text) is not None
        case "region":
            return text in words.REGIONS
        case "client":
            return text in words.CLIENTS
        case "language":
            return bool(_LANGUAGE.fullmatch(text))
        case "person":
            return bool(_PERSON.fullmatch(text))
        case "before":
            return bool(re.fullmatch(r"\d{1,10}(\.\d{1,6})?", text, re.ASCII))
        case _:
            return text == "1"


def facets(filters: Filters, found: list[Brief]) -> list[Facet]:
    """Of each thing to filter by its values, with how many the other filters leave of each."""
    times = tuple(
        Option(label, None, filters.address(time=time), filters.time == time)
        for time, (label, _age) in TIMES.items()
    )
    made = [Facet("Time", times, is_first=True)]
    for name, key in KEYS.items():
        counts = Counter(map(key, filters.matching(found, without=name)))
        chosen = getattr(filters, name)
        values = [value for value, _count in counts.most_common() if value]
        if chosen in values[MOST_OPTIONS:] or (chosen and chosen not in values):
            values = [chosen, *(value for value in values if value != chosen)]
        if not values or (len(values) == 1 and not chosen and name in {"client", "language"}):
            continue
        options = [Option("all", None, filters.address(**{name: ""}), not chosen)]
        options += [
            Option(
                label_of(name, value),
                counts[value],
                filters.address(**{name: value}),
                chosen == value,
            )
            for value in values
        ]
        shown = MOST_OPTIONS + 1  # and "all"
        made.append(
            Facet(
                _TITLES[name],
                tuple(options[:shown]),
                tuple(options[shown : shown + MOST_FOLDED]),
                is_first=name == "outcome",
            )
        )
    return made


def label_of(name: str, value: str) -> str:
    match name:
        case "outcome":
            return words.OUTCOMES[Outcome(value)].word
        case "stage":
            return Stage(value).label
        case "region":
            return words.REGIONS[value]
        case "client":
            return words.CLIENTS[value]
        case _:
            return value
