"""Until when a turn may ask the database: known to whoever asks, and to whoever gives the time."""

from __future__ import annotations

from contextvars import ContextVar

# of time.monotonic()
asked_until: ContextVar[float] = ContextVar("asked_until", default=float("inf"))
