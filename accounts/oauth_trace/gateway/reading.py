"""From exchanges of a log to attempts with a verdict.

Redaction comes first, by the trace's own module. Nothing is kept: what the log says is read, judged
and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from accounts.oauth_trace import redaction
from accounts.oauth_trace import wanted as wanted_values
from accounts.oauth_trace.diagnosis import Finding, diagnose
from accounts.oauth_trace.exchange import Field, Message, Value, value_of
from accounts.oauth_trace.gateway.log_lines import Logged
from accounts.oauth_trace.models import Attempt, Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.verdict import Verdict, verdict
from accounts.oauth_trace.wanted import Wanted

AUTHORIZE, TOKEN = "/oauth2/authorize", "/oauth2/token"  # resources of the gateway
HIDDEN = "the Authorization header"

# what stands for a part that the log does not have: it is there, and nobody knows what it is
_UNSEEN = Value(length=1)
_LONG = Value(length=1000)


@dataclass(frozen=True, kw_only=True)
class Read:
    """One exchange after redaction. `cut` says in words what the log does not have of it."""

    request_id: str
    recorded: Recorded
    cut: tuple[str, ...] = ()


@dataclass
class Attempted:
    """Exchanges that belong to one try to link."""

    reads: list[Read] = field(default_factory=list)
    # digests that the next exchange can be known by
    keys: set[str] = field(default_factory=set)

    @property
    def first(self) -> Recorded:
        return self.reads[0].recorded

    def has(self, stage: Stage) -> bool:
        return any(read.recorded.stage == stage for read in self.reads)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An attempt and what is to be said of it."""

    attempted: Attempted
    trace: Trace
    findings: tuple[Finding, ...]
    verdict: Verdict


def read(logged: Logged) -> list[Read]:
    """The exchange as the trace would have recorded it; empty for another address of the API.

    The OAuth server's answer to the authorize request may be the way back to Alexa already, with an
    error: this is the callback, too.
    """
    if logged.resource not in {AUTHORIZE, TOKEN}:
        return []
    try:
        return _redacted(logged)
    except Exception:  # noqa: BLE001 - as in the trace: nothing of it is shown then
        stage = Stage.AUTHORIZE if logged.resource == AUTHORIZE else Stage.TOKEN
        withheld = Recorded(stage=stage, at=logged.at, is_withheld=True)
        return [Read(request_id=logged.request_id, recorded=withheld)]


def _redacted(logged: Logged) -> list[Read]:
    cut = [*sorted(logged.cut)]
    pairs = [pair for pair in logged.request_headers if pair[0] != "authorization"]
    if "request headers" in logged.cut and not any(name == "content-type" for name, _ in pairs):
        pairs.append(("content-type", "application/x-www-form-urlencoded"))
    request = redaction.request(
        method=logged.method,
        url=logged.url,
        query=logged.query,
        headers_=pairs,
        body=logged.request_body,
    )
    may_be_lost = "request headers" in logged.cut and not request.has("client_secret")
    if logged.hides_authorization or (logged.resource == TOKEN and may_be_lost):
        cut.append(HIDDEN)
        hidden = (Field("client_id", _UNSEEN), Field("client_secret", _UNSEEN))
        request = replace(request, basic=hidden)
    response = redaction.answer(
        status=logged.status,
        headers_=logged.answer_headers,
        body=logged.answer_body,
        problem=logged.problem,
        secrets=redaction.secrets_of(query=logged.query, body=logged.request_body),
    )
    recorded = Recorded(
        stage=_stage(logged.resource, request),
        at=logged.at,
        milliseconds=logged.milliseconds,
        request=request,
        response=response if logged.is_over else Message(),
    )
    reads = [Read(request_id=logged.request_id, recorded=recorded, cut=tuple(cut))]
    if way_back := _way_back(recorded):
        back_cut = ("query",) if "answer headers" in logged.cut else ()
        reads.append(Read(request_id=logged.request_id, recorded=way_back, cut=back_cut))
    return reads


def _stage(resource: str, request: Message) -> Stage:
    if resource == AUTHORIZE:
        return Stage.AUTHORIZE
    return Stage.REFRESH if request.text("grant_type") == "refresh_token" else Stage.TOKEN


def _way_back(recorded: Recorded) -> Recorded | None:
    """An answer to authorize that goes straight to the redirect_uri."""
    answer, back = recorded.response, recorded.request.text("redirect_uri")
    if recorded.stage != Stage.AUTHORIZE or not back or answer.location != back:
        return None
    request = Message(method="GET", address=back, query=answer.location_query)
    return Recorded(
        stage=Stage.CALLBACK, at=recorded.at, request=request, response=Message(status=302)
    )


def attempts(logged: Iterable[Logged]) -> list[Attempted]:
    """Put exchanges together by state, code, token and PKCE digests, in the order of the log.

    A code shows at the token endpoint only, for the way back does not lead over the gateway: where
    there is no PKCE, a token request belongs to the one attempt that waits for it, and to none
    where two do.
    """
    found: list[Attempted] = []
    for exchange in logged:
        reads = read(exchange)
        if not reads:
            continue
        recorded = reads[0].recorded
        keys = _keys(recorded)
        own = next((each for each in reversed(found) if each.keys & keys), None)
        if own is None and recorded.stage == Stage.TOKEN:
            own = _only_candidate(found, recorded)
        if own is None:
            own = Attempted()
            found.append(own)
        own.reads += reads
        own.keys |= keys
    return found


