from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from skill_endpoint.simulator import pki as development_pki
from skill_endpoint.simulator.pki import Signer


@pytest.fixture(scope="session")
def pki_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    development_pki.ensure_pki(folder)
    return folder


@pytest.fixture
def pki(pki_folder: Path, settings: Settings) -> Signer:
    """Alexa's signer; the verifier trusts its root and finds its chain without network."""
    settings.ALEXA_DEV_PKI_DIR = str(pki_folder)
    return development_pki.load(pki_folder)
