"""Rules about the error with which the pool sends the browser back from sign-in.

Cognito says that its descriptions are no fixed strings: they are looked for in pieces, and what was
said is shown as it came.
"""

from __future__ import annotations

import re

from accounts.oauth_trace.diagnosis.asked import (
    ALEXA_REQUIREMENTS,
    COGNITO,
    COGNITO_AUTHORIZE,
    COGNITO_CLIENT,
    COGNITO_ERRORS,
    RFC_AUTHORIZE_ERRORS,
    asked,
    listed,
)
from accounts.oauth_trace.diagnosis.refused import GENERAL, is_explained
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

_TRIGGERS = (
    r"presignup|postconfirmation|preauthentication|postauthentication|pretokengeneration|"
    r"tokengeneration|usermigration|custommessage|lambda"
)
# in this order, the particular first; searched in small letters
_DESCRIPTIONS = (
    ("login-with-amazon-failed", re.compile(r"loginwithamazon error|login with amazon")),
    ("first-federated-sign-in", re.compile(r"already found an entry")),
    ("trigger-failed", re.compile(rf"(?:{_TRIGGERS}).{{0,40}}(?:failed|error|invalid|timed out)")),
    ("attribute-not-writable", re.compile(r"attribute.{0,20} cannot be updated|immutable")),
    ("attribute-required", re.compile(r"attributes? (?:is |are )?required|required attribute")),
    # of the client, not of a person: "Client is not enabled for OAuth2.0 flows."
    ("callback-unauthorized-client", re.compile(r"client is (?:not enabled|disabled)")),
    ("person-disabled", re.compile(r"not enabled|is disabled")),
    ("identity-provider-failed", re.compile(r"\w error - \d{3}|saml")),
)
_ERRORS = {
    "invalid_scope": "callback-invalid-scope",
    "unauthorized_client": "callback-unauthorized-client",
    "access_denied": "person-cancelled",
    "login_required": "callback-login-required",
    "interaction_required": "callback-login-required",
    "server_error": "pool-failed",
    "temporarily_unavailable": "pool-unavailable",
    "invalid_request": "callback-invalid-request",
}


def _came_back(trace: Trace) -> Message | None:
    """How the browser came back last, unless tokens were given all the same."""
    event = trace.last(Stage.CALLBACK)
    return event.request if event and event.request and not trace.has_tokens else None


def _said(request: Message) -> str:
    description = request.text("error_description")
    return request.text("error") + (f": {description}" if description else "")


def _word(request: Message) -> str:
    """The code of the rule that this answer belongs to; empty where it is no error."""
    if request.has("code") or not request.has("error"):
        return ""
    error, description = request.text("error"), request.text("error_description").lower()
    for code, pattern in _DESCRIPTIONS:
        if pattern.search(description):
            return code
    # the local AWS and some reports have the word in the description
    return _ERRORS.get(
        "invalid_scope" if "invalid_scope" in description else error, "callback-error"
    )


