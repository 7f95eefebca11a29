"""Rules about the first request that the skill gets with the token."""

from __future__ import annotations
