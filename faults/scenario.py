from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faults.stage import Stage


@dataclass(frozen=True)
class Scenario:
    """`play` talks through one fault or more. The quick ones run with the tests."""

    play: Callable[[Stage], None]
    is_quick: bool = False
