"""Rules about how Alexa asks: which parameters, how often, and of what shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from accounts.oauth_trace.diagnosis.asked import (
    ALEXA_CODE_GRANT,
    BY_ALEXA,
    COGNITO,
    COGNITO_AUTHORIZE,
    asked,
    is_missing,
    listed,
    only,
    opened,
    stopped,
    went_on,
)
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import WITHHELD, digest
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

_URI = "Developer console, Build, Account Linking, Web Authorization URI"
_BARE = f"{_URI}: enter the bare address, this site's /oauth/authorize, with no ? and nothing after"
_PKCE = f"{COGNITO}using-pkce-in-authorization-code.html"
# what the pool understands beside those
_BY_COGNITO = frozenset(
    {
        "identity_provider",
        "idp_identifier",
        "lang",
        "login_hint",
        "nonce",
        "prompt",
        "resource",
        "response_mode",
        "ui_locales",
    }
)
_PLACEHOLDERS = ("STATE", "state", "{state}", "{STATE}", "<state>", "STATE_STRING", "YOUR_STATE")
_SHORTEST_STATE = 64  # characters; Alexa's have more than 600, ours more than 40
_CHALLENGE_LENGTH = 43  # characters of a SHA-256 in base64url (RFC 7636, 4.2)


type Look = Callable[[Message], list[Evidence] | None]


def _rule(
    code: str,
    look: Look,
    *,
    seen: str,
    cause: str,
    fix: str,
    source: str = COGNITO_AUTHORIZE,
    level: Level = Level.ERROR,
) -> None:
    """A rule about the authorize request alone, while the attempt did not go on from it."""

    def check(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
        request = stopped(trace)
        return look(request) if request else None

    rule(
        code,
        stage=Stage.AUTHORIZE,
        level=level,
        seen=seen,
        cause=cause,
        fix=fix,
        source=source,
    )(check)


def _doubled(request: Message) -> list[Evidence] | None:
    counts = Counter(field.name for field in request.query if field.name in BY_ALEXA)
    doubled = [f"{name} {count} times" for name, count in counts.items() if count > 1]
    if not doubled:
        return None
    return [Evidence("sent", ", ".join(doubled)), Evidence("Alexa sends each", "once")]


def _no_state(request: Message) -> list[Evidence] | None:
    if not is_missing(request, "state"):
        return None
    return [Evidence("state sent", "none"), Evidence("Alexa sends", "more than 600 characters")]


def _is_placeholder(request: Message) -> bool:
    return any(
        value.length == len(word) and value.digest == digest(word)
        for value in request.all("state")
        for word in _PLACEHOLDERS
    )


def _placeholder(request: Message) -> list[Evidence] | None:
    # twice: the fault is in the address of the developer console
    if not _is_placeholder(request) or len(request.all("state")) > 1:
        return None
    length = request.all("state")[0].length
    return [
        Evidence("state sent", f"a placeholder ({length} characters)"),
        Evidence("Alexa sends", "more than 600 characters"),
    ]


def _no_response_type(request: Message) -> list[Evidence] | None:
    if not is_missing(request, "response_type"):
        return None
    return [Evidence("response_type sent", "none"), Evidence("wanted", "code")]


def _implicit(request: Message) -> list[Evidence] | None:
    if only(request, "response_type") not in {"token", "id_token", "id_token token"}:
        return None
    return [
        Evidence("response_type sent", only(request, "response_type")),
        Evidence("wanted", "code"),
    ]


def _odd_response_type(request: Message) -> list[Evidence] | None:
    found = only(request, "response_type")
    if not found or found == "code" or _implicit(request):
        return None
    return [Evidence("response_type sent", found), Evidence("wanted", "code")]


def _response_mode(request: Message) -> list[Evidence] | None:
    found = only(request, "response_mode")
    if not found or found == "query":
        return None
    return [Evidence("response_mode sent", found), Evidence("Alexa reads", "the query")]


def _prompt_none(request: Message) -> list[Evidence] | None:
    found = only(request, "prompt")
    if "none" not in found.split():
        return None
    return [Evidence("prompt sent", found), Evidence("Alexa sends", "no prompt")]


def _challenge_without_method(request: Message) -> list[Evidence] | None:
    if is_missing(request, "code_challenge") or not is_missing(request, "code_challenge_method"):
        return None
    return [Evidence("code_challenge_method sent", "none"), Evidence("wanted", "S256")]


def _other_method(request: Message) -> list[Evidence] | None:
    method = only(request, "code_challenge_method")
    if is_missing(request, "code_challenge") or not method or method == "S256":
        return None
    return [Evidence("code_challenge_method sent", method), Evidence("wanted", "S256")]


def _method_without_challenge(request: Message) -> list[Evidence] | None:
    method = only(request, "code_challenge_method")
    if not method or not is_missing(request, "code_challenge"):
        return None
    return [
        Evidence("code_challenge sent", "none"),
        Evidence("code_challenge_method sent", method),
    ]


def _challenge_shape(request: Message) -> list[Evidence] | None:
    found = request.all("code_challenge")
    if only(request, "code_challenge_method") != "S256" or len(found) != 1:
        return None
    if not found[0].length or found[0].length == _CHALLENGE_LENGTH:
        return None
    return [
        Evidence("code_challenge sent", f"{found[0].length} characters"),
        Evidence("wanted", f"{_CHALLENGE_LENGTH} characters, the SHA-256 in base64url"),
    ]


_rule(
    "static-parameters",
    _doubled,
    seen="Sign-in fails, or succeeds and Alexa still says that it could not link.",
    cause=(
        "Parameters came twice, so some of them are part of the Web Authorization URI, and Alexa "
        "appends its own behind them."
    ),
    fix=f"{_BARE}; scopes and the client id have fields of their own on that page.",
    source=ALEXA_CODE_GRANT,
)
_rule(
    "state-missing",
    _no_state,
    seen="Sign-in succeeds and Alexa still says that it could not link.",
    cause="The request has no state, by which Alexa knows its attempt again: it was not Alexa's.",
    fix=(
        "Begin in the Alexa app, not by opening the address. If something stands between Alexa and "
        "this site, let it pass the query on whole."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "state-placeholder",
    _placeholder,
    seen="Sign-in succeeds and Alexa still says that it could not link.",
    cause="The state is the placeholder of an example, not one that Alexa made.",
    fix=f"{_BARE}; Alexa adds a state of its own.",
    source=ALEXA_CODE_GRANT,
)
_rule(
    "response-type-missing",
    _no_response_type,
    seen="In place of the sign-in page the pool shows an error.",
    cause="The request has no response_type, which the pool needs to know what to answer with.",
    fix=(
        "Alexa always sends one: begin in the Alexa app. If something stands between Alexa and "
        "this site, let it pass the query on whole."
    ),
)
_rule(
    "response-type-token",
    _implicit,
    seen="Linking fails at once, or a link ends after an hour and has to be made again.",
    cause="The skill asks by the implicit grant, which gives no code and no refresh token.",
    fix=(
        "Developer console, Build, Account Linking: choose Auth Code Grant, enter this site's "
        "/oauth/token as Access Token URI, and save."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "response-type-unknown",
    _odd_response_type,
    seen="In place of the sign-in page the pool shows an error.",
    cause="The response_type is none that the pool knows; it is compared to the letter.",
    fix="Alexa sends code: correct the tool, or the address, that sent something else.",
)
_rule(
    "response-mode-set",
    _response_mode,
    seen="Sign-in succeeds and nothing comes back to Alexa.",
    cause=(
        "The request asks for an answer that is not in the query of the redirect, and Alexa reads "
        "the code from nowhere else."
    ),
    fix=_BARE + ".",
    source=ALEXA_CODE_GRANT,
    level=Level.WARNING,
)
_rule(
    "prompt-none",
    _prompt_none,
    seen="The browser comes back at once without a sign-in page (login_required).",
    cause="prompt=none forbids the sign-in page, and in the Alexa app nobody is signed in yet.",
    fix=_BARE + ".",
)
_rule(
    "pkce-method-missing",
    _challenge_without_method,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_request).",
    cause="A code_challenge came without its method, and the pool does not accept that.",
    fix=(
        "Where Alexa asks, switch PKCE off and on again: Developer console, Build, Account "
        "Linking. Where a tool asks, send code_challenge_method=S256."
    ),
    source=_PKCE,
)
_rule(
    "pkce-method-plain",
    _other_method,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_request).",
    cause="The pool takes S256 as the method of PKCE only, and another one was sent.",
    fix="Send code_challenge_method=S256, with the SHA-256 of the verifier as challenge.",
    source=_PKCE,
)
_rule(
    "pkce-challenge-missing",
    _method_without_challenge,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_request).",
    cause="A code_challenge_method came without a challenge.",
    fix="Send both or neither; look for what takes the challenge away on its way here.",
    source=_PKCE,
)
_rule(
    "pkce-challenge-shape",
    _challenge_shape,
    seen="Sign-in fails, or succeeds and the code is refused (invalid_grant).",
    cause="The code_challenge cannot be a SHA-256 in base64url: its length is wrong.",
    fix=(
        "Make it as RFC 7636 says: base64url of the SHA-256, without = at its end; and let it pass "
        "on untouched."
    ),
    source="https://www.rfc-editor.org/rfc/rfc7636#section-4.2",
)


@rule(
    "nothing-asked",
    stage=Stage.AUTHORIZE,
    level=Level.UNFINISHED,
    seen="An attempt that nobody made, from a browser or a program that opened the bare address.",
    cause="Somebody opened the authorize address without asking for anything: this is no linking.",
    fix=(
        "Nothing, when it comes alone. If it comes whenever somebody links, something between "
        "Alexa and this site takes the query away: let it pass the query on whole."
    ),
    source=ALEXA_CODE_GRANT,
)
def nothing_asked(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = opened(trace)
    if request is None or asked(trace) or went_on(trace):
        return None
    return [
        Evidence("parameters sent", listed([field.name for field in request.query])),
        Evidence("Alexa sends", "client_id, redirect_uri, response_type, scope, state"),
    ]


@rule(
    "state-short",
    stage=Stage.AUTHORIZE,
    level=Level.NOTE,
    seen="An attempt that nobody made in the Alexa app.",
    cause="The state is much shorter than Alexa's: probably a tool or a person made this request.",
    fix="Nothing, when it was a trial of your own; else begin in the Alexa app.",
    source=ALEXA_CODE_GRANT,
)
def state_short(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = asked(trace)
    states = request.all("state") if request else []
    if request is None or len(states) != 1 or _is_placeholder(request):
        return None
    if not 0 < states[0].length < _SHORTEST_STATE:
        return None
    return [
        Evidence("state sent", f"{states[0].length} characters"),
        Evidence("Alexa sends", "more than 600 characters"),
    ]


@rule(
    "parameters-not-alexas",
    stage=Stage.AUTHORIZE,
    level=Level.NOTE,
    seen="Nothing, or an error page when the pool takes offense.",
    cause=(
        "The request has parameters that neither Alexa sends nor the pool knows, probably from the "
        "Web Authorization URI."
    ),
    fix=_BARE + ".",
    source=ALEXA_CODE_GRANT,
)
def parameters_not_alexas(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = asked(trace)
    names = {field.name for field in request.query} if request else set()
    unknown = sorted(names - BY_ALEXA - _BY_COGNITO)
    if not unknown:
        return None
    shown = [name if name != WITHHELD else "one with an odd name" for name in unknown]
    return [Evidence("sent", ", ".join(shown)), Evidence("Alexa sends", "none of them")]
