"""Dates as the pages write them, one style everywhere; what is not here is Django's."""

from __future__ import annotations

DATE_FORMAT = "j F Y"
MONTH_DAY_FORMAT = "j F"
DATETIME_FORMAT = "j F Y, P"
