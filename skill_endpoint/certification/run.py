"""A whole run: what there is to sign with, the controls, the other cases beside one another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.case import Case, Needs, Result, Verdict, with_proof
from skill_endpoint.certification.cases import CASES
from skill_endpoint.certification.cases.making import LAUNCH
from skill_endpoint.certification.chain_server import File, serving
from skill_endpoint.certification.exchange import LOOPBACK, NoConnection, Target, connect
from skill_endpoint.certification.kit import MADE_UP_SKILL, Kit
from skill_endpoint.certification.publishing import to_folder, to_server
from skill_endpoint.certification.wrong_chains import variants
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.pki import CHAIN_URL, Signer

JOBS = 4
MAX_JOBS = 8
TLS = "tls-trusted"


class CouldNotRun(Exception):
    """Nothing can be said of the endpoint; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    url: str
    skill_id: str = ""
    key_dir: Path | None = None
    chain_url: str = ""
    only: tuple[str, ...] = ()  # codes; all where empty
    jobs: int = JOBS


@dataclass(frozen=True, kw_only=True)
class Report:
    endpoint: str
    skill_id: str  # "" where it is made up
    signs: bool  # there was a key
    chains: str  # where the endpoint finds them: "", "folder" or "server"
    begun: datetime
    seconds: float
    results: tuple[Result, ...]

    def count(self) -> dict[str, int]:
        """How many ended in each state, in the order of a summary."""
        states = [result.verdict.state for result in self.results]
        return {
            state: states.count(state)
            for state in ("passed", "refused", "warning", "failed", "unjudged", "skipped")
        }

    @property
    def refuses_the_good(self) -> bool:
        """The good request itself was refused, and all that leans on it is not judged."""
        verdicts = (result.verdict for result in self.results if result.case.code == LAUNCH)
        return any(each.state == "failed" and 400 <= each.status < 500 for each in verdicts)

    @property
    def exit_status(self) -> int:
        """0: nothing failed; 1: something did; 2: some could not be judged, so nobody knows."""
        if self.refuses_the_good:
            return 2
        counts = self.count()
        if counts["failed"]:
            return 1
        return 2 if counts["unjudged"] else 0


def chosen(only: Iterable[str]) -> tuple[Case, ...]:
    """The cases of these codes with the controls they lean on. Raises CouldNotRun for others."""
    by_code = {case.code: case for case in CASES}
    wanted = set(only) or set(by_code)
    if unknown := sorted(wanted - set(by_code)):
        raise CouldNotRun(f"no such case: {', '.join(unknown)} (--list names them)")
    wanted |= {by_code[code].control for code in wanted}
    return tuple(case for case in CASES if case.code in wanted)


def certify(wishes: Wishes) -> Report:
    """Try the cases on the endpoint. Raises CouldNotRun, and TargetRefused for its address."""
    cases = chosen(wishes.only)
    target = Target.of(wishes.url)
    begun, begin = datetime.now(UTC), time.monotonic()
    tls_fault = _tls_fault(target)
    with _kit(wishes, target) as kit:
        results = tuple(_tried(cases, kit, wishes, tls_fault))
    return Report(
        endpoint=target.shown,
        skill_id=wishes.skill_id,
        signs=kit.signer is not None,
        chains=_chains(kit, wishes),
        begun=begun,
        seconds=time.monotonic() - begin,
        results=results,
    )


def _tls_fault(target: Target) -> str:
    """Why there is no TLS to speak over, or "". Raises CouldNotRun where nothing answers."""
    try:
        connect(target).close()
    except NoConnection as error:
        if error.problem == "tls":
            return str(error)
        raise CouldNotRun(f"nothing answers at {target.shown}: {error}") from error
    return ""


