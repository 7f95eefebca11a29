"""S3 does not give Alexa's certificate chain, or something else: at the start and later."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from faults.asking import ANSWERED, Cast
from faults.played import Played, Way, played
from faults.scenario import Scenario
from faults.stage import Site, Stage
from faults.verdict import Expected
from skill_endpoint.simulator import pki

REFUSED = "status 400"  # nobody can know that it comes from Alexa
AT_START = Expected(turns=frozenset({ANSWERED, REFUSED}), longest=6.0, well=7.0)
LATER = Expected(
    turns=frozenset({ANSWERED}), pages=frozenset({"page"}), answered=1.0, longest=2.0, well=1.0
)


def at_start(stage: Stage) -> None:
    """A new server has seen no chain: it cannot tell Alexa from anybody else."""
    with _s3(stage) as s3:
        s3.way = Way.DOWN
        with (
            _site(stage, s3) as site,
            stage.talking("at the start: no chain", site, AT_START, turns=8) as (talk, _),
        ):
            with talk.fault():
                time.sleep(5)
                s3.way = Way.GOOD
            talk.until_well()


def later(stage: Stage) -> None:
    """Turns under the chain that the server has go on; Alexa begins to use another one."""
    with (
        _s3(stage) as s3,
        _site(stage, s3) as site,
        stage.talking("another chain, and no S3", site, LATER) as (talk, found),
    ):
        time.sleep(1)
        with talk.fault():
            for way in (each for each in Way if each != Way.GOOD):
                s3.way = way
                cast = _under(stage.cast, f"chain-{way}")
                heard = [talk.aside(cast.next_turn("who")) for _ in range(4)]
                outcomes = Counter(each.outcome for each in heard)
                longest = max(each.took for each in heard)
                found.check(set(outcomes) == {REFUSED}, f"{way}: {dict(outcomes)}")
                found.check(longest < AT_START.longest, f"{way}: a turn took {longest:.1f} s")
                found.said.append(f"{way}: refused, after {longest:.1f} s and then at once")
            s3.way = Way.GOOD
        late = talk.aside(_under(stage.cast, "chain-next").next_turn("who"))
        found.check(late.outcome == ANSWERED, f"a chain after it: {late.outcome}")
        found.check(s3.followed == 0, "a redirect was followed")
        talk.until_well()


@dataclass(frozen=True)
class _Named(pki.Signer):
    """Whose chain is at an address of its own."""

    name: str

    def headers_for(self, body: bytes, name: str = "") -> dict[str, str]:
        return super().headers_for(body, name or self.name)


def _under(cast: Cast, name: str) -> Cast:
    return replace(cast, signer=_Named(cast.signer.chain, cast.signer.key, name))


@contextlib.contextmanager
def _s3(stage: Stage) -> Iterator[Played]:
    with played(stage.here, stage.world.signer.chain_pem(), _context(stage)) as s3:
        yield s3


@contextlib.contextmanager
def _site(stage: Stage, s3: Played) -> Iterator[Site]:
    """It has no development key, and trusts the stage's root as it does the public ones."""
    more = {
        "DJANGO_SETTINGS_MODULE": "faults.settings",
        "FAULTS_ROOTS": str(_folder(stage) / "root.pem"),
        "ALEXA_DEV_PKI_DIR": "",
        "HTTPS_PROXY": s3.url,
    }
    with stage.site(more=more, workers=1) as site:
        yield site


def _context(stage: Stage) -> ssl.SSLContext:
    """Of a server that is s3.amazonaws.com to whoever trusts the stage's root."""
    folder = _folder(stage)
    root = pki.kept_root(folder)
    assert root  # noqa: S101 - the stage made it
    leaf = pki.new_leaf(pki.new_intermediate(root), dns_names=["s3.amazonaws.com"])
    private = leaf.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "s3.pem").write_bytes(leaf.chain_pem() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "s3.pem")
    return context


def _folder(stage: Stage) -> Path:
    return stage.world.state / "alexa"


SCENARIOS = [Scenario(at_start), Scenario(later)]
