"""Addresses of certificate chains that are not Amazon's, or not addresses.

NAME stands for the file of the good chain: an endpoint that fetches it finds it there.
"""

from __future__ import annotations

from dataclasses import replace

from skill_endpoint.certification import sources
from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.case import Case, Doubt, Level, Needs, Verdict
from skill_endpoint.certification.cases.making import (
    LAUNCH,
    OVERSIZED,
    Build,
    answered,
    grouped,
    refused,
)
from skill_endpoint.certification.chain_server import File
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.judgement import refusal
from skill_endpoint.certification.kit import Kit

HOST = "s3.amazonaws.com"


def _at(address: str | None) -> Build:
    def build(kit: Kit) -> Request:
        name = kit.chain.rpartition("/")[2]
        url = None if address is None else address.replace("NAME", name)
        return kit.request(kit.launch(), headers={"SignatureCertChainUrl": url})

    return build


def _wrong(
    code: str,
    title: str,
    address: str | None,
    why: str,
    *,
    doubt: Doubt = "never",
    level: Level = "must",
    source: str = sources.HOSTING,
) -> Case:
    return refused(
        code,
        title,
        _at(address),
        why=why,
        source=source,
        level=level,
        doubt=doubt,
    )


def _twice(kit: Kit) -> Request:
    other = kit.chain.replace("/echo.api/", "/other/")
    return kit.request(
        kit.launch(),
        headers={"SignatureCertChainUrl": other},
        more=(("SignatureCertChainUrl", kit.chain),),
    )


def _reachable(bench: Bench) -> Verdict:
    """An address that would answer, with the good chain: whether it was asked is seen there."""
    server, kit = bench.kit.server, bench.kit
    assert server is not None  # noqa: S101 - it needs one
    name = kit.name("elsewhere")
    chain = kit.signer.chain_pem() if kit.signer else b"made up"
    server.files[f"{name}.pem"] = File(content=chain)
    headers = {"SignatureCertChainUrl": f"{server.url}/echo.api/{name}.pem"}
    sent = bench.send(lambda kit: kit.request(kit.launch(), headers=headers))
    verdict = refusal(sent)
    if downloads := server.asked[f"{name}.pem"]:
        seen = f"{verdict.seen}; it fetched the address ({downloads})"
        return replace(verdict, state="failed", seen=seen)
    return verdict


