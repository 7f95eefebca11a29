from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from skill_endpoint.simulator import pki as development_pki
from tests.skill_endpoint.simulator import stub
from tests.skill_endpoint.simulator.stub import Stub


@pytest.fixture
def skill() -> Iterator[Stub]:
    """Where the skill would be."""
    with stub.running() as running:
        yield running


@pytest.fixture
def simulator(skill: Stub, settings: Settings, pki_folder: Path, tmp_path: Path) -> Iterator[Stub]:
    """The simulator in front of that skill, with an empty folder of its own."""
    folder = tmp_path / "alexa"
    folder.mkdir(mode=0o700)
    for path in pki_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    development_pki.ensure_pki(folder)
    settings.ALEXA_DEV_PKI_DIR = str(folder)
    settings.PUBLIC_URL = skill.url
    return skill
