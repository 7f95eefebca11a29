"""What people measure in. No table: the skill's locales are read where there is no database."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Units(models.TextChoices):
    """What a person measures in; empty is as people do where their device is."""

    __empty__ = _("as usual where my Echo is")
    METRIC = "metric", _("metric: kilometers, kilograms, Celsius")
    IMPERIAL = "imperial", _("imperial: miles, pounds, Fahrenheit")
