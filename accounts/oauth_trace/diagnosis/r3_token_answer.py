"""Rules about how the token endpoint answers: in time, with JSON, with tokens in it.

One answer is of one kind (token_answer.py), so at most one of them speaks, but for a late one.
"""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Evidence, Level
from accounts.oauth_trace.diagnosis.token_answer import answered, kind
from accounts.oauth_trace.diagnosis.token_call import (
    CODE_GRANT,
    COGNITO,
    REQUIREMENTS,
    RFC_6749,
    TOKEN_ENDPOINT,
    TROUBLESHOOTING,
    aws_error,
)
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.trace import Recorded
from accounts.oauth_trace.wanted import Wanted

LATE = 4500  # milliseconds that Alexa waits
SLOW = 2000  # milliseconds: what is left is for the way, and for a bad day

_SAME_ADDRESS = (
    "COGNITO_DOMAIN_URL of this site (and, without the trace, the Access Token URI in the "
    "developer console) must be the pool's own domain: `manage.py pool show` prints it."
)


@answered(
    "timeout",
    seen="Alexa says after a few seconds that it was unable to link; a second try may work.",
    cause="The token endpoint did not answer in the 4.5 seconds that Alexa waits.",
    fix=(
        "Cognito console, the user pool, Extensions: look at the duration of the pre token "
        "generation trigger in CloudWatch, cold starts above all. Aim at less than two seconds."
    ),
    source=CODE_GRANT,
)
def timeout(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if call.response.problem != "timeout" and call.milliseconds <= LATE:
        return None
    took = f"none in {call.milliseconds} ms" if call.response.problem else f"{call.milliseconds} ms"
    return [Evidence("answer", took), Evidence("Alexa waits", f"{LATE} ms")]


@answered(
    "tls",
    seen="The token endpoint gets no request at all; only a TLS handshake that fails.",
    cause="The token endpoint's certificate is not trusted: expired, incomplete, another name.",
    fix=(
        "Cognito console, the user pool, Branding, Domain: look at the custom domain's certificate "
        "in ACM (us-east-1). `manage.py doctor` says what is wrong with it."
    ),
    source=REQUIREMENTS,
)
def tls(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "tls", "a TLS failure", f"a certificate for {wanted.domain_url}")


@answered(
    "unreachable",
    seen="Linking fails after sign-in; the token endpoint's log shows nothing.",
    cause="The token endpoint could not be reached: its name, its port, or the network in between.",
    fix=f"{_SAME_ADDRESS} `manage.py doctor` tries it.",
    source=f"{COGNITO}/cognito-user-pools-assign-domain.html",
)
def unreachable(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "unreachable", "no connection", wanted.domain_url)


@answered(
    "too-long",
    seen="The token endpoint answers with more than 64 KB.",
    cause="The answer is longer than any token answer can be, and was not passed on.",
    fix=f"Something else than the token endpoint answers. {_SAME_ADDRESS}",
    source=TOKEN_ENDPOINT,
)
def too_long(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "too_long", "more than 64 KB", "a JSON object")


@answered(
    "broken-off",
    seen="The token endpoint's answer breaks off, or is no HTTP that can be read.",
    cause="The answer broke off before its end, or was no HTTP.",
    fix=f"Something else than the token endpoint, or a failing proxy, answers. {_SAME_ADDRESS}",
    source=TOKEN_ENDPOINT,
)
def broken_off(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "broken", "not whole", "a JSON object")


@answered(
    "redirected",
    seen="The token endpoint answers 301, 302, 307 or 308.",
    cause="The token endpoint redirects, and Alexa needs its answer at the first address.",
    fix=f"Use the final address, with https and without a slash too many. {_SAME_ADDRESS}",
    source=TROUBLESHOOTING,
)
def redirected(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if kind(call.response) != "redirect":
        return None
    where = call.response.location or "nowhere"
    return [Evidence("answer", f"{call.response.status} to {where}"), _wanted_json()]


@answered(
    "throttled",
    seen="Linking fails at busy hours; the token endpoint answers 429 or TooManyRequests.",
    cause="The pool's request rate is used up.",
    fix=(
        "AWS console, Service Quotas, Amazon Cognito user pools: ask for more UserAuthentication "
        "requests a second; let access tokens live an hour or more, so that fewer are refreshed."
    ),
    source=f"{COGNITO}/quotas.html",
)
def throttled(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if kind(call.response) != "throttled":
        return None
    after = call.response.header("retry-after")
    return [Evidence("answer", _status(call)), Evidence("Retry-After", after or "not said")]


@answered(
    "server-error",
    seen="Linking fails after sign-in; the token endpoint answers 500, 502, 503 or 504.",
    cause="The token endpoint failed, or something in front of it did.",
    fix=(
        "Link once more. If it stays: AWS Health Dashboard, and the logs of the pool's Lambda "
        "triggers in CloudWatch."
    ),
    source=TOKEN_ENDPOINT,
)
def server_error(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if kind(call.response) != "server error":
        return None
    return [Evidence("answer", _status(call)), _wanted_json()]


@answered(
    "blocked",
    seen="The token endpoint answers 401 or 403 without an OAuth error.",
    cause=(
        "Something before the OAuth server refused the call: probably a firewall, an allow-list of "
        "addresses, or a bot filter."
    ),
    fix=(
        "AWS console, WAF: look whether a web ACL of the user pool blocks POST /oauth2/token, and "
        "let it through. Alexa's addresses are not published, so a list of addresses cannot work."
    ),
    source=f"{COGNITO}/user-pool-waf.html",
)
def blocked(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if kind(call.response) != "blocked":
        return None
    return [
        Evidence("answer", f"{_status(call)}, {call.response.body_kind or 'no body'}"),
        _wanted_json(),
    ]


@answered(
    "not-found",
    seen="The token endpoint answers 404 or 405.",
    cause="There is no token endpoint at this address.",
    fix=f"The path is /oauth2/token. {_SAME_ADDRESS}",
    source=TOKEN_ENDPOINT,
)
def not_found(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if call.request.method not in {"", "POST"}:
        return None  # token-not-posted says it
    return _of_kind(call, "not found", _status(call), f"{wanted.domain_url}/oauth2/token")


@answered(
    "html",
    seen="The token endpoint answers with a page: a login form, a maintenance notice, an error.",
    cause="A web page came where Alexa needs JSON.",
    fix=f"Something else than the token endpoint answers, or a page covers it. {_SAME_ADDRESS}",
    source=TROUBLESHOOTING,
)
def html(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "html", f"{_status(call)}, an HTML page", "a JSON object")


@answered(
    "empty",
    seen="The token endpoint answers without a body.",
    cause="The answer is empty where Alexa needs a JSON object with tokens.",
    fix=f"Look at what stands between this site and the pool. {_SAME_ADDRESS}",
    source=TROUBLESHOOTING,
)
def empty(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "empty", f"{_status(call)}, empty", "a JSON object")


@answered(
    "not-json",
    seen="The token endpoint answers with text, bytes or a JSON array.",
    cause="The answer is not a JSON object, so Alexa finds no token in it.",
    fix=(
        "A compressed, form-encoded or cut answer looks like this: let nothing rewrite it. "
        f"{_SAME_ADDRESS}"
    ),
    source=TROUBLESHOOTING,
)
def not_json(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    answer = call.response
    words = f"{_status(call)}, {answer.header('content-type') or 'no Content-Type'}"
    body = "an array or an empty object" if answer.body_kind == "json" else answer.body_kind
    return _of_kind(call, "no object", f"{words}, body: {body}", "a JSON object")


@answered(
    "error-unnamed",
    seen="The token endpoint answers 4xx with JSON that has no member `error`.",
    cause="The call is refused in a form that is not OAuth's, so not by the OAuth server itself.",
    fix=f"An API gateway or a Lambda in front may answer so. {_SAME_ADDRESS}",
    source=f"{RFC_6749}#section-5.2",
)
def error_unnamed(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    answer = call.response
    words = aws_error(answer) or answer.text("message") or _members(answer)
    return _of_kind(call, "unnamed error", f"{answer.status}: {words}", "a member `error`")


@answered(
    "error-with-200",
    seen="The token endpoint answers 200, and its JSON says `error`.",
    cause="A refusal comes with status 200, which Alexa takes for success, and finds no token.",
    fix=(
        "Refusals must come with status 400. Cognito does so: look for what stands in front of it "
        "and answers in its place."
    ),
    source=f"{RFC_6749}#section-5.2",
)
def error_with_200(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    answer = call.response
    error = f"{answer.text('error')} {answer.text('error_description')}".strip()
    return _of_kind(call, "error with 200", f"{answer.status}, error: {error}", "status 400")


@answered(
    "wrapped",
    seen="The tokens are there, one level too deep in the JSON.",
    cause="The JSON wraps the tokens in another object, where Alexa does not look.",
    fix=(
        "access_token, refresh_token, token_type and expires_in must be members of the outermost "
        "object: let no gateway mapping put them under another name."
    ),
    source=f"{RFC_6749}#section-5.1",
)
def wrapped(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "wrapped", _members(call.response), "access_token, refresh_token")


@answered(
    "no-access-token",
    seen="The token endpoint answers 200 with JSON that has no access_token.",
    cause="The answer holds no access token, or an empty one.",
    fix=(
        "Cognito gives one for each code and refresh token it takes: look for what stands in front "
        f"of it. {_SAME_ADDRESS}"
    ),
    source=TROUBLESHOOTING,
)
def no_access_token(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    return _of_kind(call, "no token", _members(call.response), "access_token")


@answered(
    "slow",
    level=Level.WARNING,
    seen="Linking works, and takes long after sign-in.",
    cause="The token endpoint took more than two seconds; on a bad day it will be too late.",
    fix=(
        "Cognito console, the user pool, Extensions: look at the duration of the pre token "
        "generation trigger in CloudWatch."
    ),
    source=CODE_GRANT,
)
def slow(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if call.response.problem or not SLOW < call.milliseconds <= LATE:
        return None
    return [Evidence("answer", f"{call.milliseconds} ms"), Evidence("Alexa waits", f"{LATE} ms")]


def _of_kind(call: Recorded, word: str, seen: str, wanted: str) -> list[Evidence] | None:
    if kind(call.response) != word:
        return None
    return [Evidence("answer", seen), Evidence("wanted", wanted)]


def _status(call: Recorded) -> str:
    error = call.response.text("error")
    return f"{call.response.status} {error}".rstrip()


def _wanted_json() -> Evidence:
    return Evidence("wanted", "200 and a JSON object with tokens")


def _members(answer: Message) -> str:
    return "members: " + (", ".join(field.name for field in answer.body) or "none")
