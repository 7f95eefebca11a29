"""The folder of settings.ALEXA_DEV_PKI_DIR in the place of Amazon's host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from pytest_django import Settings

from skill_endpoint import signing_keys
from skill_endpoint.certificates import CertificateRejected
from skill_endpoint.signing_keys import signing_key
from skill_endpoint.simulator import pki as development_pki
from skill_endpoint.simulator.pki import Signer

FOLDER = "https://s3.amazonaws.com/echo.api/"


def now() -> datetime:
    return datetime.now(UTC)


def key_at(name: str, moment: datetime | None = None) -> int:
    return signing_key(FOLDER + name, moment or now()).public_numbers().n


def key_of(signer: Signer) -> int:
    return signer.key.public_key().public_numbers().n


def reason_of(name: str, moment: datetime | None = None) -> str:
    with pytest.raises(CertificateRejected) as rejected:
        signing_key(FOLDER + name, moment or now())
    return rejected.value.reason


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of Amazon's host, which has nothing."""
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        raise CertificateRejected("certificate_fetch")

    monkeypatch.setattr(signing_keys, "fetch_chain", fetch)
    return asked


@pytest.fixture
def folder(pki_folder: Path, tmp_path: Path, settings: Settings) -> Path:
    """A copy that a test may change."""
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path)
    for name in ("chain.pem", "key.pem", "root-key.pem", "root.pem"):
        (tmp_path / name).write_bytes((pki_folder / name).read_bytes())
    return tmp_path


def test_a_development_chain_comes_from_its_folder(folder: Path, asked: list[str]) -> None:
    expected = key_of(development_pki.load(folder))
    assert key_at("chain.pem") == expected
    assert asked == []


def test_a_file_that_is_not_there_is_not_asked_for_elsewhere(
    folder: Path, asked: list[str]
) -> None:
    assert reason_of("echo-api-cert-12.pem") == "certificate_fetch"
    assert asked == []


@pytest.mark.parametrize(
    "name",
    ["key.pem", "root-key.pem", "Chain.pem", "chain.crt", "chain", "a/chain.pem", "chain.pem.pem"],
)
def test_other_names_are_amazons(folder: Path, asked: list[str], name: str) -> None:
    (folder / "a").mkdir()
    for copy in ("Chain.pem", "chain.crt", "chain", "a/chain.pem", "chain.pem.pem"):
        (folder / copy).write_bytes((folder / "chain.pem").read_bytes())
    assert reason_of(name) == "certificate_fetch"
    assert asked == [FOLDER + name]


def test_a_private_key_is_no_chain_even_with_one_behind_it(folder: Path, asked: list[str]) -> None:
    for name in ("key.pem", "root-key.pem"):
        chain = (folder / "chain.pem").read_bytes()
        (folder / name).write_bytes((folder / name).read_bytes() + chain)
        assert reason_of(name) == "certificate_fetch"


@pytest.mark.parametrize("changed", [["chain.pem"], ["chain.pem", "root.pem"]])
def test_a_changed_file_is_read_again(folder: Path, changed: list[str]) -> None:
    before = key_at("chain.pem")
    for name in changed:
        (folder / name).unlink()
    development_pki.ensure_pki(folder)
    after = key_at("chain.pem")
    assert after == key_of(development_pki.load(folder))
    assert after != before


def test_a_chain_is_worth_nothing_under_another_root(folder: Path) -> None:
    assert key_at("chain.pem")
    stranger = development_pki.new_root("Another Root").certificate
    (folder / "root.pem").write_bytes(stranger.public_bytes(serialization.Encoding.PEM))
    assert reason_of("chain.pem") == "certificate"
    (folder / "root.pem").unlink()
    assert reason_of("chain.pem") == "certificate_fetch"


def test_a_kept_development_chain_is_refused_when_it_ends(folder: Path) -> None:
    assert key_at("chain.pem")
    assert reason_of("chain.pem", now() + timedelta(days=301)) == "certificate"


def test_tests_may_point_at_another_folder(
    folder: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = key_at("chain.pem")
    other = tmp_path_factory.mktemp("other")
    development_pki.ensure_pki(other)
    settings.ALEXA_DEV_PKI_DIR = str(other)
    assert key_at("chain.pem") != before
