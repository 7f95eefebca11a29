"""What is fetched, how often, and what a hostile caller can make of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from skill_endpoint import certificates, signing_keys
from skill_endpoint.certificates import CertificateRejected
from skill_endpoint.signing_keys import signing_key
from skill_endpoint.simulator import pki as development_pki
from skill_endpoint.simulator.pki import Issuer, Signer

FOLDER = "https://s3.amazonaws.com/echo.api/"
CERT = FOLDER + "echo-api-cert-12.pem"


class CertificateHost:
    """Amazon's host at the seam of the network: chains by address, and what was asked for."""

    def __init__(self) -> None:
        self.chains: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.before_answer: Callable[[], object] = lambda: None

    def fetch(self, url: str) -> bytes:
        self.asked[url] += 1
        self.before_answer()
        if url not in self.chains:
            raise CertificateRejected("certificate_fetch")
        return self.chains[url]


@pytest.fixture
def host(
    chains: dict[str, Signer], development_root: Issuer, monkeypatch: pytest.MonkeyPatch
) -> CertificateHost:
    """Publishes a good chain at CERT; its root counts as a public one."""
    host = CertificateHost()
    host.chains[CERT] = chains["several_names"].chain_pem()
    monkeypatch.setattr(signing_keys, "fetch_chain", host.fetch)
    monkeypatch.setattr(certificates, "PUBLIC_ROOTS", (development_root.certificate,))
    return host


class Clock:
    """time.monotonic() that stands until a test moves it."""

    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(signing_keys, "time", clock)
    signing_keys.forget()
    return clock


def now() -> datetime:
    return datetime.now(UTC)


def key_at(url: str, moment: datetime | None = None) -> int:
    return signing_key(url, moment or now()).public_numbers().n


def key_of(signer: Signer) -> int:
    return signer.key.public_key().public_numbers().n


def reason_of(url: str, moment: datetime | None = None) -> str:
    with pytest.raises(CertificateRejected) as rejected:
        signing_key(url, moment or now())
    return rejected.value.reason


def test_a_chain_is_fetched_once_under_all_its_spellings(
    host: CertificateHost, chains: dict[str, Signer]
) -> None:
    for url in (CERT, CERT, CERT.replace(".com", ".com:443"), FOLDER + "x/../" + CERT[34:]):
        assert key_at(url) == key_of(chains["several_names"])
    assert host.asked == {CERT: 1}


def test_an_address_outside_the_folder_is_never_fetched(host: CertificateHost) -> None:
    assert reason_of("https://evil.example/echo.api/cert.pem") == "certificate_url"
    assert not host.asked


def test_a_kept_chain_is_refused_when_it_ends_and_the_new_one_is_fetched(
    host: CertificateHost, development_root: Issuer
) -> None:
    assert key_at(CERT)
    later = now() + timedelta(days=300)
    assert reason_of(CERT, later) == "certificate"
    assert host.asked[CERT] == 2
    signing_keys.forget()
    intermediate = development_pki.new_intermediate(development_root)
    renewed = development_pki.new_leaf(intermediate, begin=later - timedelta(days=1))
    assert key_at(CERT)
    host.chains[CERT] = renewed.chain_pem()
    assert key_at(CERT, later) == key_of(renewed)


def test_a_kept_chain_is_refused_before_it_begins(host: CertificateHost) -> None:
    assert key_at(CERT)
    assert reason_of(CERT, now() - timedelta(days=2)) == "certificate"


@pytest.mark.parametrize(
    ("content", "reason", "pause"),
    [
        (None, "certificate_fetch", signing_keys.UNREACHED_FOR),
        (b"no chain", "certificate", signing_keys.FAILED_FOR),
    ],
)
def test_a_failure_is_remembered_for_a_short_while_only(
    host: CertificateHost, clock: Clock, content: bytes | None, reason: str, pause: int
) -> None:
    good = host.chains.pop(CERT)
    if content is not None:
        host.chains[CERT] = content
    assert reason_of(CERT) == reason
    host.chains[CERT] = good
    clock.seconds += pause - 1
    assert reason_of(CERT) == reason
    assert host.asked[CERT] == 1
    clock.seconds += 2
    assert key_at(CERT)


