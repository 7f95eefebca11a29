"""What a run says of endpoints of a few lines: one that takes all, one that takes nothing …"""

from __future__ import annotations

import ssl
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import certifi
import pytest
from cryptography.hazmat.primitives import serialization

from companion.local.environment import free_port
from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.cases import CASES
from skill_endpoint.certification.exchange import Target
from skill_endpoint.certification.kit import Kit
from skill_endpoint.certification.run import CouldNotRun, Report, Wishes, certify, chosen
from skill_endpoint.simulator import pki
from tests.skill_endpoint.certification.small_server import (
    RESPONSE,
    Reply,
    always,
    replying,
    saying,
)

SOME = ("signature-missing", "url-http", "timestamp-words", "body-not-json", "method-get")
NEEDS_A_KEY = ("signature-sha1-only", "timestamp-old", "skill-id-other", "chain-expired")


def states(report: Report) -> dict[str, str]:
    return {result.case.code: result.verdict.state for result in report.results}


def test_every_case_can_fail(key_dir: Path) -> None:
    """An endpoint that takes whatever comes fails each refusal, and each of them for sure."""
    with replying(always(200, RESPONSE, **{"Content-Type": "application/json"})) as url:
        chains = f"http://127.0.0.1:{free_port()}"
        report = certify(Wishes(url=url, key_dir=key_dir, chain_url=chains, jobs=8))
    for result in report.results:
        case, verdict = result.case, result.verdict
        # the first two are beyond the limit of any server; the last is not answered at all
        if case.control and case.code not in {
            "signature-100-kb",
            "url-100-kb",
            "sender-stops-halfway",
        }:
            wanted = "failed" if case.level == "must" else "warning"
            assert (case.code, verdict.state) == (case.code, wanted)
            assert result.proof == "conclusive"
    assert report.exit_status == 1


def test_a_closed_door_proves_nothing(key_dir: Path) -> None:
    """An endpoint that refuses everybody refuses Alexa as well."""
    with replying(always(400)) as url:
        report = certify(Wishes(url=url, key_dir=key_dir, only=(*SOME, *NEEDS_A_KEY)))
    found = states(report)
    assert found.pop("accepted-launch") == "failed"
    assert found.pop("accepted-chain-published") == "warning"
    assert set(found.values()) == {"refused"}
    assert {each.proof for each in report.results if each.case.control} == {"control-refused"}
    assert report.exit_status == 2, "nothing can be said of it"


def test_a_launch_refused_under_another_address_fails_no_review(key_dir: Path) -> None:
    """It may take its chains from somewhere else, as the control of published chains says."""
    with replying(always(400)) as url:
        chains = f"http://127.0.0.1:{free_port()}"
        wishes = Wishes(url=url, key_dir=key_dir, chain_url=chains, only=("chain-downloaded-once",))
        report = certify(wishes)
    assert states(report) == {"chain-downloaded-once": "warning"}


def test_without_a_key_a_refusal_is_inconclusive_and_the_rest_is_skipped() -> None:
    with replying(always(400)) as url:
        report = certify(Wishes(url=url, only=(*SOME, *NEEDS_A_KEY)))
    found = states(report)
    assert [found[code] for code in SOME] == ["refused"] * len(SOME)
    assert [found[code] for code in NEEDS_A_KEY] == ["skipped"] * len(NEEDS_A_KEY)
    assert found["accepted-launch"] == "skipped"
    assert report.exit_status == 0
    reasons = {each.case.code: each.verdict.seen for each in report.results}
    assert "--key-dir" in reasons["timestamp-old"]
    assert "root-key.pem" in reasons["chain-expired"]


def test_without_a_key_an_acceptance_is_a_failure_all_the_same() -> None:
    with replying(always(200, RESPONSE)) as url:
        found = states(certify(Wishes(url=url, only=SOME)))
    assert {found[code] for code in SOME if code != "method-get"} == {"failed"}


