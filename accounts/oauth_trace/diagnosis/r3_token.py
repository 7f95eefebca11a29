"""Rules about the exchange of a code for tokens."""

from __future__ import annotations
