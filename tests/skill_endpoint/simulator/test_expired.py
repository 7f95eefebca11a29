from __future__ import annotations

import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from skill_endpoint.simulator.expired import CannotSign, expired_copy
from tests.cognito import TokenMint

POOL = "us-east-1_TestPool1"


@pytest.fixture
def aws_state(tmp_path: Path, mint: TokenMint) -> Path:
    """As the local AWS keeps the keys of its pools."""
    folder = tmp_path / "services" / "cognito-pool-keys"
    folder.mkdir(parents=True)
    pem = mint.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / f"{POOL}-access.pem").write_bytes(pem)
    return tmp_path


def test_it_makes_a_genuine_token_of_the_past(aws_state: Path, mint: TokenMint) -> None:
    token = mint.access("sub-linked")
    old = expired_copy(token, POOL, aws_state)
    key = mint.key.public_key()
    claims = jwt.decode(old, key, algorithms=["RS256"], options={"verify_exp": False})
    fresh = jwt.decode(token, key, algorithms=["RS256"])
    assert jwt.get_unverified_header(old)["kid"] == mint.kid
    assert claims["exp"] < time.time()
    assert {**claims, "iat": 0, "exp": 0} == {**fresh, "iat": 0, "exp": 0}


def test_it_says_where_the_key_is_missing(tmp_path: Path, mint: TokenMint) -> None:
    with pytest.raises(CannotSign):
        expired_copy(mint.access(), POOL, tmp_path)


def test_it_uses_no_other_pools_key(aws_state: Path, mint: TokenMint) -> None:
    with pytest.raises(CannotSign):
        expired_copy(mint.access(), "us-east-1_Another", aws_state)


def test_it_wants_a_jwt(aws_state: Path) -> None:
    with pytest.raises(CannotSign):
        expired_copy("opaque", POOL, aws_state)