def test_everybody_who_asks_for_the_same_chain_waits_for_one_fetch(
    host: CertificateHost,
) -> None:
    host.before_answer = lambda: time.sleep(0.2)
    barrier = threading.Barrier(8)

    def ask() -> int:
        barrier.wait(5)
        return key_at(CERT)

    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(ask) for _ in range(8)]]
    assert len(set(answers)) == 1
    assert host.asked == {CERT: 1}


def test_everybody_who_waited_hears_of_the_failure(host: CertificateHost) -> None:
    host.before_answer = lambda: time.sleep(0.2)
    barrier = threading.Barrier(4)

    def ask() -> str:
        barrier.wait(5)
        return reason_of(FOLDER + "absent.pem")

    with ThreadPoolExecutor(4) as pool:
        answers = {future.result() for future in [pool.submit(ask) for _ in range(4)]}
    assert answers == {"certificate_fetch"}
    assert sum(host.asked.values()) == 1


def test_who_waits_looks_at_the_time_too(host: CertificateHost) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        go_on.wait(5)

    host.before_answer = wait
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(key_at, CERT)
        asked.wait(5)
        second = pool.submit(reason_of, CERT, now() + timedelta(days=301))
        time.sleep(0.05)  # it waits by now
        go_on.set()
    assert first.result()
    assert second.result() == "certificate"


def test_a_fetch_that_dies_leaves_nobody_waiting(host: CertificateHost) -> None:
    def die() -> None:
        raise SystemExit  # a worker that is told to stop

    host.before_answer = die
    with pytest.raises(SystemExit):
        key_at(CERT)
    assert reason_of(CERT) == "certificate_fetch"


def test_slow_fetches_leave_threads_free_and_known_chains_at_work(
    host: CertificateHost,
) -> None:
    assert key_at(CERT)
    busy, go_on = threading.Barrier(signing_keys.MAX_FETCHES + 1), threading.Event()

    def wait() -> None:
        busy.wait(5)
        go_on.wait(5)

    host.before_answer = wait
    with ThreadPoolExecutor(signing_keys.MAX_FETCHES) as pool:
        slow = [
            pool.submit(reason_of, f"{FOLDER}slow-{number}.pem")
            for number in range(signing_keys.MAX_FETCHES)
        ]
        busy.wait(5)
        try:
            assert reason_of(FOLDER + "one-more.pem") == "certificate_fetch_limit"
            assert key_at(CERT)
        finally:
            go_on.set()
    assert [future.result() for future in slow] == ["certificate_fetch"] * len(slow)
    assert FOLDER + "one-more.pem" not in host.asked


def test_a_flood_of_addresses_is_not_passed_on(host: CertificateHost, clock: Clock) -> None:
    assert key_at(CERT)
    for number in range(200):
        reason_of(f"{FOLDER}wrong-{number}.pem")
    assert sum(host.asked.values()) == signing_keys.BUDGET + 1
    assert reason_of(f"{FOLDER}wrong-x.pem") == "certificate_fetch_limit"
    assert key_at(CERT)
    # and it ends by itself
    clock.seconds += signing_keys.REFILL
    assert reason_of(f"{FOLDER}wrong-y.pem") == "certificate_fetch"
    assert reason_of(f"{FOLDER}wrong-z.pem") == "certificate_fetch_limit"
    clock.seconds += 10_000
    for number in range(200):
        reason_of(f"{FOLDER}later-{number}.pem")
    assert sum(host.asked.values()) == signing_keys.BUDGET * 2 + 2


def test_good_chains_do_not_use_up_the_budget(host: CertificateHost, clock: Clock) -> None:
    for number in range(signing_keys.BUDGET * 2):
        host.chains[url := f"{FOLDER}good-{number}.pem"] = host.chains[CERT]
        assert key_at(url)


def test_what_is_remembered_is_bounded(
    host: CertificateHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "BUDGET", 10_000)
    signing_keys.forget()
    for number in range(signing_keys.FAILED_KEPT + 10):
        reason_of(f"{FOLDER}wrong-{number}.pem")
    for number in range(signing_keys.KEPT + 10):
        host.chains[url := f"{FOLDER}good-{number}.pem"] = host.chains[CERT]
        assert key_at(url)
    assert len(signing_keys._public_keys._failed) == signing_keys.FAILED_KEPT
    assert len(signing_keys._public_keys._kept) == signing_keys.KEPT
    assert not signing_keys._public_keys._pending
