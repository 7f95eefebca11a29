"""Rules about the form of a token call, and what is left when no other rule explains a refusal."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.diagnosis.token_call import (
    ANY,
    COGNITO,
    REQUIREMENTS,
    RFC_6749,
    TOKEN_ENDPOINT,
    Proof,
    error_seen,
    is_there,
    judged,
    refusal,
)
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

FORM = "application/x-www-form-urlencoded"
_ONCE = ("grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier")
_ASK_ALEXA = (
    "Alexa sends it right: look for a proxy, gateway mapping or test client between Alexa and this "
    "site that builds the request anew, and let it pass the body on as it is."
)


@rule(
    "token-not-posted",
    stage=Stage.TOKEN,
    level=Level.ERROR,
    seen="The token endpoint is called by another method than POST.",
    cause="The token call is not a POST: something turned it into another method.",
    fix=(
        "Developer console, Build, Account Linking: the Access Token URI must be the final "
        "address, for a redirect turns POST into GET."
    ),
    source=f"{RFC_6749}#section-3.2",
)
def not_posted(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    call = judged(trace, Stage.TOKEN)
    if call is None or call.request.method in {"", "POST"}:
        return None
    return [Evidence("method", call.request.method), Evidence("wanted", "POST")]


@refusal(
    "token-body-not-a-form",
    stage=Stage.TOKEN,
    errors=ANY,
    seen="The token call is refused as invalid_request; its body is JSON or has no form type.",
    cause="The token call is not sent as a form, so the token endpoint finds no parameters in it.",
    fix=f"It must be {FORM}. {_ASK_ALEXA}",
    source=f"{RFC_6749}#section-4.1.3",
)
def body_not_a_form(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    kind = call.request.header("content-type")
    is_form = kind.partition(";")[0].strip().lower() == FORM
    if is_form and call.request.body_kind in {"form", "empty"}:
        return None
    return [
        Evidence("sent", f"{kind or 'no Content-Type'}, body: {call.request.body_kind}"),
        Evidence("wanted", FORM),
    ]


@refusal(
    "token-parameter-twice",
    stage=Stage.TOKEN,
    errors=ANY,
    seen="The token call is refused; a parameter stands in it twice.",
    cause="A parameter of the token call is there more than once.",
    fix=(
        "Developer console, Build, Account Linking: the Access Token URI must have no query of its "
        "own; no proxy may add parameters."
    ),
    source=f"{RFC_6749}#section-3.2",
)
def parameter_twice(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    for name in _ONCE:
        found = call.request.all(name)
        if len(found) > 1:
            return [Evidence(name, str(found[0])), Evidence(f"{name}, again", str(found[1]))]
    return None


@refusal(
    "token-grant-type-missing",
    stage=Stage.TOKEN,
    errors=ANY,
    seen="The token call has no grant_type.",
    cause="The token call does not say what it wants: grant_type is missing.",
    fix=_ASK_ALEXA,
    source=TOKEN_ENDPOINT,
)
def grant_type_missing(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _is_form(call) or is_there(call.request.get("grant_type")):
        return None
    return [Evidence("grant_type", "none"), Evidence("wanted", "authorization_code")]


@refusal(
    "token-grant-type-other",
    stage=Stage.TOKEN,
    errors=ANY,
    seen="The token call is refused as unsupported_grant_type or unauthorized_client.",
    cause="The token call asks for another kind of grant than the redemption of a code.",
    fix=(
        "Developer console, Build, Account Linking: choose Auth Code Grant. A call with "
        "client_credentials or password is no call of Alexa's."
    ),
    source=REQUIREMENTS,
)
def grant_type_other(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    grant = call.request.get("grant_type")
    if not is_there(grant) or str(grant) == "authorization_code":
        return None
    return [Evidence("grant_type", str(grant)), Evidence("wanted", "authorization_code")]


@refusal(
    "token-code-missing",
    stage=Stage.TOKEN,
    errors=ANY,
    seen="The token call has no code.",
    cause="The token call brings no code, or an empty one.",
    fix=(
        "If the way back from sign-in had one (see the callback above), something between Alexa "
        f"and this site lost it. {_ASK_ALEXA}"
    ),
    source=f"{RFC_6749}#section-4.1.3",
)
def code_missing(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if call.request.text("grant_type") != "authorization_code":
        return None
    if is_there(call.request.get("code")):
        return None
    return [Evidence("code", "none"), Evidence("wanted", "the code of the callback")]


@refusal(
    "token-code-flow-off",
    stage=Stage.TOKEN,
    errors=frozenset({"unauthorized_client", "invalid_request", "invalid_grant"}),
    seen="The token call is refused as unauthorized_client.",
    cause="The app client is not allowed the authorization code grant any more.",
    fix=(
        "Cognito console, the user pool, App clients, the alexa client, Login pages, OAuth grant "
        "types: choose Authorization code grant. `manage.py pool deploy` puts it back."
    ),
    source=f"{COGNITO}/user-pool-settings-client-apps.html",
)
def code_flow_off(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if wanted.flows is None or (wanted.flows_enabled and "code" in wanted.flows):
        return None
    return [
        Evidence("grants of the client", ", ".join(wanted.flows) or "none"),
        Evidence("wanted", "code"),
        error_seen(call),
    ]


@refusal(
    "token-client-not-allowed",
    stage=Stage.TOKEN,
    errors=frozenset({"unauthorized_client"}),
    seen="Linking fails after sign-in; the token endpoint answers unauthorized_client.",
    cause=(
        "The token endpoint says that this client may not do this: by its documentation the grant "
        "is not allowed to it, by reports also that redirect_uri differs; which one does not show."
    ),
    fix=(
        "Cognito console, the user pool, App clients, the alexa client, Login pages: Authorization "
        "code grant must be chosen, and the redirect_uri below must stand under Allowed callback "
        "URLs to the letter."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.LEFT_OVER,
)
def client_not_allowed(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence]:
    return [
        error_seen(call),
        Evidence("redirect_uri sent", call.request.text("redirect_uri") or "none"),
    ]


_OWN_GENERAL = {"invalid_client", "invalid_grant", "unauthorized_client"}


@refusal(
    "token-request-refused",
    stage=Stage.TOKEN,
    errors=ANY,
    seen="Linking fails after sign-in; the token endpoint answers with an error of its own.",
    cause="The token endpoint refuses the call for a reason that nothing else here explains.",
    fix=(
        "Read its error and description below; open the attempt and compare the request with the "
        "parameters that the token endpoint's page lists."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.LEFT_OVER,
)
def request_refused(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if call.response.text("error") in _OWN_GENERAL:
        return None
    sent = ", ".join(field.name for field in call.request.parameters())
    return [error_seen(call), Evidence("parameters sent", sent or "none")]


def _is_form(call: Recorded) -> bool:
    return call.request.body_kind in {"form", "empty"}
