"""Where a span of a trace begins and ends, whether anybody traces or not.

Packages below the website know nothing of OpenTelemetry: companion/tracing.py calls `trace_with`
where an operator asked for traces. Until then a span costs a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol


class Span(Protocol):
    def note(self, attributes: Mapping[str, str | int]) -> None:
        """What leaves this machine with the span: words of ours and numbers, nothing personal."""


class _Nothing:
    """The span of nobody."""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def note(self, attributes: Mapping[str, str | int]) -> None:
        pass


type Begin = Callable[[str], AbstractContextManager[Span]]

_NOTHING = _Nothing()


def _none(name: str) -> AbstractContextManager[Span]:
    return _NOTHING


_begin: Begin = _none


def span(name: str) -> AbstractContextManager[Span]:
    """`name` is a constant of ours: it leaves this machine."""
    return _begin(name)


def trace_with(begin: Begin | None) -> None:
    """From now on; None stops it."""
    global _begin
    _begin = begin or _none
