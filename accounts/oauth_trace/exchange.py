"""What one side of an HTTP exchange said, after redaction: the only shape that is ever stored.

Made by redaction.py and nowhere else. A Value holds either text that may be shown, or a digest and
a length in its place, or a length alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Value:
    """`text` as it was, or `digest` and `length` of a secret, or `length` of what is withheld."""

    text: str = ""
    digest: str = ""  # of the same secret always the same, within one installation
    length: int = 0  # characters of the original
    # of a JSON Web Token: what its header and claims say that is safe to show
    header: dict[str, Any] | None = None
    claims: dict[str, Any] | None = None

    @property
    def is_withheld(self) -> bool:
        return bool(self.length and not self.text and not self.digest)

    def __str__(self) -> str:
        if self.text or not self.length:
            return self.text
        size = f"{self.length} characters"
        return f"…{self.digest[:8]} ({size})" if self.digest else f"withheld ({size})"


@dataclass(frozen=True)
class Field:
    """A parameter, header, or member of a JSON object, by its name. Names may come twice."""

    name: str
    value: Value


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request (`method`, `address`) or an answer (`status`, or the `problem` it ended in)."""

    method: str = ""
    address: str = ""  # scheme, host and path; the query is in `query`
    query: tuple[Field, ...] = ()
    headers: tuple[Field, ...] = ()  # those that may be shown, lower case
    other_headers: tuple[str, ...] = ()  # names of the others
    # Authorization: Basic, as client_id and client_secret
    basic: tuple[Field, ...] = ()
    body: tuple[Field, ...] = ()  # parameters of a form, members of a JSON object
    body_kind: str = ""  # form, json, html, text, binary, empty
    size: int = 0  # bytes of the body
    status: int = 0
    location: str = ""  # of a redirect, without its query
    location_query: tuple[Field, ...] = ()
    # why there is no answer: timeout, unreachable, tls, too_long, broken; of a skill request: why
    # the token did not count
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.method or self.status or self.problem)

    def parameters(self) -> tuple[Field, ...]:
        return (*self.query, *self.body)

    def all(self, name: str) -> list[Value]:
        """Each value that a parameter or member of this name has."""
        return [field.value for field in self.parameters() if field.name == name]

    def get(self, name: str) -> Value | None:
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str:
        """Its text where it may be shown; empty where there is none."""
        found = self.get(name)
        return found.text if found else ""

    def has(self, name: str) -> bool:
        return self.get(name) is not None

    def header(self, name: str) -> str:
        return next((each.value.text for each in self.headers if each.name == name), "")

    def to_json(self) -> dict[str, Any]:
        """Without what is empty."""
        return {
            name: [asdict(each) for each in value] if name in _FIELDS else value
            for name in _NAMES
            if (value := getattr(self, name))
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        known: dict[str, Any] = {name: data[name] for name in _NAMES if name in data}
        for name in _FIELDS & known.keys():
            known[name] = tuple(Field(each["name"], Value(**each["value"])) for each in known[name])
        if "other_headers" in known:
            known["other_headers"] = tuple(known["other_headers"])
        return cls(**known)


_NAMES = tuple(each.name for each in fields(Message))
_FIELDS = frozenset({"query", "headers", "basic", "body", "location_query"})


def value_of(fields_: Iterable[Field], name: str) -> Value | None:
    return next((field.value for field in fields_ if field.name == name), None)
