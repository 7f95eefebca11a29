"""Dates and times as Hindi writes them; Django has no form for both together."""

from __future__ import annotations

DATETIME_FORMAT = "j F Y, g:i A"
SHORT_DATETIME_FORMAT = "d-m-Y, g:i A"
