"""HTTP and TLS: methods, content types, senders that stop halfway, the certificate."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from skill_endpoint.certification import sources
from skill_endpoint.certification.bench import Bench
from skill_endpoint.certification.case import Case, Needs, Verdict
from skill_endpoint.certification.cases.making import LAUNCH, grouped, refused
from skill_endpoint.certification.exchange import NoConnection, Request, connect
from skill_endpoint.certification.judgement import refusal
from skill_endpoint.certification.kit import Kit, encoded

STALL = 12.0  # seconds in which an endpoint should give up a sender
ENDS_SOON = timedelta(days=14)


def _by(method: str) -> Callable[[Kit], Request]:
    return lambda kit: kit.request(kit.launch(), method=method)


def _typed(content_type: str | None) -> Callable[[Kit], Request]:
    return lambda kit: kit.request(kit.launch(), headers={"Content-Type": content_type})


def _halfway(kit: Kit) -> Request:
    body = encoded(kit.launch())
    return kit.request(body, sent=body[: len(body) // 2], length=str(len(body)), patience=STALL)


def _gives_up(bench: Bench) -> Verdict:
    sent = bench.send(_halfway)
    answer = sent.answer
    if answer.problem == "timeout":
        return Verdict(
            state="warning",
            seen=f"still waits after {STALL:.0f} s: a few such senders hold every thread",
            milliseconds=answer.milliseconds,
        )
    seen = f"gave up after {answer.milliseconds / 1000:.1f} s"
    if answer.problem in {"closed", "reset"}:
        return Verdict(state="passed", seen=seen)
    # the time is the sender's own, and not held against the endpoint
    at_once = replace(sent, answer=replace(answer, milliseconds=0))
    verdict = refusal(at_once, wanted={400, 408}, level="should")
    return replace(verdict, seen=f"{verdict.seen}, {seen}")


def _trusted(bench: Bench) -> Verdict:
    """TLS as Alexa's side has it: a public root, the host's own name, 1.2 or better, port 443."""
    target = bench.kit.target
    try:
        with connect(target) as connection:
            ends = _end(connection)
            version = connection.version() if isinstance(connection, ssl.SSLSocket) else None
    except NoConnection as error:
        what = "TLS fails" if error.problem == "tls" else "no connection"
        return Verdict(state="failed", seen=f"{what}: {error}")
    notes = []
    if target.port != 443:
        notes.append(f"Alexa knows port 443 only, not {target.port}")
    if ends and ends < datetime.now(UTC) + ENDS_SOON:
        notes.append(f"the certificate ends on {ends:%Y-%m-%d}")
    return Verdict(
        state="warning" if notes else "passed",
        seen=f"{version or 'no TLS'}, trusted" + (f", until {ends:%Y-%m-%d}" if ends else ""),
        notes=tuple(notes),
    )


def _end(connection: socket.socket) -> datetime | None:
    certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    ends = str((certificate or {}).get("notAfter") or "")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None


CASES = grouped(
    "HTTP and TLS",
    Case(
        code="tls-trusted",
        title="a TLS connection",
        wanted="a certificate of a public authority for this host name, on port 443",
        source=sources.HOSTING,
        trial=_trusted,
        needs=Needs.HTTPS,
    ),
    *(
        refused(
            f"method-{method.lower()}",
            f"{method} in place of POST",
            _by(method),
            why="Alexa only posts",
            source=sources.HOSTING,
            statuses={400, 404, 405},
            level="should",
        )
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH")
    ),
    refused(
        "content-type-text",
        "a signed request as text/plain",
        _typed("text/plain"),
        why="Alexa sends JSON",
        source=sources.FORMAT,
        statuses={400, 415},
        level="should",
    ),
    refused(
        "content-type-form",
        "a signed request as a form",
        _typed("application/x-www-form-urlencoded"),
        why="a form comes from a browser: frameworks then read the body before you do",
        source=sources.FORMAT,
        statuses={400, 415},
        level="should",
    ),
    refused(
        "content-type-missing",
        "a signed request without a content type",
        _typed(None),
        why="Alexa says what it sends",
        source=sources.FORMAT,
        statuses={400, 415},
        level="should",
    ),
    refused(
        "length-nonsense",
        "a Content-Length that is no number",
        lambda kit: kit.request(kit.launch(), length="many"),
        why="servers that disagree on a body's end let requests be smuggled",
        source=sources.HTTP,
        may_hang_up=True,
    ),
    refused(
        "length-negative",
        "a negative Content-Length",
        lambda kit: kit.request(kit.launch(), length="-1"),
        why="servers that disagree on a body's end let requests be smuggled",
        source=sources.HTTP,
        may_hang_up=True,
    ),
    Case(
        code="sender-stops-halfway",
        title="half of a body, and then nothing",
        wanted=f"a refusal or the end of the connection within {STALL:.0f} s",
        source=sources.SLOW_SENDERS,
        trial=_gives_up,
        level="should",
        control=LAUNCH,
        is_slow=True,
    ),
)
