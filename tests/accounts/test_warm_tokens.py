"""A token is remembered, and then comes one that looks like it, or very many others."""

from __future__ import annotations

import gc
import hashlib
import string
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine

from accounts.cognito import endpoints, tokens
from accounts.cognito.keys import key_set
from accounts.cognito.tokens import (
    LEEWAY,
    REMEMBERED,
    AccessClaims,
    TokenRejected,
    verify_access_token,
    verify_id_token,
)
from tests.cognito import TokenMint, new_key

LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # of base64url


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signature was looked at."""
    checked: list[str] = []
    decode = jwt.decode

    def counted(token: str, *args: Any, **options: Any) -> Any:
        checked.append(token)
        return decode(token, *args, **options)

    monkeypatch.setattr(jwt, "decode", counted)
    return checked


@pytest.fixture
def warm(mint: TokenMint, checked: list[str]) -> str:
    token = mint.access()
    assert verify_access_token(token).sub == "sub-linked"
    checked.clear()
    return token


def refused(token: str) -> str:
    with pytest.raises(TokenRejected) as caught:
        verify_access_token(token)
    return caught.value.reason


def remembered() -> int:
    return len(tokens._memory._claims)


# --- one that looks like it --------------------------------------------------------------------


def _signature_of(other: str) -> Callable[[str], str]:
    return lambda token: f"{token.rpartition('.')[0]}.{other}"


def _inserted(text: str, where: int) -> Callable[[str], str]:
    return lambda token: token[:where] + text + token[where:]


LOOKALIKES: dict[str, Callable[[str], str]] = {
    "prefix": lambda token: token[:-1],
    "half": lambda token: token[: len(token) // 2],
    "without signature": _signature_of(""),
    "signature of nothing": _signature_of("AA"),
    "one letter more": lambda token: token + "A",
    "a group of letters more": lambda token: token + "AAAA",
    "one part more": lambda token: token + ".AAAA",
    "padded": lambda token: token + "==",
    "padded once": lambda token: token + "=",
    "space behind": lambda token: token + " ",
    "line behind": lambda token: token + "\n",
    "space before": lambda token: " " + token,
    "line inside": _inserted("\n", -20),
    "a letter that decoders overlook": _inserted("?", -20),
    "half a surrogate pair": _inserted("\ud800", -20),
    "NUL": _inserted("\0", -20),
    "padding inside": _inserted("=", -20),
    "the alphabet of plain base64": lambda token: token.replace("-", "+").replace("_", "/"),
    "capitals": lambda token: token.swapcase(),
    "Bearer": lambda token: f"Bearer {token}",
}


@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_looks_like_a_remembered_token_is_refused(
    warm: str, checked: list[str], name: str
) -> None:
    lookalike = LOOKALIKES[name](warm)
    assert lookalike != warm
    assert refused(lookalike) in {"malformed", "signature"}
    assert remembered() == 1
    checked.clear()
    assert verify_access_token(warm).sub == "sub-linked"
    assert not checked


def test_every_other_last_letter_is_refused(warm: str) -> None:
    """Of its six bits four belong to no byte: 15 of them decode to the very same signature."""
    for letter in LETTERS.replace(warm[-1], ""):
        assert refused(warm[:-1] + letter) in {"malformed", "signature"}
    assert remembered() == 1


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_part_of_another_token_is_refused(warm: str, mint: TokenMint, where: int) -> None:
    """Each part is from a token of the pool; together they are none."""
    other = mint.sign(
        {**jwt.decode(mint.access(), options={"verify_signature": False}), "sub": "sub-other"},
        headers={"typ": "at+jwt"},
    )
    parts = warm.split(".")
    parts[where] = other.split(".")[where]
    assert refused(".".join(parts)) == "signature"


def test_the_same_words_under_another_key_are_refused(warm: str, mint: TokenMint) -> None:
    claims = jwt.decode(warm, options={"verify_signature": False})
    forged = mint.sign(claims, key=new_key())
    assert forged.rpartition(".")[0] == warm.rpartition(".")[0]
    assert refused(forged) == "signature"


def test_a_remembered_access_token_opens_no_website(warm: str) -> None:
    with pytest.raises(TokenRejected) as caught:
        verify_id_token(warm, "nonce")
    assert caught.value.reason == "token_use"


def test_an_id_token_is_remembered_by_nobody(warm: str, mint: TokenMint) -> None:
    token = mint.id()
    verify_id_token(token, "nonce")
    assert refused(token) == "token_use"
    assert remembered() == 1


# --- when it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "counts"), [(-1, True), (0, False), (1, False)])
@pytest.mark.parametrize("is_warm", [False, True])
def test_the_clock_treats_a_remembered_token_like_a_new_one(
    mint: TokenMint, is_warm: bool, late: int, counts: bool
) -> None:
    """Seconds after its end and the leeway for clocks that differ."""
    begin = 1_795_000_000.0
    with time_machine.travel(begin, tick=False) as moment:
        token = mint.access(iat=int(begin), exp=int(begin) + 600)
        if is_warm:
            verify_access_token(token)
        moment.move_to(begin + 600 + LEEWAY + late)
        if counts:
            assert verify_access_token(token).expires_at == begin + 600
        else:
            assert refused(token) == "expired"
            assert remembered() == 0


def test_a_token_in_its_last_seconds_is_checked_once(mint: TokenMint, checked: list[str]) -> None:
    token = mint.access(exp=int(time.time()) - LEEWAY + 5)
    for _ in range(3):
        verify_access_token(token)
    assert checked == [token]


# --- very many others --------------------------------------------------------------------------


def test_a_flood_of_forged_tokens_is_not_remembered(
    warm: str, mint: TokenMint, checked: list[str]
) -> None:
    """Well formed, under the pool's key id, each with a signature of its own."""
    said, signature = warm.rpartition(".")[0], warm.rpartition(".")[2]
    forged = [f"{said}.{number:06}{signature[6:]}" for number in range(2000)]
    refused(forged[0])  # whatever a first refusal makes, it makes now
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        assert {refused(token) for token in forged} == {"signature"}
        checked.clear()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100 * 1024  # bytes; 50 a token would be enough to fail
    assert remembered() == 1
    assert verify_access_token(warm).sub == "sub-linked"
    assert not checked


def test_twice_as_many_good_tokens_as_are_remembered_stay_within_bounds(
    warm: str, mint: TokenMint, checked: list[str]
) -> None:
    """Put in without a signature each, as only the pool could make them."""
    key = key_set(endpoints.jwks_url()).key(mint.kid)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(2 * REMEMBERED):
            digest = hashlib.sha256(str(number).encode()).digest()
            tokens._memory.put(digest, tokens._Remembered(_claims(number), mint.kid, key))
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert remembered() == REMEMBERED
    assert grown < REMEMBERED * 1536  # bytes; about 1,000 each
    # the first one is forgotten by now, which costs a check and nothing else
    assert verify_access_token(warm).sub == "sub-linked"
    assert checked == [warm]


def _claims(number: int) -> AccessClaims:
    return AccessClaims(
        sub=f"00000000-0000-4000-8000-{number:012}",
        client_id=f"{number:026}",
        scopes=frozenset(f"openid-{number} email phone".split()),
        expires_at=int(time.time()) + 3600,
        grant=hashlib.sha256(b"%d" % number).hexdigest(),
        signed_in_at=int(time.time()) - number,
    )
