"""The disk of an installation on SQLite is full, or somebody holds its database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from faults.scenario import Scenario
from faults.stage import Stage, fill
from faults.verdict import Expected

DISK = "24m"


def full(stage: Stage) -> None:
    """Nothing can be written; what is only read goes on."""
    if os.geteuid() != 0:
        stage.leave_out("a full disk", "needs root, to make a small one")
        return
    with _small_disk(stage.world.state / "small") as folder:
        url = f"sqlite:///{folder / 'site.sqlite3'}"
        cast = fill(stage.world, url)
        # who spoke before: the first turn of a sign-in is written down
        cast = replace(cast, people=cast.people[:10])
        expected = Expected(answered=0.1, longest=3.0, well=2.0)
        with (
            stage.site(database=url, workers=1) as site,
            stage.talking(
                "SQLite: the disk is full", site, expected, turns=12, database=url, cast=cast
            ) as (
                talk,
                _,
            ),
        ):
            time.sleep(1)
            with talk.fault():
                ballast = _fill_up(folder)
                time.sleep(5)
                ballast.unlink()
            talk.until_well()


def locked(stage: Stage) -> None:
    """Somebody writes for long: a copy, a command, an import."""
    url = stage.world.sqlite("locked")
    cast = fill(stage.world, url)
    expected = Expected(answered=0.1, longest=5.5, well=2.0)
    with (
        stage.site(database=url, workers=1) as site,
        stage.talking(
            "SQLite: another writes for 6 s",
            site,
            expected,
            turns=4,
            pages=1,
            database=url,
            cast=cast,
        ) as (talk, _),
        contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other,
    ):
        time.sleep(1)
        with talk.fault():
            other.execute("BEGIN IMMEDIATE")
            time.sleep(6)
            other.rollback()
        talk.until_well()


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(
        ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0711", "tmpfs", folder],
        check=True,
    )
    try:
        yield folder
    finally:
        subprocess.run(["/usr/bin/umount", "--lazy", folder], check=True)


def _fill_up(folder: Path) -> Path:
    """Leave not a byte."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(b"x" * 4096)
    return path


SCENARIOS = [Scenario(full), Scenario(locked)]
