"""Alexa's chain is kept, and then something happens to it: through the real door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from django.test import Client
from pytest_django import Settings

from skill_endpoint import certificates, signing_keys
from skill_endpoint.certificates import CertificateRejected
from skill_endpoint.simulator import envelopes
from skill_endpoint.simulator import pki as development_pki
from skill_endpoint.simulator.envelopes import Device
from skill_endpoint.simulator.pki import CHAIN_URL, Issuer, Signer
from tests.alexa import is_refused, post_signed, rejected
from tests.warm import Clock, settle

pytestmark = pytest.mark.django_db
CERT = CHAIN_URL.format(name="echo-api-cert-12")
Say = Callable[..., str]


class CertificateHost:
    """Amazon's host at the seam of the network: files by address, and what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()

    def fetch(self, url: str) -> bytes:
        self.asked[url] += 1
        if url not in self.files:
            raise CertificateRejected("certificate_fetch")
        return self.files[url]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(signing_keys, "time", clock)
    signing_keys.forget()
    return clock


@pytest.fixture
def host(
    clock: Clock,
    development_root: Issuer,
    chains: dict[str, Signer],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> CertificateHost:
    """Publishes a chain at CERT whose root counts as a public one; no development folder."""
    settings.ALEXA_DEV_PKI_DIR = ""
    host = CertificateHost()
    host.files[CERT] = chains["several_names"].chain_pem()
    monkeypatch.setattr(signing_keys, "fetch_chain", host.fetch)
    monkeypatch.setattr(certificates, "PUBLIC_ROOTS", (development_root.certificate,))
    return host


@pytest.fixture
def say(client: Client, device: Device) -> Say:
    """say(signer, chain): "answered", or the reason that was counted for the refusal."""

    def say(signer: Signer, chain: str = "echo-api-cert-12") -> str:
        reasons = ("certificate", "certificate_fetch", "certificate_fetch_limit", "signature")
        before = {reason: rejected(reason) for reason in reasons}
        response = post_signed(client, envelopes.launch(device), signer=signer, chain=chain)
        if response.status_code == 200:
            return "answered"
        assert is_refused(response)
        (reason,) = [reason for reason in reasons if rejected(reason) > before[reason]]
        return reason

    return say


@pytest.fixture
def amazon(chains: dict[str, Signer], host: CertificateHost, say: Say) -> Signer:
    """Who signs; their chain is kept."""
    amazon = chains["several_names"]
    assert say(amazon) == say(amazon) == "answered"
    assert host.asked == {CERT: 1}
    return amazon


def renewed(root: Issuer, **changes: Any) -> Signer:
    return development_pki.new_leaf(development_pki.new_intermediate(root), **changes)


def test_a_kept_chain_ends_to_the_second_and_is_fetched_anew(
    amazon: Signer, host: CertificateHost, say: Say, development_root: Issuer, clock: Clock
) -> None:
    """By the certificate that ends first, and a turn is refused before it is asked for again."""
    end = min(certificate.not_valid_after_utc for certificate in amazon.chain)
    following = renewed(development_root, begin=end - timedelta(days=30))
    with time_machine.travel(end, tick=False) as moment:
        assert say(amazon) == "answered"
        moment.shift(1)
        assert say(amazon) == "certificate"
        assert host.asked[CERT] == 2
        assert say(amazon) == "certificate"
        assert host.asked[CERT] == 2  # not again for FAILED_FOR
        host.files[CERT] = following.chain_pem()
        clock.seconds += signing_keys.FAILED_FOR
        assert say(following) == "answered"
        assert say(amazon) == "signature"


def test_a_chain_that_ended_while_a_new_one_stood_there_costs_no_refusal(
    amazon: Signer, host: CertificateHost, say: Say, development_root: Issuer
) -> None:
    end = min(certificate.not_valid_after_utc for certificate in amazon.chain)
    following = renewed(development_root, begin=end - timedelta(days=30))
    host.files[CERT] = following.chain_pem()
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        assert say(following) == "answered"


def test_a_key_that_amazon_replaced_at_the_same_address_counts_for_an_hour_at_most(
    amazon: Signer, host: CertificateHost, say: Say, development_root: Issuer, clock: Clock
) -> None:
    following = renewed(development_root)
    host.files[CERT] = following.chain_pem()
    clock.seconds += signing_keys.FRESH - 1
    assert (say(amazon), say(following), host.asked[CERT]) == ("answered", "signature", 1)
    clock.seconds += 1
    assert say(amazon) == "answered"  # no turn waits for Amazon's host
    settle()
    assert (say(amazon), say(following), host.asked[CERT]) == ("signature", "answered", 2)


@pytest.mark.parametrize("found", [b"", b"<html>no chain</html>", None, "other_root", "wildcard"])
def test_garbage_in_the_place_of_a_kept_chain_changes_nothing_until_it_ends(
    amazon: Signer,
    host: CertificateHost,
    say: Say,
    chains: dict[str, Signer],
    clock: Clock,
    found: bytes | str | None,
) -> None:
    if found is None:
        del host.files[CERT]
    else:
        host.files[CERT] = chains[found].chain_pem() if isinstance(found, str) else found
    for hours in range(1, 4):
        clock.seconds += signing_keys.FRESH
        assert [say(amazon) for _ in range(3)] == ["answered"] * 3
        settle()
        assert host.asked[CERT] == 1 + hours  # once an hour, however many turns there are
    end = min(certificate.not_valid_after_utc for certificate in amazon.chain)
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        assert say(amazon) in {"certificate", "certificate_fetch"}


def test_a_root_that_is_not_trusted_any_more_ends_the_kept_development_chain(
    pki_folder: Path, tmp_path: Path, settings: Settings, say: Say
) -> None:
    """Also where the chain's own file stays: what is kept was held against the roots of then."""
    settings.ALEXA_DEV_PKI_DIR = str(tmp_path)
    for name in ("chain.pem", "root.pem"):
        (tmp_path / name).write_bytes((pki_folder / name).read_bytes())
    signer = development_pki.load(pki_folder)
    assert say(signer, "chain") == "answered"
    root = (tmp_path / "root.pem").read_bytes()
    stranger = development_pki.new_root("Another Root").certificate
    (tmp_path / "root.pem").write_bytes(stranger.public_bytes(serialization.Encoding.PEM))
    assert say(signer, "chain") == "certificate"
    (tmp_path / "root.pem").write_bytes(root)
    assert say(signer, "chain") == "answered"


def test_a_kept_development_chain_is_no_public_one(
    pki: Signer, say: Say, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder's setting goes, so does what was read from it."""
    monkeypatch.setattr(signing_keys, "fetch_chain", CertificateHost().fetch)
    assert say(pki, "chain") == "answered"
    settings.DEV_TOOLS = False
    assert say(pki, "chain") == "certificate_fetch"


def test_a_kept_development_chain_ends_too(pki: Signer, say: Say) -> None:
    assert say(pki, "chain") == "answered"
    end = pki.chain[0].not_valid_after_utc
    with time_machine.travel(end, tick=False) as moment:
        assert say(pki, "chain") == "answered"
        moment.shift(1)
        assert say(pki, "chain") == "certificate"


def test_ten_thousand_addresses_push_nothing_out_and_are_not_passed_on(
    amazon: Signer, host: CertificateHost, say: Say
) -> None:
    """Asked below the door, where each costs microseconds; the turns go through it."""
    flood(10_000)
    assert sum(host.asked.values()) == 1 + signing_keys.BUDGET
    assert say(amazon) == "answered"
    assert say(amazon, "flood-x") == "certificate_fetch_limit"


def test_a_patient_flood_is_remembered_in_part_and_pushes_nothing_out(
    amazon: Signer, host: CertificateHost, say: Say, clock: Clock
) -> None:
    """As slow as addresses that fail are looked at: every one of them is."""
    many = 2 * signing_keys.FAILED_KEPT
    flood(many, lambda: setattr(clock, "seconds", clock.seconds + signing_keys.REFILL))
    public = signing_keys._public_keys
    assert sum(host.asked.values()) == 1 + many
    assert len(public._failed) == signing_keys.FAILED_KEPT
    assert (len(public._kept), len(public._pending)) == (1, 0)
    assert say(amazon) == "answered"


def flood(addresses: int, after_each: Callable[[], object] = lambda: None) -> None:
    now = datetime.now(UTC)
    for number in range(addresses):
        with pytest.raises(CertificateRejected):
            signing_keys.signing_key(CHAIN_URL.format(name=f"flood-{number}"), now)
        after_each()
