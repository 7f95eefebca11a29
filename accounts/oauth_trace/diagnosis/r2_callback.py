"""Rules about how the browser comes back from sign-in."""

from __future__ import annotations
