from __future__ import annotations

import ast
import base64
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from skill_endpoint.certificates import checked_chain
from skill_endpoint.simulator import pki

FILES = ["chain.pem", "key.pem", "root-key.pem", "root.pem"]


@pytest.fixture(scope="module")
def two_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """As ensure_pki made them: making keys takes time, so tests get copies."""
    first, second = tmp_path_factory.mktemp("pki") / "alexa", tmp_path_factory.mktemp("other")
    for folder in (first, second):
        pki.ensure_pki(folder)
    return first, second


@pytest.fixture
def folder(two_folders: tuple[Path, Path], tmp_path: Path) -> Path:
    return shutil.copytree(two_folders[0], tmp_path / "alexa")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def is_good(folder: Path, now: datetime | None = None) -> bool:
    root = pki.kept_root(folder)
    assert root is not None
    signer = pki.load(folder)
    key = checked_chain(signer.chain_pem(), now or datetime.now(UTC), [root.certificate])
    return key.key == signer.key.public_key()


def test_it_makes_a_chain_that_the_verifier_takes(folder: Path) -> None:
    assert sorted(contents(folder)) == FILES
    assert is_good(folder)


def test_private_keys_are_their_owners_alone(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("key.pem", "root-key.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_private_keys_that_somebody_opened_are_closed_again(folder: Path) -> None:
    folder.chmod(0o755)
    for name in ("key.pem", "root-key.pem"):
        (folder / name).chmod(0o644)
    pki.ensure_pki(folder)
    test_private_keys_are_their_owners_alone(folder)


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    pki.ensure_pki(folder)
    assert contents(folder) == before


def test_it_renews_the_leaf_a_week_before_its_end_and_keeps_the_root(folder: Path) -> None:
    before = contents(folder)
    end = pki.load(folder).chain[0].not_valid_after_utc
    with time_machine.travel(end - timedelta(days=8), tick=False):
        pki.ensure_pki(folder)
        assert contents(folder) == before
    with time_machine.travel(end - timedelta(days=6), tick=False):
        pki.ensure_pki(folder)
    after = contents(folder)
    assert {name for name in FILES if after[name] != before[name]} == {"chain.pem", "key.pem"}
    assert is_good(folder, end + timedelta(days=200))


def test_it_renews_the_root_before_its_end(folder: Path) -> None:
    before = contents(folder)
    with time_machine.travel(datetime.now(UTC) + pki.CA_LIFE, tick=False):
        pki.ensure_pki(folder)
        assert is_good(folder)
    after = contents(folder)
    assert all(after[name] != before[name] for name in FILES)


@pytest.mark.parametrize("damage", ["left out", "empty", "cut off", "of another PKI"])
@pytest.mark.parametrize("name", FILES)
def test_it_mends_what_is_broken(
    folder: Path, two_folders: tuple[Path, Path], name: str, damage: str
) -> None:
    path = folder / name
    if damage == "left out":
        path.unlink()
    else:
        other = (two_folders[1] / name).read_bytes()
        path.write_bytes({"empty": b"", "cut off": path.read_bytes()[:400]}.get(damage, other))
    pki.ensure_pki(folder)
    assert is_good(folder)
    assert sorted(contents(folder)) == FILES


def test_its_headers_are_alexas(folder: Path) -> None:
    signer, body = pki.load(folder), '{"ü": 1}'.encode()
    headers = signer.headers_for(body, "expired")
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["SignatureCertChainUrl"] == "https://s3.amazonaws.com/echo.api/expired.pem"
    assert signer.headers_for(body)["SignatureCertChainUrl"].endswith("/echo.api/chain.pem")
    signer.key.public_key().verify(
        base64.b64decode(headers["Signature-256"]), body, padding.PKCS1v15(), hashes.SHA256()
    )


def test_it_needs_no_django() -> None:
    """The supervisor makes the folder before there are settings."""
    tree = ast.parse(Path(pki.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not [name for name in imported if name and name.startswith(("django", "skill", "acc"))]
