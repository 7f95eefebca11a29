"""What a check sees, and what the report says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # nothing to mend, and no tick either: it is so, or cannot be told here
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing that a check saw. `about` says which, where a check sees several."""

    state: State
    seen: str
    wanted: str = ""
    mend: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the report; plain sentences, nothing secret in them."""

    code: str
    group: str
    title: str
    state: State
    seen: str
    wanted: str = ""
    mend: str = ""
    source: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Result:
        """From what `as_dict` gave."""
        return cls(**{**values, "state": State(values["state"])})

    def as_dict(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def ok(seen: str, *, about: str = "") -> Seen:
    return Seen(state=State.OK, seen=seen, about=about)


def note(seen: str, *, about: str = "") -> Seen:
    return Seen(state=State.NOTE, seen=seen, about=about)


def warning(seen: str, *, wanted: str = "", mend: str = "", about: str = "") -> Seen:
    return Seen(state=State.WARNING, seen=seen, wanted=wanted, mend=mend, about=about)


def error(seen: str, *, wanted: str = "", mend: str = "", about: str = "") -> Seen:
    return Seen(state=State.ERROR, seen=seen, wanted=wanted, mend=mend, about=about)


def skipped(seen: str, *, mend: str = "", about: str = "") -> Seen:
    return Seen(state=State.SKIPPED, seen=seen, mend=mend, about=about)