def test_controls_come_first_and_their_cases_lean_on_them(key_dir: Path) -> None:
    seen: list[bytes] = []

    def reply(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        seen.append(body)
        genuine = b"LaunchRequest" in body and request.headers.get("Signature-256")
        return (200, {"Content-Type": "application/json"}, RESPONSE) if genuine else (400, {}, b"")

    with replying(reply) as url:
        report = certify(Wishes(url=url, key_dir=key_dir, only=("body-null", "signature-empty")))
    assert states(report) == {
        "accepted-launch": "passed",
        "body-null": "passed",
        "signature-empty": "passed",
    }
    assert b"LaunchRequest" in seen[0]
    assert {each.proof for each in report.results} == {None, "conclusive"}
    assert report.exit_status == 0


def test_each_request_is_of_somebody_new(key_dir: Path) -> None:
    ids: Counter[bytes] = Counter()

    def reply(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        ids.update([body.partition(b'"requestId": "')[2][:60]])
        return 400, {}, b""

    with replying(reply) as url:
        certify(Wishes(url=url, key_dir=key_dir, only=("url-http", "url-ftp", "url-file")))
    assert len(ids) == 4
    assert set(ids.values()) == {1}


def test_the_folder_of_keys_is_left_as_it_was(key_dir: Path) -> None:
    before = {path.name: path.read_bytes() for path in key_dir.iterdir()}
    during: set[str] = set()

    def reply(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        during.update(path.name for path in key_dir.glob("certify-*"))
        return 200, {"Content-Type": "application/json"}, RESPONSE

    with replying(reply) as url:
        certify(Wishes(url=url, key_dir=key_dir, only=("chain-expired", "chain-empty")))
    assert len(during) == 3
    assert {path.name: path.read_bytes() for path in key_dir.iterdir()} == before


def test_a_folder_that_cannot_be_written_skips_the_chains(
    key_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the tests may write everywhere, so the name is made one that nobody can."""
    monkeypatch.setattr("skill_endpoint.certification.kit.Kit.name", lambda self, label: "no/such")
    with replying(always(400)) as url:
        report = certify(Wishes(url=url, key_dir=key_dir, only=("chain-empty",)))
    assert states(report)["chain-empty"] == "skipped"


def test_without_the_roots_key_chains_are_skipped(key_dir: Path, tmp_path: Path) -> None:
    for name in ("chain.pem", "key.pem", "root.pem"):
        (tmp_path / name).write_bytes((key_dir / name).read_bytes())
    with replying(always(400)) as url:
        found = states(certify(Wishes(url=url, key_dir=tmp_path, only=("chain-expired",))))
    assert found["chain-expired"] == "skipped"


def test_a_stranger_sends_the_endpoint_about() -> None:
    """It answers 400 as wanted, and has fetched the address before."""

    def reply(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        address = request.headers.get("SignatureCertChainUrl", "")
        if address.startswith("http://127.0.0.1"):
            urllib.request.urlopen(address).close()  # noqa: S310 - the fault to be found
        return 400, {}, b""

    with replying(reply) as url:
        report = certify(Wishes(url=url, only=("url-reachable-elsewhere",)))
    verdict = report.results[-1].verdict
    assert verdict.state == "failed"
    assert "it fetched the address" in verdict.seen


# --- rate limits --------------------------------------------------------------------------------


def test_it_waits_where_the_endpoint_says_so_and_sends_again() -> None:
    statuses = iter([429, 429])

    def reply(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        status = next(statuses, 400)
        return status, {"Retry-After": "0"} if status == 429 else {}, b""

    with replying(reply) as url:
        report = certify(Wishes(url=url, only=("signature-missing",)))
    assert states(report)["signature-missing"] == "refused"


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        ("7", [7, 7]),
        ("31", [31]),  # twice would be more than a minute
        ("3600", []),
        ("9" * 400, []),
        ("-1", [5, 5]),
        ("٣", [5, 5]),
        ("Sun, 22 Nov 2026 12:00:00 GMT", [5, 5]),
        ("", [5, 5]),
    ],
)
def test_it_waits_for_a_minute_in_all(retry_after: str, waits: list[int]) -> None:
    waited: list[float] = []

    raw = f"HTTP/1.1 429 Slow\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n"
    with saying(raw.encode()) as url:
        # a clock on which nothing takes time but waiting
        kit = Kit(target=Target.of(url))
        bench = Bench(kit, pause=waited.append, clock=lambda: float(sum(waited)))
        answer = bench.send(lambda kit: kit.request(kit.launch())).answer
    assert answer.status == 429
    assert [round(seconds) for seconds in waited] == waits


def test_a_rate_limit_that_stays_is_no_verdict() -> None:
    def reply(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        return 429, {"Retry-After": "3600"}, b""

    with replying(reply) as url:
        report = certify(Wishes(url=url, only=("signature-missing", "signature-empty")))
    assert states(report)["signature-missing"] == "unjudged"
    assert report.exit_status == 2


# --- what cannot be run -------------------------------------------------------------------------


def test_nobody_there_is_no_verdict() -> None:
    with pytest.raises(CouldNotRun, match="nothing answers"):
        certify(Wishes(url=f"http://127.0.0.1:{free_port()}/"))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:8901",
        "http://192.0.2.1:8901",
        "http://127.0.0.1",
        "http://127.0.0.1:99999",
        "http://[::1",
        "nonsense",
    ],
)
def test_chains_are_served_on_this_machine_only(url: str) -> None:
    with replying(always(400)) as endpoint, pytest.raises(CouldNotRun, match="--chain-url"):
        certify(Wishes(url=endpoint, chain_url=url))


def test_a_port_in_use_cannot_serve_chains() -> None:
    with replying(always(400)) as endpoint, pytest.raises(CouldNotRun, match="cannot listen"):
        certify(Wishes(url=endpoint, chain_url=endpoint))


def test_a_folder_without_keys_is_named(tmp_path: Path) -> None:
    with replying(always(400)) as url, pytest.raises(CouldNotRun, match=r"chain\.pem and key\.pem"):
        certify(Wishes(url=url, key_dir=tmp_path))


def test_a_case_that_there_is_not_is_named() -> None:
    with pytest.raises(CouldNotRun, match="no such case: nonsense"):
        chosen(["nonsense", "replay"])


# --- TLS ----------------------------------------------------------------------------------------


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Not in the way of what a failing test prints."""


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An https endpoint for localhost, and the file of the root that signed its certificate."""
    root = pki.new_root("A Root")
    leaf = pki.new_leaf(pki.new_intermediate(root), dns_names=["localhost"])
    chain = tmp_path / "server.pem"
    key = leaf.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(leaf.chain_pem() + key)
    (tmp_path / "root.pem").write_bytes(pki.pem(root.certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}/alexa", tmp_path / "root.pem"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_nobody_trusts_is_the_finding(https: tuple[str, Path]) -> None:
    report = certify(Wishes(url=https[0], only=("tls-trusted", "signature-missing")))
    found = {result.case.code: result.verdict for result in report.results}
    assert found["tls-trusted"].state == "failed"
    assert "certificate" in found["tls-trusted"].seen
    assert found["signature-missing"].state == "skipped"
    assert "TLS" in found["signature-missing"].seen
    assert report.exit_status == 1


def test_over_tls_it_asks_all_the_same(
    https: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: str(https[1]))
    report = certify(Wishes(url=https[0], only=("tls-trusted", "body-1-mb"), jobs=1))
    found = {result.case.code: result.verdict for result in report.results}
    assert found["body-1-mb"].state in {"refused", "warning"}
    assert found["tls-trusted"].state == "warning"
    assert "TLSv1.3, trusted, until 20" in found["tls-trusted"].seen
    assert "port 443 only" in found["tls-trusted"].notes[0]


def test_another_machine_does_not_find_chains_in_a_folder_here(
    https: tuple[str, Path], key_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: str(https[1]))
    monkeypatch.setattr("skill_endpoint.certification.exchange.LOOPBACK", frozenset())
    only = ("chain-expired", "chain-empty", "url-reachable-elsewhere", "skill-id-other")
    report = certify(Wishes(url=https[0], key_dir=key_dir, only=only, jobs=1))
    assert states(report) == {
        "accepted-launch": "failed",
        "accepted-chain-published": "skipped",
        "chain-expired": "skipped",
        "chain-empty": "skipped",
        "url-reachable-elsewhere": "skipped",
        "skill-id-other": "refused",
    }
    assert (report.signs, report.chains) == (True, "")


def test_a_certificate_for_another_name_is_the_finding(
    https: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certifi, "where", lambda: str(https[1]))
    report = certify(Wishes(url=https[0].replace("localhost", "127.0.0.1"), only=("tls-trusted",)))
    assert states(report)["tls-trusted"] == "failed"


# --- the catalogue ------------------------------------------------------------------------------


def test_codes_are_stable_words_and_each_has_one_meaning() -> None:
    codes = [case.code for case in CASES]
    assert [code for code, number in Counter(codes).items() if number > 1] == []
    assert all(code.replace("-", "").isalnum() and code == code.lower() for code in codes)
    assert max(map(len, codes)) <= 35


def test_every_refusal_has_a_control_that_goes_before_it() -> None:
    by_code = {case.code: case for case in CASES}
    for case in CASES:
        if case.control:
            assert by_code[case.control].is_control, case.code
        assert case.source.startswith("https://"), case.code
        assert case.group, case.code
