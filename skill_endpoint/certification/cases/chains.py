"""Chains at the right address that are none, do not come, or prove nothing."""

from __future__ import annotations

from collections.abc import Callable

from skill_endpoint.certification import sources
from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.case import Case, Level, Needs, Verdict
from skill_endpoint.certification.cases.making import answered, grouped, refused
from skill_endpoint.certification.chain_server import File
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.judgement import acceptance
from skill_endpoint.certification.kit import Kit

PUBLISHED = "accepted-chain-published"
HUGE = 4 * 1024 * 1024  # bytes
LAUNCHES = 4


def _served(label: str, make: Callable[[Kit], File]) -> Callable[[Kit], Request]:
    """The good signature, under an address where this file is."""

    def build(kit: Kit) -> Request:
        assert kit.publisher is not None  # noqa: S101 - it needs a place to publish
        kit.publisher(kit.name(label), make(kit))
        return kit.request(kit.launch(), headers={"SignatureCertChainUrl": kit.chain_url(label)})

    return build


def _chain(kit: Kit) -> bytes:
    assert kit.signer is not None  # noqa: S101 - it needs a key
    return kit.signer.chain_pem()


def _under(label: str) -> Callable[[Kit], Request]:
    """A good signature of a chain that is wrong, or good, in what its label says."""

    def build(kit: Kit) -> Request:
        assert kit.publisher is not None  # noqa: S101 - it needs a place to publish
        signer = kit.variants[label]
        kit.publisher(kit.name(label), File(content=signer.chain_pem()))
        return kit.request(
            kit.launch(), signer=signer, headers={"SignatureCertChainUrl": kit.chain_url(label)}
        )

    return build


def _bad(label: str, title: str, why: str, level: Level = "must", source: str = "") -> Case:
    return refused(
        f"chain-{label}",
        title,
        _under(label),
        why=why,
        source=source or sources.HOSTING,
        level=level,
        needs=Needs.ROOT,
        control=PUBLISHED,
    )


def _redirect(kit: Kit) -> File:
    assert kit.server is not None  # noqa: S101 - it needs one
    name = kit.name("after-redirect")
    kit.server.files[f"{name}.pem"] = File(content=_chain(kit))
    return File(status=302, leads_to=f"{kit.server.url}/other/{name}.pem")


def _downloaded_once(bench: Bench) -> Verdict:
    """Launches under one new chain; the server of the chains says how often it was asked."""
    kit = bench.kit
    assert kit.server is not None  # noqa: S101 - it needs one
    build = _served("counted", lambda kit: File(content=_chain(kit)))
    for _ in range(LAUNCHES):
        verdict = acceptance(bench.send(build), level="should")
        if verdict.status != 200:
            return verdict
    downloads = kit.server.asked[f"{kit.name('counted')}.pem"]
    return Verdict(
        state="passed" if downloads <= 1 else "warning",
        seen=f"{downloads} downloads for {LAUNCHES} requests",
        status=200,
        milliseconds=verdict.milliseconds,
    )


