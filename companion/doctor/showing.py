"""Values of AWS as an operator reads them."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """`["code"]` -> `code`, `None` -> `not set`, `True` -> `on`."""
    if value is None or value == "" or value == [] or value == {}:
        return "not set"
    if value is True:
        return "on"
    if value is False:
        return "off"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(shown, value)))
    return str(value)


_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def in_seconds(number: Any, unit: str) -> int:
    """A validity of Cognito. 0 where it is not set."""
    return int(number or 0) * _UNITS.get(unit, 1)


def span(seconds: int) -> str:
    """The largest unit that divides it: 3600 -> `1 hour`, 5400 -> `90 minutes`."""
    for name, size in reversed(_UNITS.items()):
        if seconds and seconds % size == 0:
            number = seconds // size
            return f"{number} {name.removesuffix('s') if number == 1 else name}"
    return "0 seconds"
