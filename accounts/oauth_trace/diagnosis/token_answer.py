"""What the rules about a token answer share: how it is read, and how they register.

They hold for a redeemed code and for a refresh alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.diagnosis.token_call import is_given, is_throttled, judged
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

type AnswerCheck = Callable[[Recorded, Wanted], Sequence[Evidence] | None]


@dataclass(frozen=True, kw_only=True)
class AnswerRule:
    """A rule that is two: one for each stage that has token answers."""

    code: str
    level: Level
    seen: str
    cause: str
    fix: str
    source: str
    check: AnswerCheck
    of_tokens: bool  # asked only of an answer that holds them

    def register(self, stage: Stage) -> None:
        def on_trace(trace: Trace, wanted: Wanted) -> Sequence[Evidence] | None:
            call = judged(trace, stage)
            if call is None or (self.of_tokens and not gives_tokens(call)):
                return None
            return self.check(call, wanted)

        later = "The link works until its first token runs out. " if stage == Stage.REFRESH else ""
        rule(
            f"{stage.value}-{self.code}",
            stage=stage,
            level=self.level,
            seen=later + self.seen,
            cause=self.cause,
            fix=self.fix,
            source=self.source,
        )(on_trace)


_RULES: list[AnswerRule] = []


def register(stage: Stage) -> None:
    """All of them, once their modules are imported."""
    for each in _RULES:
        each.register(stage)


def answered(
    code: str,
    *,
    seen: str,
    cause: str,
    fix: str,
    source: str,
    level: Level = Level.ERROR,
    of_tokens: bool = False,
) -> Callable[[AnswerCheck], AnswerCheck]:
    def decorator(check: AnswerCheck) -> AnswerCheck:
        _RULES.append(
            AnswerRule(
                code=code,
                level=level,
                seen=seen,
                cause=cause,
                fix=fix,
                source=source,
                check=check,
                of_tokens=of_tokens,
            )
        )
        return check

    return decorator


given = partial(answered, of_tokens=True)


def kind(answer: Message) -> str:
    """The one word for an answer: "tokens", "refused", or what is wrong with it."""
    if answer.problem:
        return answer.problem
    error = answer.text("error")
    if 300 <= answer.status < 400:
        return "redirect"
    if is_throttled(answer):
        return "throttled"
    if answer.status >= 500:
        return "server error"
    if error:
        return "refused" if answer.status >= 400 else "error with 200"
    if answer.status in {401, 403}:
        return "blocked"
    if answer.status in {404, 405}:
        return "not found"
    return _kind_of_body(answer)


def _kind_of_body(answer: Message) -> str:
    if answer.body_kind in {"html", "empty"}:
        return answer.body_kind
    if answer.body_kind != "json" or not answer.body:
        return "no object"
    if answer.status >= 400:
        return "unnamed error"
    if is_given(answer.get("access_token")):
        return "tokens"
    is_wrapped = any(field.value.text == "an object" for field in answer.body)
    return "wrapped" if is_wrapped else "no token"


def gives_tokens(call: Recorded) -> bool:
    return kind(call.response) == "tokens"


def lifetime(call: Recorded) -> int | None:
    """Seconds from `iat` to `exp` of the access token."""
    times = [claim(call, name) for name in ("exp", "iat")]
    exp, iat = times
    if type(exp) is not int or type(iat) is not int:
        return None
    return exp - iat


def claim(call: Recorded, name: str) -> object:
    """A claim of the access token that was given; None where it has none."""
    found = call.response.get("access_token")
    return ((found and found.claims) or {}).get(name)


def answered_at(call: Recorded) -> int:
    """When the answer was there, in UNIX seconds by our clock."""
    return int((call.at + timedelta(milliseconds=call.milliseconds)).timestamp())


def expires_in(call: Recorded) -> int | None:
    text = call.response.text("expires_in")
    return int(text) if text.isascii() and text.isdigit() else None