@contextmanager
def _kit(wishes: Wishes, target: Target) -> Iterator[Kit]:
    """What requests are made of. Raises CouldNotRun for a key or a place that is none."""
    kit = Kit(target=target, skill_id=wishes.skill_id or MADE_UP_SKILL)
    with ExitStack() as stack:
        if wishes.chain_url or target.is_here:
            place = _place(wishes.chain_url) if wishes.chain_url else ("127.0.0.1", 0)
            try:
                kit.server = stack.enter_context(serving(*place))
            except OSError as error:
                raise CouldNotRun(f"cannot listen at {wishes.chain_url}: {error}") from error
        if wishes.key_dir:
            kit.signer, kit.variants = _keys(wishes.key_dir)
            kit.chain = CHAIN_URL.format(name="chain")
        if kit.signer and kit.server and wishes.chain_url:
            kit.publisher = to_server(kit.server)
            kit.chain = kit.chain_url("chain")
            kit.publisher(kit.name("chain"), File(content=kit.signer.chain_pem()))
        elif wishes.key_dir and target.is_here:  # another machine reads a folder of its own
            kit.publisher = stack.enter_context(to_folder(wishes.key_dir))
        yield kit


def _chains(kit: Kit, wishes: Wishes) -> str:
    if kit.signer is None or kit.publisher is None:
        return ""
    return "server" if wishes.chain_url else "folder"


def _place(url: str) -> tuple[str, int]:
    """Host and port of an http address on this machine. Raises CouldNotRun."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not url.startswith("http://") or host not in LOOPBACK or not port:
        raise CouldNotRun("--chain-url is http on this machine, with a port: http://127.0.0.1:8901")
    return host, port


def _keys(folder: Path) -> tuple[Signer, dict[str, Signer]]:
    """The signer, and with the root's key the chains that are wrong. Raises CouldNotRun."""
    try:
        signer = pki.load(folder)
    except (OSError, ValueError) as error:
        raise CouldNotRun(
            f"no chain.pem and key.pem to sign with in {folder} (make demo makes them in "
            ".local/alexa)"
        ) from error
    root = pki.kept_root(folder)
    return signer, variants(root) if root else {}


def _lacks(case: Case, kit: Kit, wishes: Wishes, tls_fault: str) -> str:
    """Why a case cannot be tried, or ""."""
    has = {
        Needs.NOTHING: True,
        Needs.KEY: kit.signer is not None,
        Needs.PUBLISHING: kit.signer is not None and kit.publisher is not None,
        Needs.ROOT: bool(kit.variants) and kit.publisher is not None,
        Needs.SERVER: kit.signer is not None and bool(wishes.chain_url),
        Needs.HERE: kit.target.is_here,
        Needs.HTTPS: kit.target.scheme == "https",
    }
    if not has[case.needs]:
        return f"it needs {case.needs.value}"
    if tls_fault and case.code != TLS:
        return f"there is no TLS connection to send it over: {tls_fault}"
    return ""


def _tried(cases: tuple[Case, ...], kit: Kit, wishes: Wishes, tls_fault: str) -> Iterator[Result]:
    """Controls first, one by one; then the others beside one another, the slow ones early."""
    bench = Bench(kit)
    verdicts: dict[str, Verdict] = {}

    def verdict(case: Case) -> Verdict:
        if reason := _lacks(case, kit, wishes, tls_fault):
            return Verdict(state="skipped", seen=reason)
        try:
            return case.trial(bench)
        except OSError as error:  # of the folder: what comes over the network raises none
            return Verdict(state="skipped", seen=f"the chain cannot be published: {error.strerror}")

    for case in cases:
        if case.is_control:
            verdicts[case.code] = verdict(case)
    others = [case for case in cases if not case.is_control and not case.is_last]
    others.sort(key=lambda case: not case.is_slow)
    with ThreadPoolExecutor(max(1, min(wishes.jobs, MAX_JOBS))) as pool:
        for case, found in zip(others, pool.map(verdict, others), strict=True):
            verdicts[case.code] = found
    for case in cases:
        if case.is_last:
            verdicts[case.code] = verdict(case)
    for case in cases:
        yield with_proof(case, verdicts[case.code], verdicts, fetched=bool(wishes.chain_url))
