from __future__ import annotations

from django.apps import AppConfig


class Tables(AppConfig):
    """The tables of `accounts`, without what its own configuration brings along for the site."""

    name = "accounts"