CASES = grouped(
    "Address of the chain",
    answered(
        "accepted-url-port-443",
        f"{HOST}:443",
        lambda kit: kit.request(
            kit.launch(),
            headers={"SignatureCertChainUrl": kit.chain.replace(HOST, f"{HOST}:443")},
        ),
        why="one of the page's examples",
        source=sources.HOSTING,
    ),
    answered(
        "accepted-url-dot-dot",
        "/echo.api/../echo.api/",
        lambda kit: kit.request(
            kit.launch(),
            headers={
                "SignatureCertChainUrl": kit.chain.replace("/echo.api/", "/echo.api/../echo.api/")
            },
        ),
        why="one of the page's examples: normalized, it is Amazon's",
        source=sources.HOSTING,
    ),
    answered(
        "accepted-url-other-case",
        "HTTPS://S3.AMAZONAWS.COM",
        lambda kit: kit.request(
            kit.launch(),
            headers={
                "SignatureCertChainUrl": kit.chain.replace(
                    f"https://{HOST}", f"HTTPS://{HOST.upper()}"
                )
            },
        ),
        why="scheme and host are compared without case",
        source=sources.HOSTING,
    ),
    _wrong(
        "url-missing",
        "no SignatureCertChainUrl",
        None,
        "the review tries it",
        source=sources.REVIEW,
    ),
    _wrong("url-empty", "an empty one", "", "the review tries it", source=sources.REVIEW_OF_PYTHON),
    _wrong(
        "url-words", "words", "this is no address", "the review tries it", source=sources.REVIEW
    ),
    _wrong("url-http", "scheme http", f"http://{HOST}/echo.api/NAME", "https only", doubt="always"),
    _wrong("url-ftp", "scheme ftp", f"ftp://{HOST}/echo.api/NAME", "https only", doubt="always"),
    _wrong(
        "url-file",
        "scheme file",
        "file:///echo.api/NAME",
        "https only, and no file of yours",
        doubt="always",
    ),
    _wrong("url-without-scheme", "no scheme", f"//{HOST}/echo.api/NAME", "https only"),
    _wrong(
        "url-other-host",
        "another host",
        "https://notamazon.example/echo.api/NAME",
        "anybody can publish a certificate",
        doubt="always",
    ),
    _wrong(
        "url-look-alike-host",
        "a host that begins like Amazon's",
        f"https://{HOST}.notamazon.example/echo.api/NAME",
        "the whole host is compared",
        doubt="always",
    ),
    _wrong(
        "url-user-info",
        "Amazon's host as a user name",
        f"https://{HOST}@notamazon.example/echo.api/NAME",
        "the host stands behind the @",
        doubt="always",
    ),
    _wrong(
        "url-backslash",
        "a backslash behind the host",
        f"https://{HOST}\\@notamazon.example/echo.api/NAME",
        "parsers differ in what is the host then",
        doubt="always",
    ),
    _wrong(
        "url-not-ascii",
        "a letter that counts as an s where case is ignored",
        "https://ſ3.amazonaws.com/echo.api/NAME",
        "another host",
        doubt="always",
    ),
    _wrong(
        "url-broken-brackets",
        "half an IPv6 address",
        "https://[::1/echo.api/NAME",
        "a parser's error is no 500",
    ),
    _wrong(
        "url-port-563",
        "port 563",
        f"https://{HOST}:563/echo.api/NAME",
        "443 or none",
        doubt="always",
    ),
    _wrong(
        "url-port-out-of-range",
        "port 99999",
        f"https://{HOST}:99999/echo.api/NAME",
        "443 or none; a parser's error is no 500",
        source=sources.PYTHON_VERIFIER,
    ),
    _wrong(
        "url-port-no-number",
        "a port that is no number",
        f"https://{HOST}:port/echo.api/NAME",
        "443 or none; a parser's error is no 500",
    ),
    _wrong(
        "url-other-path",
        "no /echo.api/",
        f"https://{HOST}/NAME",
        "anybody has a bucket there",
        doubt="unfetched",
    ),
    _wrong(
        "url-upper-case-path",
        "/ECHO.API/",
        f"https://{HOST}/ECHO.API/NAME",
        "the path counts in its case: this is another bucket",
        doubt="unfetched",
    ),
    _wrong(
        "url-look-alike-path",
        "/echo.apix/",
        f"https://{HOST}/echo.apix/NAME",
        "another bucket, whose name begins alike",
        doubt="unfetched",
    ),
    _wrong(
        "url-dot-dot",
        "/echo.api/../other/",
        f"https://{HOST}/echo.api/../other/NAME",
        "the path is normalized before it is compared",
        doubt="unfetched",
    ),
    _wrong(
        "url-escaped-dot-dot",
        "/echo.api/%2e%2e/other/",
        f"https://{HOST}/echo.api/%2e%2e/other/NAME",
        "many servers read the escapes as dots",
        doubt="unfetched",
        level="should",
    ),
    refused(
        "url-100-kb",
        "an address of 100 KB",
        _at(f"https://{HOST}/echo.api/" + "a" * 100_000),
        why="no address is that long",
        source=sources.HTTP,
        statuses=OVERSIZED,
        may_hang_up=True,
    ),
    refused(
        "url-twice",
        "two addresses, the second one right",
        _twice,
        why="which of them counts must not be anybody's guess",
        source=sources.HTTP,
        level="should",
    ),
    Case(
        code="url-reachable-elsewhere",
        title="an address on this machine that does answer",
        wanted="400, and no request to it: a stranger must not send your server about",
        source=sources.HOSTING,
        trial=_reachable,
        needs=Needs.HERE,
        control=LAUNCH,
    ),
)
