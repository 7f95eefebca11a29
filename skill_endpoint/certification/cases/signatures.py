"""Signatures that are not Alexa's, and bodies that are not what was signed."""

from __future__ import annotations

import base64
import json
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from skill_endpoint.certification import sources
from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.case import Case, Needs, Verdict
from skill_endpoint.certification.cases.accepted import sha1_signature
from skill_endpoint.certification.cases.making import LAUNCH, OVERSIZED, Build, grouped, refused
from skill_endpoint.certification.exchange import Request
from skill_endpoint.certification.judgement import acceptance, refusal
from skill_endpoint.certification.kit import Kit, encoded
from skill_endpoint.simulator.pki import new_key

WRONG = base64.b64encode(b"\x01" * 256).decode()


@cache
def _stranger() -> RSAPrivateKey:
    return new_key()


def _with(signature: str | None) -> Build:
    return lambda kit: kit.request(kit.launch(), headers={"Signature-256": signature})


def _cut(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, headers={"Signature-256": kit.sign(body)[:-4]})


def _only_sha1(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(
        body, headers={"Signature-256": None}, more=(("Signature", sha1_signature(kit, body)),)
    )


def _sha256_in_old_header(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, headers={"Signature-256": None}, more=(("Signature", kit.sign(body)),))


def _sha1_in_new_header(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, headers={"Signature-256": sha1_signature(kit, body)})


def _of_another_key(kit: Kit) -> Request:
    body = encoded(kit.launch())
    raw = _stranger().sign(body, padding.PKCS1v15(), hashes.SHA256())
    return kit.request(body, headers={"Signature-256": base64.b64encode(raw).decode()})


def _of_another_body(kit: Kit) -> Request:
    return kit.request(encoded(kit.launch()), sent=encoded(kit.launch()))


def _longer(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, sent=body + b" ")


def _written_again(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, sent=json.dumps(json.loads(body), indent=1).encode())


def _other_intent(kit: Kit) -> Request:
    body = encoded(kit.intent("AMAZON.HelpIntent"))
    return kit.request(body, sent=body.replace(b"AMAZON.HelpIntent", b"AMAZON.StopIntent"))


def _twice(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(
        body, headers={"Signature-256": WRONG}, more=(("Signature-256", kit.sign(body)),)
    )


def _replayed(bench: Bench) -> Verdict:
    """The very same bytes and headers, once more."""
    first = bench.send(lambda kit: kit.request(kit.launch()))
    accepted = acceptance(first)
    if accepted.status != 200:
        return Verdict(
            state="unjudged" if accepted.state == "unjudged" else "skipped",
            seen=f"the first of the two was not accepted: {accepted.seen}",
            status=accepted.status,
            milliseconds=accepted.milliseconds,
        )
    return refusal(bench.send(lambda kit: first.request))


CASES = grouped(
    "Signature",
    refused(
        "signature-missing",
        "no Signature-256",
        _with(None),
        why="anybody could have written it",
        source=sources.REVIEW,
    ),
    refused(
        "signature-and-address-missing",
        "neither Signature-256 nor SignatureCertChainUrl",
        lambda kit: kit.request(
            kit.launch(), headers={"Signature-256": None, "SignatureCertChainUrl": None}
        ),
        why="some frameworks verify only where the headers are there",
        source=sources.NO_SIGNATURE,
    ),
    refused(
        "signature-empty",
        "an empty Signature-256",
        _with(""),
        why="the review tries it",
        source=sources.REVIEW,
    ),
    refused(
        "signature-not-base64",
        "a Signature-256 that is not base64",
        _with("not base64!"),
        why="the review tries an invalid signature; a decoder's error is no 500",
        source=sources.REVIEW,
    ),
    refused(
        "signature-half-base64",
        "base64 of a length that no base64 has",
        _with("AAAAA"),
        why="as above; some decoders take the first and fail over this",
        source=sources.REVIEW,
    ),
    refused(
        "signature-not-ascii",
        "a Signature-256 with letters beyond ASCII",
        _with("größe数"),
        why="header values may be any bytes",
        source=sources.HTTP,
    ),
    refused(
        "signature-wrong",
        "256 other bytes, well encoded",
        _with(WRONG),
        why="it belongs to no body",
        source=sources.REVIEW,
    ),
    refused(
        "signature-zeros",
        "256 zero bytes, well encoded",
        _with(base64.b64encode(bytes(256)).decode()),
        why="0 to any power is 0",
        source=sources.HOSTING,
    ),
    refused(
        "signature-cut",
        "the right signature without its last bytes",
        _cut,
        why="the review tries an invalid signature",
        source=sources.REVIEW,
    ),
    refused(
        "signature-100-kb",
        "a Signature-256 of 100 KB",
        _with("A" * 100_000),
        why="no signature is that long",
        source=sources.HTTP,
        statuses=OVERSIZED,
        may_hang_up=True,
    ),
    refused(
        "signature-twice",
        "two Signature-256, the second one right",
        _twice,
        why="which of them counts must not be anybody's guess",
        source=sources.HTTP,
        level="should",
    ),
    refused(
        "signature-sha1-only",
        "only the old header Signature, with its SHA-1 signature",
        _only_sha1,
        why="SHA-1 is broken, and Amazon has moved on",
        source=sources.SHA1_HEADER,
        needs=Needs.KEY,
    ),
    refused(
        "signature-256-in-old-header",
        "a SHA-256 signature in the old header Signature",
        _sha256_in_old_header,
        why="Alexa never sends that: who takes it reads the wrong header",
        source=sources.SHA1_HEADER,
        needs=Needs.KEY,
    ),
    refused(
        "signature-sha1-in-new-header",
        "a SHA-1 signature in Signature-256",
        _sha1_in_new_header,
        why="SHA-1 is broken",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "signature-of-another-key",
        "a signature of another key under the right chain's address",
        _of_another_key,
        why="“signed with incorrect certificate” is one of the review's tests",
        source=sources.REVIEW,
    ),
    refused(
        "body-of-another-signature",
        "the right signature of another request",
        _of_another_body,
        why="the signature is over the body",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "body-longer",
        "a space after the body that was signed",
        _longer,
        why="every byte is signed",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "body-written-again",
        "the same JSON with other white space",
        _written_again,
        why="who parses before verifying must verify the bytes that came",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    refused(
        "body-other-intent",
        "one intent's name replaced after signing",
        _other_intent,
        why="somebody between could say anything in Alexa's name",
        source=sources.HOSTING,
        needs=Needs.KEY,
    ),
    Case(
        code="replay",
        title="the same request a second time, bytes and headers",
        wanted="200 the first time and 400 the second: within its 150 seconds a request that was "
        "overheard is as good as new. Amazon's own SDKs take it",
        source=sources.PYTHON_VERIFIER,
        trial=_replayed,
        needs=Needs.KEY,
        control=LAUNCH,
    ),
)
