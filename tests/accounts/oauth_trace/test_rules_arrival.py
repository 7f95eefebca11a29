"""Nothing arrived: what the address of this site says about that."""

from __future__ import annotations

import pytest

from tests.accounts.oauth_trace.conftest import Linker
from tests.accounts.oauth_trace.scenes import Act, Acts, Scene, assert_provoked, assert_spared
from tests.local_aws import LivePool


def silence_at(public_url: str, minutes: float = 11) -> Act:
    def act(scene: Scene) -> None:
        scene.configured(PUBLIC_URL=public_url)
        scene.minutes_pass(minutes)

    return act


def one_attempt(scene: Scene) -> None:
    scene.linker.authorize()
    scene.minutes_pass()


PROVOKED: Acts = {
    "address-is-local": silence_at("http://localhost:8000"),
    "address-is-not-https": silence_at("http://facts.example.com"),
    "address-has-a-port": silence_at("https://facts.example.com:8443"),
    "nothing-arrived": silence_at("https://facts.example.com"),
}
SPARED: Acts = {
    "address-is-local": one_attempt,
    "address-is-not-https": silence_at("https://facts.example.com"),
    "address-has-a-port": silence_at("https://facts.example.com:443"),
    "nothing-arrived": silence_at("https://facts.example.com", minutes=9),
}


@pytest.mark.parametrize(
    "public_url", ["https://192.168.1.20", "https://pi.local", "https://[::1]", "https://127.0.0.1"]
)
def test_addresses_of_a_network_are_local(linker: Linker, pool: LivePool, public_url: str) -> None:
    assert_provoked("address-is-local", silence_at(public_url), linker, pool)


@pytest.mark.parametrize(
    "public_url",
    ["http://facts.example.com", "https://facts.example.com:8443", "https://facts.example.com"],
)
def test_an_attempt_is_more_than_nothing(linker: Linker, pool: LivePool, public_url: str) -> None:
    with Scene(linker, pool) as scene:
        scene.public_at(public_url)
        one_attempt(scene)
        assert scene.codes() == ["page-closed"]


@pytest.mark.parametrize("code", PROVOKED)
def test_one_reason_is_given(code: str, linker: Linker, pool: LivePool) -> None:
    with Scene(linker, pool) as scene:
        PROVOKED[code](scene)
        assert scene.codes() == [code]


@pytest.mark.parametrize("code", PROVOKED)
def test_it_is_found(code: str, linker: Linker, pool: LivePool) -> None:
    assert_provoked(code, PROVOKED[code], linker, pool)


@pytest.mark.parametrize("code", SPARED)
def test_the_healthy_case_beside_it_is_spared(code: str, linker: Linker, pool: LivePool) -> None:
    assert_spared(code, SPARED[code], linker, pool)
