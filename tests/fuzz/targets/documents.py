"""Files and texts that others wrote: a spreadsheet, a gateway's log, an endpoint's answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from accounts.oauth_trace.gateway import printing, reading
from accounts.oauth_trace.gateway.log_lines import exchanges
from skill_endpoint.certification.bench import Sent
from skill_endpoint.certification.exchange import MAX_ANSWER, Request, exchange
from skill_endpoint.certification.exchange import Target as Endpoint
from skill_endpoint.certification.judgement import acceptance, no_error, refusal
from skill_endpoint.facts.models import Fact
from skill_endpoint.facts.transfer_plan import carry_out, plan
from skill_endpoint.facts.transfer_sheet import COLUMNS, Refused, decoded, read, written
from tests.accounts.oauth_trace import gateway_log
from tests.fuzz.stage import stage
from tests.fuzz.target import Target, check
from tests.fuzz.targets.oauth_trace import PLANTED

BEGAN = 1_795_000_000_000  # milliseconds since 1970


def spreadsheet(data: bytes) -> None:
    """Refused whole, or with its faults named, or carried out; then it changes nothing more."""
    try:
        sheet = read(decoded(data))
    except Refused:
        return
    made = plan(sheet)
    if made.faults or not made.entries:
        return
    carry_out(made, stage().person)
    again = plan(sheet)
    check(not again.faults, "what was taken is taken again", again.faults)
    check(not again.new and not again.changed, "done is done", again)
    text = "".join(written(Fact.objects.select_related("topic").prefetch_related("texts")))
    back = plan(read(decoded(text.encode())))
    check(not back.faults and not back.new and not back.changed, "out and in is no change", back)


def gateway(data: bytes) -> None:
    """Whatever lines: exchanges without a secret, and a verdict that can be printed."""
    for mark, secret in PLANTED.items():
        data = data.replace(mark, secret)
    lines = data.decode("utf-8", "replace").split("\n")
    found = exchanges((BEGAN + 100 * number, line) for number, line in enumerate(lines))
    wanted = reading.wanted_of("https://auth.example.com")
    printed: list[str] = []
    for attempted in reading.attempts(found):
        withheld = [each for each in attempted.reads if each.recorded.is_withheld]
        check(not withheld, "each exchange can be redacted", found)
        now = datetime.fromtimestamp(BEGAN / 1000, UTC) + timedelta(hours=1)
        printed += printing.lines(reading.judge(attempted, wanted, now=now))
    for secret in PLANTED.values():
        check(not any(secret.decode() in line for line in printed), "no secret is shown", printed)
    for line in printed:
        check(all(each.isprintable() for each in line), "a line for a terminal", line)


class _Endpoint:
    """A server that says these bytes to whoever calls."""

    def __init__(self) -> None:
        self.says = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.target = Endpoint.of(f"http://127.0.0.1:{self._listener.getsockname()[1]}/alexa/")
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            with peer:
                try:
                    peer.recv(65536)
                    peer.sendall(self.says)
                except OSError:
                    continue


@cache
def _endpoint() -> _Endpoint:
    return _Endpoint()


def answer(data: bytes) -> None:
    """Read within bounds, judged, and told in words for a terminal."""
    here = _endpoint()
    here.says = data
    request = Request(headers=(("X", "something long enough"),), body=b"{}", patience=2)
    got = exchange(here.target, request)
    check(len(got.body) <= MAX_ANSWER, "bounded")
    check(bool(got.status) != bool(got.problem), "a status or a problem", got)
    sent = Sent(request=request, answer=got)
    for verdict in (refusal(sent), acceptance(sent), no_error(sent, wanted={200, 400})):
        told = (verdict.seen, *verdict.notes)
        check(all(each.isprintable() for each in told), "words for a terminal", told)
        accepted = verdict.state == "passed" and verdict.status == 200
        check(not accepted or got.status == 200, "no answer is no acceptance", got)


def _spreadsheets() -> Iterator[bytes]:
    facts = Fact.objects.select_related("topic").prefetch_related("texts")
    whole = "".join(written(facts.order_by("pk")[:4])).encode()
    yield whole
    yield whole.replace(b",", b";")
    yield (
        ",".join(COLUMNS).encode()
        + b"\nspace,new-one,en,Head,Speech,,,,,,T,P,1,2026-11-20,yes,yes\n"
    )
    yield b"slug,language,headline\nvenus-day,en,'=1+1\n"
    yield b'slug,language\n"x\ny",fr\n'


def _logs() -> Iterator[bytes]:
    back = "https://pitangui.amazon.com/api/skill/link/M1ABCDEFGH"
    query = {
        "response_type": "code",
        "client_id": "1a2b3c4d5e6f7g8h9i0j1k2l3m",
        "scope": "openid email",
        "state": "@state@",
        "redirect_uri": back,
    }
    form = {"grant_type": "authorization_code", "code": "@code@", "redirect_uri": back}
    tokens = json.dumps(
        {"access_token": "@access@", "refresh_token": "@refresh@", "expires_in": 3600}
    )
    name = "0f0f0f0f-1111"
    for lines in (
        gateway_log.authorize(query, request_id=name) + gateway_log.token(form, answer=tokens),
        gateway_log.authorize(
            query | {"scope": "x" * 900}, location=f"{back}?error=x&state=@state@"
        ),
        gateway_log.token(form, status=400, answer='{"error":"invalid_grant"}', request_id=name),
        gateway_log.token({"grant_type": "refresh_token", "refresh_token": "@refresh@" * 90}),
        gateway_log.token(form, problem="configuration error: Timeout", authorization=False),
    ):
        yield "\n".join(lines).encode().replace(b"%40", b"@")


def _answers() -> Iterator[bytes]:
    told = b'{"version": "1.0", "response": {}}'
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n" + told
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n22\r\n" + told + b"\r\n0\r\n\r\n"
    yield b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    yield b"HTTP/1.0 429 Too Many\r\nRetry-After: 5\r\n\r\nsomething long enough"
    yield b"HTTP/1.1 500 \x1b[31m\r\n\r\nTraceback (most recent call last)"
    yield b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + told


TARGETS = [
    Target(
        name="spreadsheet",
        promise="a file of facts is refused, faulted or carried out; what went out comes in again",
        run=spreadsheet,
        seeds=_spreadsheets,
        words=(
            *(name.encode() for name in COLUMNS),
            *(b",", b";", b"\t", b'"', b"\n", b"'=", b"yes"),
        ),
        longest=8192,
    ),
    Target(
        name="gateway_log",
        promise="of a gateway's log nothing secret is shown, and any of it can be read",
        run=gateway,
        seeds=_logs,
        words=(
            *PLANTED,
            *(b"[TRUNCATED]", b"(0f0f0f0f-1111) ", b"Method completed with status: ", b"\n", b", "),
            *(
                b"Endpoint response headers: {",
                b"Endpoint request URI: ",
                b"state=",
                b"code=",
                b"{",
            ),
        ),
        longest=16_384,
    ),
    Target(
        name="certified_answer",
        promise="whatever an endpoint says is judged, and told in words for a terminal",
        run=answer,
        seeds=_answers,
        words=(
            *(
                b"HTTP/1.1 ",
                b"\r\n",
                b"\r\n\r\n",
                b"Content-Length: ",
                b"Transfer-Encoding: chunked",
            ),
            *(
                b"Content-Type: ",
                b"Retry-After: ",
                b"signature",
                b"Traceback",
                b"\x1b[2J",
                b"0\r\n",
            ),
        ),
    ),
]
