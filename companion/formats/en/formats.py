"""Dates as American English writes them, and Alexa’s cards; what is not here is Django's."""

from __future__ import annotations

DATE_FORMAT = "F j, Y"
MONTH_DAY_FORMAT = "F j"
DATETIME_FORMAT = "F j, Y, P"