def _rule(
    code: str,
    *,
    seen: str,
    cause: str,
    fix: str,
    source: str = COGNITO_ERRORS,
    stage: Stage = Stage.LOGIN,
    level: Level = Level.ERROR,
    wish: str = "a code",
) -> None:
    def check(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
        request = _came_back(trace)
        if request is None or _word(request) != code:
            return None
        if code in GENERAL and is_explained(trace, wanted):
            return None
        return [Evidence("sent back", _said(request)), Evidence("wanted", wish)]

    rule(
        code,
        stage=stage,
        level=level,
        seen=seen,
        cause=cause,
        fix=fix,
        source=source,
        is_guess=code in GENERAL or code == "pool-failed",
    )(check)


_IN_ALEXA = "After sign-in Alexa says that it could not link."
_AT_ONCE = "Alexa says that linking failed before the sign-in page shows"
_PROVIDERS = "Cognito console, your user pool, Social and external providers"

_rule(
    "login-with-amazon-failed",
    seen="After signing in with Amazon, Alexa says that it could not link.",
    cause=(
        "Login with Amazon refused the pool: probably the secret or the return URL of the security "
        "profile is not the pool's."
    ),
    fix=(
        f"{_PROVIDERS}, Login with Amazon: enter the security profile's id and secret again. In "
        "the developer console, Login with Amazon, Web Settings, allow the sign-in domain as "
        "origin and <domain>/oauth2/idpresponse as return URL."
    ),
)
_rule(
    "first-federated-sign-in",
    seen="The first sign-in with an outside account fails, and the second one works.",
    cause=(
        "The outside account was just joined with one that was there; the pool ends the first "
        "sign-in after that with an error."
    ),
    fix=(
        "Link once more. To spare people this, join accounts before their first sign-in, not in "
        "the pre sign-up trigger."
    ),
    source=f"{COGNITO}cognito-user-pools-identity-federation-consolidate-users.html",
)
_rule(
    "trigger-failed",
    seen=_IN_ALEXA,
    cause="A Lambda trigger of the pool failed or refused this person.",
    fix=(
        "Cognito console, your user pool, Extensions, Lambda triggers: open the function that is "
        "named and read its CloudWatch log at the time of this attempt."
    ),
    source=f"{COGNITO}cognito-user-identity-pools-working-with-aws-lambda-triggers.html",
)
_rule(
    "attribute-not-writable",
    seen="After signing in with an outside account, Alexa says that it could not link.",
    cause=(
        "The outside account brings a value for an attribute that this pool or client may not "
        "change."
    ),
    fix=(
        f"{_PROVIDERS}, the provider, Attribute mapping: map to attributes that can be changed; "
        "and let the client write them (App clients, the alexa client, Attribute permissions)."
    ),
    source=f"{COGNITO}cognito-user-pools-specifying-attribute-mapping.html",
)
_rule(
    "attribute-required",
    seen="After signing in with an outside account, Alexa says that it could not link.",
    cause="The pool requires an attribute that the outside account did not bring.",
    fix=(
        f"{_PROVIDERS}, the provider, Attribute mapping: map each required attribute of the pool, "
        "and ask the provider for the scope that holds it."
    ),
    source=f"{COGNITO}cognito-user-pools-specifying-attribute-mapping.html",
)
_rule(
    "person-disabled",
    seen="One person cannot link, and others can.",
    cause="This person's account in the pool is disabled.",
    fix=(
        "Cognito console, your user pool, Users, the person: Enable user access. Or the People "
        "page of this site's admin."
    ),
)
_rule(
    "identity-provider-failed",
    seen="After signing in with an outside account, Alexa says that it could not link.",
    cause="The outside identity provider answered the pool with an error.",
    fix=f"{_PROVIDERS}, the provider: compare client id, secret, addresses and scopes with it.",
)
_rule(
    "callback-invalid-scope",
    stage=Stage.AUTHORIZE,
    seen=f"{_AT_ONCE} (invalid_scope).",
    cause="The pool refused a scope; which one, the answer does not say.",
    fix=(
        "Developer console, Build, Account Linking, Scope: compare with the scopes of the alexa "
        "client, which `manage.py doctor` prints; email, phone and profile need openid."
    ),
    source=COGNITO_AUTHORIZE,
)
_rule(
    "callback-unauthorized-client",
    stage=Stage.AUTHORIZE,
    seen=f"{_AT_ONCE} (unauthorized_client).",
    cause="The pool says that this client may not ask for a code: probably its grant is off.",
    fix=(
        "Cognito console, your user pool, App clients, the alexa client, Login pages, Edit: OAuth "
        "2.0 grant types, Authorization code grant."
    ),
    source=COGNITO_CLIENT,
)
_rule(
    "person-cancelled",
    seen="Alexa says that linking failed after the person chose to cancel.",
    level=Level.UNFINISHED,
    cause="The person cancelled, at the pool's page or at that of the account they signed in with.",
    fix="Nothing is wrong with the set-up. Begin again in the Alexa app and sign in.",
    source=RFC_AUTHORIZE_ERRORS,
)
_rule(
    "callback-login-required",
    seen="The browser comes back at once without a sign-in page.",
    cause="The pool was asked to show no page, and nobody was signed in.",
    fix=(
        "Developer console, Build, Account Linking, Web Authorization URI: enter the bare address "
        "of this site's /oauth/authorize."
    ),
    source=COGNITO_AUTHORIZE,
)
_rule(
    "pool-failed",
    seen=_IN_ALEXA,
    cause="The pool met an error of its own, or one of a trigger or provider it did not name.",
    fix=(
        "Try again. If it stays, look for Lambda triggers that were changed (Cognito console, "
        "Extensions, Lambda triggers) and at the AWS Health Dashboard of the region."
    ),
)
_rule(
    "pool-unavailable",
    seen=_IN_ALEXA,
    cause="The pool says that it is overloaded or being maintained.",
    fix=(
        "Try again in a few minutes; look at the AWS Health Dashboard, and in Service Quotas at "
        "the pool's request rates."
    ),
    source=RFC_AUTHORIZE_ERRORS,
)
_rule(
    "callback-invalid-request",
    stage=Stage.AUTHORIZE,
    seen=f"{_AT_ONCE} (invalid_request).",
    cause="The pool refused the authorize request, and nothing in it differs from what is known.",
    fix=(
        "Read what was sent back. Probable are PKCE with another method than S256 and a parameter "
        "that the Web Authorization URI brings; `manage.py doctor` looks at the client."
    ),
    source=COGNITO_AUTHORIZE,
)
_rule(
    "callback-error",
    seen=_IN_ALEXA,
    cause="The pool sent the browser back with an error that none of these rules knows.",
    fix="Read what was sent back, and look for its words on the source page.",
)


@rule(
    "callback-without-code",
    stage=Stage.CALLBACK,
    level=Level.ERROR,
    seen=_IN_ALEXA,
    cause="The browser came back with neither a code nor an error.",
    fix=(
        "The code must be in the query of the redirect: look for response_type=token in the Web "
        "Authorization URI (Developer console, Build, Account Linking), and for a proxy that cuts "
        "queries."
    ),
    source=RFC_AUTHORIZE_ERRORS,
)
def callback_without_code(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = _came_back(trace)
    if request is None or request.has("error") or _has_code(request):
        return None
    if is_explained(trace, wanted):
        return None
    names = sorted({field.name for field in request.query})
    return [Evidence("sent back", ", ".join(names) or "nothing"), Evidence("wanted", "state, code")]


def _has_code(request: Message) -> bool:
    return any(value.length for value in request.all("code"))


@rule(
    "state-changed",
    stage=Stage.CALLBACK,
    level=Level.ERROR,
    seen="Sign-in succeeds and Alexa still says that it could not link.",
    cause=(
        "The state came back another than it was sent, so Alexa cannot know its attempt again: it "
        "was cut, encoded anew, or of another tab."
    ),
    fix=(
        "Link once more in one tab. If it happens again, look for a proxy, a login page or a "
        "trigger of yours that stores or rewrites the state; Alexa's has more than 600 characters."
    ),
    source=ALEXA_REQUIREMENTS,
)
def state_changed(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request, back = asked(trace), _came_back(trace)
    if request is None or back is None or not _has_code(back):
        return None
    sent, got = request.all("state"), back.all("state")
    if not sent or (len(got) == 1 and got[0].digest in {value.digest for value in sent}):
        return None
    return [
        Evidence("state sent", str(sent[0])),
        Evidence("state that came back", listed([str(value) for value in got])),
    ]
