"""Each parameter that must agree, one by one: what was sent, what it must be, and whether it is.

Pure, as diagnosis is: a finding says what is wrong, this table also says what is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from accounts.oauth_trace import redaction
from accounts.oauth_trace.diagnosis.r3_token_answer import LATE, SLOW
from accounts.oauth_trace.diagnosis.r3_token_contents import SHORTEST, SKEWED
from accounts.oauth_trace.diagnosis.token_call import is_given, sent_client, sent_secret
from accounts.oauth_trace.exchange import Message, Value
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

_NO_VALUE = "not sent"


class Mark(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "not known"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the table. `seen` and `wanted` are text to show; `word` says what came of it."""

    name: str
    mark: Mark
    word: str
    seen: str = ""
    wanted: str = ""


def checks(trace: Trace, wanted: Wanted) -> list[Check]:
    """Those for which the trace has something to say, in the order of a linking."""
    return [*_authorize(trace, wanted), *_callback(trace), *_token(trace, wanted)]


def _kept(trace: Trace, stage: Stage) -> Message | None:
    """The latest request there, as diagnosis reads it; None where nothing of it could be kept."""
    event = trace.last(stage)
    return event.request if event and not event.is_withheld else None


def _authorize(trace: Trace, wanted: Wanted) -> Iterator[Check]:
    sent = _kept(trace, Stage.AUTHORIZE)
    if sent is None:
        return
    yield _client("client id, to sign in", sent.get("client_id"), wanted)
    yield _registered(sent.text("redirect_uri"), wanted)
    yield _scope(sent.get("scope"), wanted)


def _callback(trace: Trace) -> Iterator[Check]:
    before, after = _kept(trace, Stage.AUTHORIZE), _kept(trace, Stage.CALLBACK)
    if before and after:
        yield _same("state, there and back", before.get("state"), after.get("state"))


def _token(trace: Trace, wanted: Wanted) -> Iterator[Check]:
    event = trace.last(Stage.TOKEN) or trace.last(Stage.REFRESH)
    if not event or event.is_withheld:
        return
    sent = event.request
    yield _client("client id, for tokens", sent_client(event), wanted)
    yield _secret(sent_secret(event), wanted)
    if event.stage == Stage.TOKEN:
        if before := _kept(trace, Stage.AUTHORIZE):
            yield _same(
                "redirect_uri, in both calls", before.get("redirect_uri"), sent.get("redirect_uri")
            )
            yield _pkce(before, sent)
        if back := _kept(trace, Stage.CALLBACK):
            yield _same("code, given and sent", back.get("code"), sent.get("code"))
    yield from _answer(event)


def _answer(event: Recorded) -> Iterator[Check]:
    got = event.response
    if got.status or got.problem == "timeout":  # who did not answer was not fast
        yield _speed(event)
    if got.status:
        is_json = got.body_kind == "json"
        yield Check(
            name="answer is JSON",
            mark=Mark.OK if is_json else Mark.WRONG,
            word="yes" if is_json else "no",
            seen=got.body_kind,
            wanted="json",
        )
    if got.status == 200 and got.body_kind == "json":
        yield _lifetime(got)
        if event.stage == Stage.TOKEN:
            refresh = got.get("refresh_token")
            yield Check(
                name="refresh token",
                mark=Mark.OK if is_given(refresh) else Mark.WRONG,
                word="there" if is_given(refresh) else "missing",
                seen=str(refresh or "none"),
                wanted="one",
            )
        if skew := _skew(event):
            yield skew


def _client(name: str, value: Value | None, wanted: Wanted) -> Check:
    is_it = bool(value and wanted.client_id and value.text == wanted.client_id)
    known = bool(wanted.client_id)
    return Check(
        name=name,
        mark=(Mark.OK if is_it else Mark.WRONG) if known else Mark.UNKNOWN,
        word=("ours" if is_it else "not ours") if known else "ours is not set",
        seen=str(value or _NO_VALUE),
        wanted=wanted.client_id,
    )


def _secret(value: Value | None, wanted: Wanted) -> Check:
    name = "client secret"
    seen = str(value or _NO_VALUE)
    if wanted.has_secret is False:
        mark = Mark.WARNING if value else Mark.OK
        return Check(name=name, mark=mark, word="the client has none", seen=seen)
    if not wanted.secret_digest:
        return Check(name=name, mark=Mark.UNKNOWN, word="ours is not known", seen=seen)
    is_it = bool(value and value.digest == wanted.secret_digest)
    return Check(
        name=name,
        mark=Mark.OK if is_it else Mark.WRONG,
        word="equal" if is_it else "differs" if value else "missing",
        seen=seen,
        wanted=wanted.secret_shown,
    )