def _keys(recorded: Recorded) -> set[str]:
    request, answer = recorded.request, recorded.response
    named = [
        ("state", request.get("state")),
        ("code", request.get("code")),
        ("challenge", request.get("code_challenge") or request.get("S256 of code_verifier")),
        ("refresh", request.get("refresh_token")),
        ("refresh", answer.get("refresh_token")),
    ]
    return {f"{name} {value.digest}" for name, value in named if value and value.digest}


def _only_candidate(found: Sequence[Attempted], recorded: Recorded) -> Attempted | None:
    back = recorded.request.text("redirect_uri")
    waiting = [
        each
        for each in found
        if each.has(Stage.AUTHORIZE)
        and not each.has(Stage.TOKEN)
        and not each.has(Stage.CALLBACK)
        and timedelta(0) <= recorded.at - each.reads[-1].recorded.at <= Attempt.ABANDONED
        and (not back or each.first.request.text("redirect_uri") in {"", back})
    ]
    return waiting[0] if len(waiting) == 1 else None


def wanted_of(oauth_url: str) -> Wanted:
    """What a linking with this server should look like: of another one than the pool, nothing but
    the standard and Alexa's own rules is known."""
    if urlsplit(oauth_url).netloc == urlsplit(settings.COGNITO_DOMAIN_URL).netloc:
        return wanted_values.current()
    return Wanted(
        issuer="",
        domain_url=oauth_url,
        public_url=settings.PUBLIC_URL,
        client_id="",
        web_client_id="",
        vendor_id=settings.ALEXA_VENDOR_ID,
        skill_ids=(),
        capture_url="",
        secret_digest="",
    )


def judge(attempted: Attempted, wanted: Wanted, *, now: datetime) -> Judged:
    """What diagnosis says. A finding that only holds because the log was cut is left out.

    It is asked twice: of what the log has, with what must have been in the cut parts, and of the
    same with those parts as they should be.
    """
    as_logged = _trace(attempted, now)

    def filled(*, all_of_it: bool) -> Trace:
        reads = attempted.reads
        events = (_mended(each, as_logged, wanted, all_of_it=all_of_it) for each in reads)
        return replace(as_logged, events=tuple(events))

    least, mended = filled(all_of_it=False), filled(all_of_it=True)
    in_both = {finding.code for finding in diagnose(least, wanted)}
    findings = tuple(each for each in diagnose(mended, wanted) if each.code in in_both)
    return Judged(
        attempted=attempted, trace=as_logged, findings=findings, verdict=verdict(mended, findings)
    )


def _trace(attempted: Attempted, now: datetime) -> Trace:
    return Trace(
        started_at=attempted.first.at,
        seen_at=now,
        redirect_uri=attempted.first.request.text("redirect_uri"),
        events=tuple(each.recorded for each in attempted.reads),
    )


def _mended(own: Read, trace: Trace, wanted: Wanted, *, all_of_it: bool) -> Recorded:
    """The exchange with each cut part as a linking that works would have it; or with no more than
    what makes such a line longer than 1 KB, and is surely in it: a state, a token."""
    recorded = own.recorded
    stage, request, answer = recorded.stage, recorded.request, recorded.response
    if "query" in own.cut:
        good = _good_query(stage, wanted, trace) if all_of_it else {}
        request = replace(request, query=_filled(request.query, {"state": _LONG} | good))
    if "request body" in own.cut:
        surely = {"refresh_token": _UNSEEN} if stage == Stage.REFRESH else {}
        good = _good_form(stage, trace) if all_of_it else {}
        body = _filled(request.body, surely | good)
        request = replace(request, body=body, body_kind="form")
    if "answer headers" in own.cut and 300 <= answer.status < 400 and not answer.location:
        # where to is not known: neither an error nor its absence may be concluded
        answer = replace(answer, location=f"{wanted.domain_url}/login") if all_of_it else answer
    if "answer body" in own.cut and answer.status == 200 and answer.body_kind == "json":
        good = _good_answer(stage) if all_of_it else {}
        answer = replace(answer, body=_filled(answer.body, {"access_token": _UNSEEN} | good))
    return replace(recorded, request=request, response=answer)


def _filled(fields: tuple[Field, ...], good: dict[str, Value]) -> tuple[Field, ...]:
    return fields + tuple(
        Field(name, value) for name, value in good.items() if value_of(fields, name) is None
    )


def _good_query(stage: Stage, wanted: Wanted, trace: Trace) -> dict[str, Value]:
    if stage == Stage.CALLBACK:
        return {"code": _UNSEEN}
    token = trace.first(Stage.TOKEN)
    back = token.request.text("redirect_uri") if token else ""
    back = back or next(iter(wanted.amazon_callbacks), "")
    good = {
        "response_type": Value(text="code"),
        "client_id": Value(text=wanted.client_id) if wanted.client_id else _UNSEEN,
        "scope": Value(text=" ".join(wanted.scopes or ("openid",))),
    }
    return good | ({"redirect_uri": Value(text=back)} if back else {})


def _good_form(stage: Stage, trace: Trace) -> dict[str, Value]:
    if stage == Stage.REFRESH:
        return {}
    good = {"grant_type": Value(text="authorization_code"), "code": _UNSEEN}
    back = trace.redirect_uri
    return good | ({"redirect_uri": Value(text=back)} if back else {})


def _good_answer(stage: Stage) -> dict[str, Value]:
    good = {"token_type": Value(text="Bearer"), "expires_in": Value(text="3600")}
    return good if stage == Stage.REFRESH else good | {"refresh_token": _UNSEEN}
