from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from skill_endpoint import signing_keys
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator import pki as development_pki
from skill_endpoint.simulator.envelopes import Device, Envelope
from skill_endpoint.simulator.pki import Issuer, Signer
from tests.alexa import Post, chain_variants, post_signed


@pytest.fixture(autouse=True)
def _no_chain_known() -> None:
    signing_keys.forget()


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


@pytest.fixture(scope="session")
def development_root(pki_folder: Path) -> Issuer:
    root = development_pki.kept_root(pki_folder)
    assert root is not None
    return root


@pytest.fixture(scope="session")
def chains(pki_folder: Path, development_root: Issuer) -> dict[str, Signer]:
    """The chains of tests.alexa, published beside the good one."""
    signers = chain_variants(development_root)
    for name, signer in signers.items():
        (pki_folder / f"{name}.pem").write_bytes(signer.chain_pem())
    return signers


@pytest.fixture
def envelope(device: Device) -> Envelope:
    return envelopes.intent(device, "DailyFactIntent", {"topic": "Größe 数"})


@pytest.fixture
def launch(device: Device) -> Envelope:
    return envelopes.launch(device)


@pytest.fixture
def post(client: Client, pki: Signer) -> Post:
    """post(envelope, **changes): what tests.alexa.post_signed takes."""

    def post(envelope: Envelope | bytes, **changes: Any) -> HttpResponse:
        return post_signed(client, envelope, signer=pki, **changes)

    return post
