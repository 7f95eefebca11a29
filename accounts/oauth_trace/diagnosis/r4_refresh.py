"""Rules about refreshing tokens."""

from __future__ import annotations
