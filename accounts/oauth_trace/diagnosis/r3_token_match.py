"""Rules about what a token call must repeat of the authorize request: redirect_uri and PKCE."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Evidence
from accounts.oauth_trace.diagnosis.token_call import (
    CODE_REFUSED,
    COGNITO,
    RFC_6749,
    S256,
    Proof,
    authorized,
    differ,
    error_seen,
    is_known,
    is_there,
    refusal,
    was_authorized,
)
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

VERIFIER_LENGTHS = range(43, 129)  # characters, RFC 7636, 4.1
_CODE = CODE_REFUSED | {"invalid_request"}
_RFC_7636 = "https://www.rfc-editor.org/rfc/rfc7636"


@refusal(
    "token-redirect-uri-changed",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="Sign-in and token call name different redirect_uris; Cognito answers invalid_grant.",
    cause=(
        "The redirect_uri of the token call is not, letter for letter, that of the authorize "
        "request."
    ),
    fix=(
        "Alexa sends the same one in both: look for what changes it in between, such as a proxy "
        "that adds a slash, or a static redirect_uri in the Web Authorization URI of the developer "
        "console, Build, Account Linking."
    ),
    source=f"{RFC_6749}#section-4.1.3",
)
def redirect_uri_changed(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    sent, asked = call.request.get("redirect_uri"), authorized(trace, "redirect_uri")
    if not differ(sent, asked):
        return None
    return [
        Evidence("redirect_uri of the token call", str(sent)),
        Evidence("redirect_uri of the authorize request", str(asked)),
    ]


@refusal(
    "token-redirect-uri-missing",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="The token call has no redirect_uri; it is refused.",
    cause="The authorize request named a redirect_uri, and the token call does not repeat it.",
    fix="Alexa sends it: look for the proxy or the gateway mapping that loses form parameters.",
    source=f"{RFC_6749}#section-4.1.3",
)
def redirect_uri_missing(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if call.request.text("grant_type") != "authorization_code":
        return None
    if is_there(call.request.get("redirect_uri")):
        return None
    asked = authorized(trace, "redirect_uri")
    return [
        Evidence("redirect_uri of the token call", "none"),
        Evidence("redirect_uri of the authorize request", str(asked or "not seen")),
    ]


@refusal(
    "token-redirect-uri-unregistered",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="The token call names a redirect_uri that the app client does not know.",
    cause="The redirect_uri of the token call is not registered on the alexa client.",
    fix=(
        "Cognito console, the user pool, App clients, the alexa client, Login pages, Allowed "
        "callback URLs: it must stand there to the letter. `manage.py pool plan` shows the change."
    ),
    source=f"{COGNITO}/user-pool-settings-client-apps.html",
)
def redirect_uri_unregistered(
    call: Recorded, trace: Trace, wanted: Wanted
) -> list[Evidence] | None:
    sent = call.request.get("redirect_uri")
    if sent is None or not is_known(sent) or wanted.callbacks is None:
        return None
    if sent.text in wanted.callbacks or differ(sent, authorized(trace, "redirect_uri")):
        return None
    return [
        Evidence("redirect_uri sent", str(sent)),
        Evidence("registered", ", ".join(wanted.callbacks) or "none"),
    ]


@refusal(
    "token-verifier-missing",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="PKCE began with a code_challenge, and the token call has no code_verifier.",
    cause="The authorize request carried a PKCE challenge, and the token call carries no verifier.",
    fix=(
        "Developer console, Build, Account Linking: PKCE was switched during the linking, or the "
        "challenge is not Alexa's. Link once more; an authorize request of the website's own for "
        "Alexa must carry no challenge."
    ),
    source=f"{COGNITO}/using-pkce-in-authorization-code.html",
)
def verifier_missing(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    challenge = authorized(trace, "code_challenge")
    if not is_there(challenge) or is_there(call.request.get("code_verifier")):
        return None
    return [
        Evidence("code_verifier", "none"),
        Evidence("code_challenge", str(challenge)),
        error_seen(call),
    ]


@refusal(
    "token-verifier-length",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="The code_verifier has fewer than 43 or more than 128 characters.",
    cause="The PKCE verifier has a length that the standard does not allow.",
    fix="Alexa makes it: look for what cuts or encodes the form between Alexa and this site.",
    source=f"{_RFC_7636}#section-4.1",
)
def verifier_length(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    verifier = call.request.get("code_verifier")
    if verifier is None or not verifier.digest or verifier.length in VERIFIER_LENGTHS:
        return None
    return [
        Evidence("code_verifier", f"{verifier.length} characters"),
        Evidence("allowed", f"{VERIFIER_LENGTHS.start} to {VERIFIER_LENGTHS.stop - 1} characters"),
    ]


@refusal(
    "token-verifier-wrong",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="PKCE is on, and the token endpoint answers invalid_grant.",
    cause="The PKCE verifier of the token call does not belong to the challenge of sign-in.",
    fix=(
        "Link once more in one window: two attempts at once can swap them. If it stays, something "
        "rewrites the form or the query on the way; Cognito takes S256 only."
    ),
    source=f"{_RFC_7636}#section-4.6",
)
def verifier_wrong(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    hashed, challenge = call.request.get(S256), authorized(trace, "code_challenge")
    if not differ(hashed, challenge):
        return None
    return [
        Evidence("S256 of the verifier", str(hashed)),
        Evidence("code_challenge", str(challenge)),
    ]


@refusal(
    "token-verifier-unasked",
    stage=Stage.TOKEN,
    errors=_CODE,
    seen="The token call has a code_verifier, and sign-in began without a code_challenge.",
    cause=(
        "The token call carries a PKCE verifier although the authorize request had no challenge; "
        "that this is why it was refused is probable."
    ),
    fix=(
        "Developer console, Build, Account Linking: PKCE was switched on during the linking, or "
        "something takes code_challenge out of the authorize request. Link once more."
    ),
    source=f"{COGNITO}/using-pkce-in-authorization-code.html",
    proof=Proof.PROBABLE,
)
def verifier_unasked(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    verifier = call.request.get("code_verifier")
    if not is_there(verifier) or not was_authorized(trace):
        return None
    if authorized(trace, "code_challenge") is not None:
        return None
    return [Evidence("code_verifier", str(verifier)), Evidence("code_challenge", "none")]