def _registered(address: str, wanted: Wanted) -> Check:
    name = "redirect_uri, registered"
    if wanted.callbacks is None:
        is_known = address in wanted.return_addresses
        return Check(
            name=name,
            mark=Mark.OK if is_known else Mark.UNKNOWN,
            word="one of Alexa’s" if is_known else "the pool was not asked",
            seen=address or _NO_VALUE,
        )
    listed = {redaction.address(each) for each in wanted.callbacks} | set(wanted.callbacks)
    is_it = address in listed
    return Check(
        name=name,
        mark=Mark.OK if is_it else Mark.WRONG,
        word="registered" if is_it else "not registered",
        seen=address or _NO_VALUE,
        wanted=", ".join(wanted.callbacks) or "none is",
    )


def _scope(value: Value | None, wanted: Wanted) -> Check:
    scope = value.text if value else ""
    asked = scope.split()
    if value and value.is_withheld:
        return Check(name="scope", mark=Mark.UNKNOWN, word="withheld", seen=str(value))
    if wanted.scopes is None:
        return Check(name="scope", mark=Mark.UNKNOWN, word="the pool was not asked", seen=scope)
    more = [word for word in asked if word not in wanted.scopes]
    return Check(
        name="scope",
        mark=Mark.WRONG if more else Mark.OK,
        word=f"not allowed: {' '.join(more)}" if more else "allowed",
        seen=scope or "none: all that is allowed",
        wanted=" ".join(wanted.scopes),
    )


def _same(name: str, first: Value | None, second: Value | None) -> Check:
    """Both by text, or both by digest."""
    if first is None and second is None:
        mark, word = Mark.UNKNOWN, "in neither"
    elif first is None or second is None:
        mark, word = Mark.WRONG, "missing in one"
    elif (first.text, first.digest) != (second.text, second.digest):
        mark, word = Mark.WRONG, "differs"
    elif first.is_withheld:
        mark, word = Mark.UNKNOWN, "withheld"
    else:
        mark, word = Mark.OK, "equal"
    return Check(
        name=name,
        mark=mark,
        word=word,
        seen=str(second or _NO_VALUE),
        wanted=str(first or _NO_VALUE),
    )


def _pkce(before: Message, sent: Message) -> Check:
    name, challenge = "code_verifier", before.get("code_challenge")
    if challenge is None and not sent.has("code_verifier"):
        return Check(name=name, mark=Mark.OK, word="PKCE is not used")
    is_plain = before.text("code_challenge_method") in {"", "plain"}
    proof = sent.get("code_verifier" if is_plain else "S256 of code_verifier")
    check = _same(name, challenge, proof)
    words = {
        Mark.OK: "matches its challenge",
        Mark.WRONG: "missing" if proof is None else "no challenge was sent",
    }
    if challenge and proof:
        words[Mark.WRONG] = "does not match its challenge"
    return Check(
        name=name,
        mark=check.mark,
        word=words.get(check.mark, check.word),
        seen=check.seen,
        wanted=check.wanted,
    )


def _speed(event: Recorded) -> Check:
    time = event.milliseconds
    if time > LATE or event.response.problem == "timeout":
        mark, word = Mark.WRONG, "too slow for Alexa"
    elif time > SLOW:
        mark, word = Mark.WARNING, "slow"
    else:
        mark, word = Mark.OK, "fast enough"
    return Check(name="speed", mark=mark, word=word, seen=f"{time} ms", wanted=f"under {LATE} ms")


def _lifetime(got: Message) -> Check:
    text, name = got.text("expires_in"), "lifetime of the access token"
    wanted = f"{SHORTEST} s or more"
    if not text.isdecimal():
        word = "not said" if not text else "no number of seconds"
        return Check(name=name, mark=Mark.WARNING, word=word, seen=text, wanted=wanted)
    is_enough = int(text[:9]) >= SHORTEST
    return Check(
        name=name,
        mark=Mark.OK if is_enough else Mark.WRONG,
        word="long enough" if is_enough else "too short",
        seen=f"{text} s",
        wanted=wanted,
    )


def _skew(event: Recorded) -> Check | None:
    """The pool's clock by the token's `iat`, ours by when the answer came."""
    token = event.response.get("access_token")
    issued = (token.claims or {}).get("iat") if token else None
    if not isinstance(issued, int) or not 0 < issued < 2**33:
        return None
    ahead = datetime.fromtimestamp(issued, UTC) - (
        event.at + timedelta(milliseconds=event.milliseconds)
    )
    is_close = abs(ahead) <= timedelta(seconds=SKEWED)
    return Check(
        name="clocks",
        mark=Mark.OK if is_close else Mark.WARNING,
        word="agree" if is_close else "differ",
        seen=_apart(round(ahead.total_seconds())),
        wanted=f"within {SKEWED} s",
    )


def _apart(seconds: int) -> str:
    if not seconds:
        return "less than a second apart"
    return f"the pool is {abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}"
