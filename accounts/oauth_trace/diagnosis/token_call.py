"""What the rules about token calls share: which call they judge, and how they register.

Of several calls of a stage the last one counts: who mended a setting and tried again is linked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from enum import IntEnum

from accounts.oauth_trace.diagnosis.rule import Check, Evidence, Level, rule
from accounts.oauth_trace.exchange import Message, Value, value_of
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import WITHHELD
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide"
TOKEN_ENDPOINT = f"{COGNITO}/token-endpoint.html"
ALEXA = "https://developer.amazon.com/en-US/docs/alexa/account-linking"
REQUIREMENTS = f"{ALEXA}/requirements-account-linking.html"
TROUBLESHOOTING = f"{ALEXA}/troubleshooting-account-linking.html"
CODE_GRANT = f"{ALEXA}/configure-authorization-code-grant.html"
RFC_6749 = "https://www.rfc-editor.org/rfc/rfc6749"

# what a code or a client is refused with; local AWS and Cognito differ in which one it is
CODE_REFUSED = frozenset({"invalid_grant", "unauthorized_client"})
CLIENT_REFUSED = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"})
ANY = frozenset[str]()
S256 = "S256 of code_verifier"  # what redaction keeps of a PKCE verifier

type CallCheck = Callable[[Recorded, Trace, Wanted], Sequence[Evidence] | None]


class Proof(IntEnum):
    """How a rule about a refusal knows. It speaks only where no rule of a better proof does."""

    SEEN = 1  # two values differ, or one is missing
    PROBABLE = 2  # something is as it should not be, and may not be the reason
    LEFT_OVER = 3  # the error alone


_refusals: dict[Stage, list[tuple[Proof, Check]]] = defaultdict(list)


def refusal(
    code: str,
    *,
    stage: Stage,
    errors: Collection[str],
    seen: str,
    cause: str,
    fix: str,
    source: str,
    proof: Proof = Proof.SEEN,
) -> Callable[[CallCheck], CallCheck]:
    """Register a rule about a call that was refused with one of `errors`; ANY: with any."""

    def decorator(check: CallCheck) -> CallCheck:
        def on_trace(trace: Trace, wanted: Wanted) -> Sequence[Evidence] | None:
            call = judged(trace, stage)
            error = refused_with(call.response) if call else ""
            if call is None or not error or (errors and error not in errors):
                return None
            found = check(call, trace, wanted)
            return None if found is None or is_explained(trace, wanted) else found

        def is_explained(trace: Trace, wanted: Wanted) -> bool:
            better = [each for own, each in _refusals[stage] if own < proof]
            return any(each(trace, wanted) is not None for each in better)

        rule(
            code,
            stage=stage,
            level=Level.ERROR,
            seen=seen,
            cause=cause,
            fix=fix,
            source=source,
            is_guess=proof != Proof.SEEN,
        )(on_trace)
        _refusals[stage].append((proof, on_trace))
        return check

    return decorator


def judged(trace: Trace, stage: Stage) -> Recorded | None:
    """The last call, or the one that brought it down: a refusal may have used up the code.

    None where nothing is known of the last call.
    """
    calls = trace.at(stage)
    if not calls or calls[-1].is_withheld or not calls[-1].response:
        return None
    last = calls[-1]
    same = [call for call in calls[:-1] if is_same(sent_code(call), sent_code(last))]
    if refused_with(last.response) != "invalid_grant" or any(map(is_granted, same)):
        return last
    return next((call for call in same if refused_with(call.response) in CODE_REFUSED), last)


def refused_with(answer: Message) -> str:
    """The error of a refusal as RFC 6749 (5.2) has it; empty for any other answer."""
    is_refusal = 400 <= answer.status < 500 and not is_throttled(answer)
    return answer.text("error")[:40] if is_refusal else ""


def is_throttled(answer: Message) -> bool:
    return answer.status == 429 or "TooManyRequests" in aws_error(answer)


def aws_error(answer: Message) -> str:
    """The names of an AWS error: in a header, in the body, or in the place of OAuth's."""
    named = [answer.header("x-amzn-errortype"), answer.text("__type"), answer.text("error")]
    return " ".join(each for each in named if each)


def is_granted(call: Recorded) -> bool:
    return call.response.status == 200 and is_given(call.response.get("access_token"))


def is_given(token: Value | None) -> bool:
    """Whether a token is there: null, an object and the like have no length."""
    return bool(token and token.length)


def is_there(value: Value | None) -> bool:
    """Whether a parameter came with something in it."""
    return bool(value and (value.text or value.length))


def is_known(value: Value | None) -> bool:
    """Whether it can be compared: it came, and nothing of it was withheld."""
    return bool(value and (value.text or value.digest) and WITHHELD not in value.text)


def is_same(one: Value | None, other: Value | None) -> bool:
    """Whether both are known and equal."""
    if one is None or other is None or not is_known(one):
        return False
    return (one.text, one.digest) == (other.text, other.digest)


def differ(one: Value | None, other: Value | None) -> bool:
    """Whether both are known and not equal."""
    return is_known(one) and is_known(other) and not is_same(one, other)


def sent_code(call: Recorded) -> Value | None:
    return call.request.get("code")


def sent_client(call: Recorded) -> Value | None:
    """The client id of HTTP Basic, else of the form."""
    return value_of(call.request.basic, "client_id") or call.request.get("client_id")


def sent_secret(call: Recorded) -> Value | None:
    """The client secret of HTTP Basic, else of the form."""
    return value_of(call.request.basic, "client_secret") or call.request.get("client_secret")


def authorized(trace: Trace, name: str) -> Value | None:
    """A parameter of the authorize request, where that was seen."""
    asked = trace.last(Stage.AUTHORIZE)
    return asked.request.get(name) if asked else None


def was_authorized(trace: Trace) -> bool:
    """Whether the authorize request was seen, so that what it lacks is known."""
    asked = trace.last(Stage.AUTHORIZE)
    return bool(asked and not asked.is_withheld)


def error_seen(call: Recorded) -> Evidence:
    """What the refusal said."""
    error, words = refused_with(call.response), call.response.text("error_description")
    return Evidence("answer", f"{call.response.status} {error}{f': {words}' if words else ''}")
