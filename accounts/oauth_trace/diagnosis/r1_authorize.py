"""Rules about what Alexa asks of the authorize address."""

from __future__ import annotations
