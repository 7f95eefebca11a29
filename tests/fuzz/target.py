"""What is fuzzed: a function of bytes, good examples to begin with, and the words that matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


class Broken(AssertionError):
    """A promise that did not hold. Its text quotes the input: it is read by whoever fuzzes."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """`run` raises whatever it finds; what it returns of is in order.

    `seeds` are made when the stage is set (stage.py). `words` are put together by the drivers.
    """

    name: str
    promise: str  # in words, for the list of targets
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()
    longest: int = 4096  # bytes of an input
    examples: int = 100  # in the test suite


def check(held: object, promise: str, seen: object = "") -> None:
    """Raises Broken; unlike `assert`, it is there under `python -O` too."""
    if not held:
        raise Broken(f"{promise}: {seen!r}"[:2000])
