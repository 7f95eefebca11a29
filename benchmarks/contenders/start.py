"""How each contender is started: `POST /alexa/` on a port of 127.0.0.1, in one process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.world import gunicorn


@dataclass(frozen=True)
class Start:
    """A command, and the settings that it needs beside those of the installation."""

    command: list[str]
    more: dict[str, str] = field(default_factory=dict)


def floor(port: int) -> Start:
    return Start(gunicorn("benchmarks.contenders.floor:application", port))


def stock(port: int) -> Start:
    return Start(
        gunicorn("benchmarks.contenders.stock.wsgi:application", port),
        {"DJANGO_SETTINGS_MODULE": "benchmarks.contenders.stock.settings"},
    )


def express(port: int, installed: Path) -> Start:
    """`installed`: the folder of benchmarks.contenders.express.install(). PostgreSQL only."""
    return Start(
        ["node", str(installed / "server.js")], {"NODE_ENV": "production", "PORT": str(port)}
    )
