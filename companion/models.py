"""Django looks for the website's models here; they stand where they are used."""

from __future__ import annotations

from companion.operations.models import Failure, HourlyCount, Server

__all__ = ["Failure", "HourlyCount", "Server"]
