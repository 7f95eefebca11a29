"""Whether an attempt ended at the authorize request, and a rule about it says already why."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Level, rules
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

# what says no more than how the pool refused; these ask in their turn whether another one explains
GENERAL = frozenset(
    {
        "sign-in-page-error",
        "callback-invalid-scope",
        "callback-unauthorized-client",
        "callback-login-required",
        "callback-invalid-request",
        "callback-error",
    }
)


def is_explained(trace: Trace, wanted: Wanted) -> bool:
    """By an error of the authorize stage, the general ones aside."""
    return any(
        each.stage == Stage.AUTHORIZE
        and each.level == Level.ERROR
        and each.code not in GENERAL
        and each.check(trace, wanted) is not None
        for each in rules()
    )


def is_error(answer: Message) -> bool:
    """Whether the browser was shown an error in place of the sign-in page, where that was seen."""
    return answer.status >= 400 or bool(answer.problem) or answer.location.endswith("/error")