CASES = grouped(
    "Certificate chain",
    answered(
        PUBLISHED,
        "a good chain, published for this run",
        _served("published", lambda kit: File(content=_chain(kit))),
        why="every chain below differs from it in one thing. If this alone is refused, the "
        "endpoint takes its chains from somewhere else",
        source=sources.HOSTING,
        level="should",
        needs=Needs.PUBLISHING,
        is_control=True,
    ),
    answered(
        "accepted-chain-several-names",
        "a chain whose leaf has other names beside Alexa's",
        _under("several-names"),
        why="Alexa's name has to be among them",
        source=sources.HOSTING,
        needs=Needs.ROOT,
    ),
    answered(
        "accepted-chain-without-root",
        "a chain that leaves the root out",
        _under("root-left-out"),
        why="you have the roots you trust",
        source=sources.HOSTING,
        needs=Needs.ROOT,
    ),
    refused(
        "chain-missing",
        "Amazon's folder, and a file that is not there",
        lambda kit: kit.request(
            kit.launch(), headers={"SignatureCertChainUrl": kit.chain_url("missing")}
        ),
        why="Amazon's host answers 403 or 404 for it",
        source=sources.PYTHON_VERIFIER,
    ),
    refused(
        "chain-forbidden",
        "a chain whose address answers 403",
        _served("forbidden", lambda kit: File(status=403, content=b"<Error/>")),
        why="somebody else chose the address; its error is no 500",
        source=sources.PYTHON_VERIFIER,
        needs=Needs.SERVER,
        control=PUBLISHED,
    ),
    refused(
        "chain-redirected",
        "a chain whose address leads to another host",
        _served("redirected", _redirect),
        why="the rule for the address does not hold there",
        source=sources.HOSTING,
        level="should",
        needs=Needs.SERVER,
        control=PUBLISHED,
    ),
    refused(
        "chain-empty",
        "an empty file",
        _served("empty", lambda kit: File()),
        why="no certificate, no trust",
        source=sources.HOSTING,
        needs=Needs.PUBLISHING,
        control=PUBLISHED,
    ),
    refused(
        "chain-not-pem",
        "a web page in place of a chain",
        _served("not-pem", lambda kit: File(content=b"<html>not here</html>")),
        why="a parser's error is no 500",
        source=sources.PYTHON_VERIFIER,
        needs=Needs.PUBLISHING,
        control=PUBLISHED,
    ),
    refused(
        "chain-garbled",
        "PEM around bytes that are no certificate",
        _served(
            "garbled",
            lambda kit: File(
                content=b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            ),
        ),
        why="a parser's error is no 500",
        source=sources.PYTHON_VERIFIER,
        needs=Needs.PUBLISHING,
        control=PUBLISHED,
    ),
    refused(
        "chain-huge",
        f"a good chain and {HUGE // 1024 // 1024} MB of nothing behind it",
        _served("huge", lambda kit: File(content=_chain(kit) + b"\n" * HUGE)),
        why="a chain has some 6 KB; what is read has a limit",
        source=sources.HOSTING,
        level="should",
        needs=Needs.PUBLISHING,
        control=PUBLISHED,
    ),
    refused(
        "chain-slow",
        "a chain that comes byte by byte",
        _served("slow", lambda kit: File(content=_chain(kit), slow=True)),
        why="a download needs a deadline, or a few such requests hold every thread",
        source=sources.PYTHON_VERIFIER,
        needs=Needs.SERVER,
        control=PUBLISHED,
        is_slow=True,
    ),
    _bad("expired", "a leaf that ended yesterday", "it is valid no more"),
    _bad("not-yet-valid", "a leaf that begins tomorrow", "it is not valid yet"),
    _bad(
        "expired-intermediate",
        "an intermediate certificate that ended",
        "every certificate of the chain has to be valid",
    ),
    _bad(
        "self-signed",
        "a certificate that signed itself, with Alexa's name",
        "anybody can make one",
        source=sources.NO_CHAIN,
    ),
    _bad(
        "of-another-root",
        "a whole chain of a root that nobody trusts",
        "anybody can make one",
        source=sources.NO_CHAIN,
    ),
    _bad(
        "without-intermediate",
        "a leaf alone, whose issuer is not in the file",
        "there is no path to a root",
    ),
    _bad("of-a-leaf", "a leaf that another leaf signed", "a leaf may not sign certificates"),
    _bad("other-name", "a leaf of another name", "echo-api.amazon.com has to be among its names"),
    _bad(
        "look-alike-name",
        "a leaf of echo-api.amazon.com.notamazon.example",
        "the whole name is compared",
    ),
    _bad(
        "without-san",
        "a leaf with Alexa's name as its common name only",
        "the name has to be among the subject alternative names",
        source=sources.PYTHON_VERIFIER,
    ),
    _bad(
        "wildcard-name",
        "a leaf of *.amazon.com",
        "the page asks for the name itself",
        "should",
    ),
    _bad(
        "short-key",
        "a leaf with a key of 1024 bits",
        "keys of that size are no longer trusted",
        "should",
    ),
    _bad(
        "client-usage",
        "a leaf for clients, not for servers",
        "Amazon's is one for servers",
        "should",
    ),
    Case(
        code="chain-downloaded-once",
        title=f"{LAUNCHES} launches under one new chain",
        wanted="one download: who fetches it for each request waits for Amazon's host each time",
        source=sources.DOWNLOADS,
        trial=_downloaded_once,
        level="should",
        needs=Needs.SERVER,
    ),
)
