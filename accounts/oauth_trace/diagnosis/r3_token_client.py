"""Rules about a token call that is refused because of the client: its id, its secret, and how they
were sent. Their order is from what shows in the request alone to what must be compared."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Evidence
from accounts.oauth_trace.diagnosis.token_call import (
    CLIENT_REFUSED,
    CODE_GRANT,
    COGNITO,
    RFC_6749,
    TOKEN_ENDPOINT,
    Proof,
    authorized,
    differ,
    error_seen,
    is_known,
    is_same,
    is_there,
    refusal,
    sent_client,
    sent_secret,
)
from accounts.oauth_trace.exchange import Value, value_of
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import same_secret
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

_REFUSED = frozenset({"invalid_client"})
_CLIENT = frozenset({"invalid_client", "invalid_request"})
_OUR_VALUES = (
    "Type `manage.py pool show --secret`, and copy client id and secret into the developer "
    "console, Build, Account Linking; save."
)


@refusal(
    "token-authorization-unreadable",
    stage=Stage.TOKEN,
    errors=_CLIENT,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause="The Authorization header of the token call is not HTTP Basic that can be read.",
    fix=(
        "Developer console, Build, Account Linking, Your Authentication Scheme: choose HTTP Basic. "
        "Where a proxy of yours writes the header: base64 of client id, colon and secret."
    ),
    source=f"{RFC_6749}#section-2.3.1",
)
def authorization_unreadable(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    scheme = value_of(call.request.basic, "scheme")
    if scheme is None:
        return None
    return [
        Evidence("Authorization sent", str(scheme)),
        Evidence("wanted", "Basic, with client_id:client_secret in base64"),
    ]


@refusal(
    "token-client-unauthenticated",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause="The token call carries no client secret, neither by HTTP Basic nor in the form.",
    fix=(
        "Developer console, Build, Account Linking: fill in Your Secret and save. "
        "`manage.py pool show --secret` prints it."
    ),
    source=TOKEN_ENDPOINT,
)
def unauthenticated(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if call.request.basic or sent_secret(call) is not None or wanted.has_secret is False:
        return None
    return [
        Evidence("client authentication sent", "none"),
        Evidence("wanted", "Authorization: Basic, or client_secret in the form"),
        error_seen(call),
    ]


@refusal(
    "token-secret-empty",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause="The token call names the client, and its secret is empty.",
    fix=(
        "Developer console, Build, Account Linking: fill in Your Secret and save. "
        "`manage.py pool show --secret` prints it."
    ),
    source=TOKEN_ENDPOINT,
)
def secret_empty(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    secret = sent_secret(call)
    if secret is None or is_there(secret) or wanted.has_secret is False:
        return None
    return [Evidence("secret sent", "empty"), Evidence("wanted", "the secret of the alexa client")]


@refusal(
    "token-client-ids-differ",
    stage=Stage.TOKEN,
    errors=CLIENT_REFUSED | {"invalid_request"},
    seen="Linking fails after sign-in; the token call names two clients.",
    cause="The client id of HTTP Basic and the client_id of the form are not the same.",
    fix=(
        "Developer console, Build, Account Linking: Your Client ID is the only place for it. Take "
        "a client_id out of the Access Token URI, and out of any proxy in between."
    ),
    source=TOKEN_ENDPOINT,
)
def ids_differ(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    by_basic, in_form = value_of(call.request.basic, "client_id"), call.request.get("client_id")
    if not differ(by_basic, in_form):
        return None
    return [
        Evidence("client id by HTTP Basic", str(by_basic)),
        Evidence("client_id in the form", str(in_form)),
        Evidence("wanted", wanted.client_id),
    ]


@refusal(
    "token-secret-sent-twice",
    stage=Stage.TOKEN,
    errors=_CLIENT,
    seen="Linking fails after sign-in; the token call has a secret in its header and in its form.",
    cause=(
        "The secret is sent by HTTP Basic and in the form, which the standard forbids; that this "
        "is why it was refused is probable where both are the same, and sure where they differ."
    ),
    fix=(
        "Developer console, Build, Account Linking, Your Authentication Scheme: choose HTTP Basic, "
        "and let no proxy add client_secret to the form."
    ),
    source=f"{RFC_6749}#section-2.3",
    proof=Proof.PROBABLE,
)
def secret_sent_twice(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    by_basic = value_of(call.request.basic, "client_secret")
    in_form = call.request.get("client_secret")
    if by_basic is None or in_form is None:
        return None
    return [
        Evidence("secret by HTTP Basic", str(by_basic)),
        Evidence("client_secret in the form", str(in_form)),
    ]


@refusal(
    "token-client-of-website",
    stage=Stage.TOKEN,
    errors=CLIENT_REFUSED,
    seen="Linking fails after sign-in; the token call names the website's app client.",
    cause="The token call comes in the name of the website's app client, not of the alexa client.",
    fix=_OUR_VALUES,
    source=CODE_GRANT,
)
def client_of_website(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    client = sent_client(call)
    if client is None or not wanted.web_client_id or client.text != wanted.web_client_id:
        return None
    return [
        Evidence("client id sent", str(client)),
        Evidence("client id of the alexa client", wanted.client_id),
    ]


@refusal(
    "token-client-changed",
    stage=Stage.TOKEN,
    errors=CLIENT_REFUSED,
    seen="Linking fails after sign-in; sign-in and token call name different clients.",
    cause="The code was given to one client, and another one redeems it.",
    fix=(
        "Developer console, Build, Account Linking: a static client_id in the Web Authorization "
        "URI overrides Your Client ID: take it out. If the client was changed a moment ago, link "
        "once more."
    ),
    source=TOKEN_ENDPOINT,
)
def client_changed(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    at_sign_in, sent = authorized(trace, "client_id"), sent_client(call)
    if not differ(at_sign_in, sent):
        return None
    if client_of_website(call, trace, wanted) or ids_differ(call, trace, wanted):
        return None
    return [
        Evidence("client id of the token call", str(sent)),
        Evidence("client_id of the authorize request", str(at_sign_in)),
    ]


@refusal(
    "token-client-unknown",
    stage=Stage.TOKEN,
    errors=CLIENT_REFUSED,
    seen="Linking fails after sign-in; the token call names a client that is not ours.",
    cause=(
        "The client id of the token call is not that of the pool's alexa client: another pool's or "
        "region's, or one that was deleted and made anew."
    ),
    fix=_OUR_VALUES,
    source=TOKEN_ENDPOINT,
)
def client_unknown(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    sent = sent_client(call)
    if sent is None or not is_known(sent) or not wanted.client_id:
        return None
    if sent.text in {wanted.client_id, wanted.web_client_id}:
        return None
    if differ(authorized(trace, "client_id"), sent) or ids_differ(call, trace, wanted):
        return None  # told already
    return [
        Evidence("client id sent", str(sent)),
        Evidence("client id of the alexa client", wanted.client_id),
    ]


@refusal(
    "token-client-public",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the app client was made without a secret.",
    cause=(
        "The pool's client has no secret, and Alexa sends one. That Cognito refuses it for this "
        "reason is probable."
    ),
    fix=(
        "A client gets its secret when it is made: make a confidential one (`manage.py pool "
        "deploy` does), and give the developer console its id and secret."
    ),
    source=f"{COGNITO}/user-pool-settings-client-apps.html",
    proof=Proof.PROBABLE,
)
def client_public(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    secret = sent_secret(call)
    if wanted.has_secret is not False or not is_there(secret):
        return None
    return [
        Evidence("secret sent", str(secret)),
        Evidence("secret of the client in the pool", "none"),
    ]


@refusal(
    "token-secret-is-the-id",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause="What is sent as the client's secret is the client's id.",
    fix=_OUR_VALUES,
    source=CODE_GRANT,
)
def secret_is_the_id(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not same_secret(sent_secret(call), wanted.client_id):
        return None
    return [
        Evidence("secret sent", "the client id"),
        Evidence("client id", wanted.client_id),
    ]


@refusal(
    "token-secret-padded",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause="The secret is the client's with a space, a line end or a quotation mark beside it.",
    fix=(
        "Developer console, Build, Account Linking, Your Secret: enter it again without anything "
        "around it, and save. `manage.py pool show --secret` prints it."
    ),
    source=CODE_GRANT,
)
def secret_padded(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    secret = sent_secret(call)
    if secret is None or secret.digest not in wanted.padded_secrets:
        return None
    return [
        Evidence("secret sent", str(secret)),
        Evidence("secret of the client", wanted.secret_shown),
    ]


@refusal(
    "token-secret-wrong",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause="The client's id is right, and the secret that Alexa sends is not the pool's.",
    fix=(
        "Type `manage.py pool show --secret`, copy the secret without spaces into the developer "
        "console, Build, Account Linking, Your Secret, and save. A live skill keeps the secret "
        "that it was certified with until it is certified again."
    ),
    source=TOKEN_ENDPOINT,
)
def secret_wrong(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    client, secret = sent_client(call), sent_secret(call)
    if client is None or client.text != wanted.client_id or not wanted.secret_digest:
        return None
    if secret is None or not secret.digest or secret.digest == wanted.secret_digest:
        return None
    told = (secret_is_the_id, secret_sent_twice, secret_padded)
    if any(check(call, trace, wanted) for check in told):
        return None
    return [
        Evidence("secret sent", str(secret)),
        Evidence("secret of the client", wanted.secret_shown),
    ]


@refusal(
    "token-client-refused",
    stage=Stage.TOKEN,
    errors=_REFUSED,
    seen="Linking fails after sign-in; the token endpoint answers invalid_client.",
    cause=(
        "The token endpoint does not take this client; nothing of what was sent shows why, so most "
        "probably the client is gone from the pool, or its secret is not the one that we know."
    ),
    fix=(
        "Cognito console, the user pool, App clients: look for this client id. `manage.py doctor` "
        "compares the pool's client with our settings."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.LEFT_OVER,
)
def client_refused(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence]:
    client, secret = sent_client(call), sent_secret(call)
    ours = Value(text=wanted.client_id)
    is_ours = bool(secret and secret.digest and secret.digest == wanted.secret_digest)
    return [
        error_seen(call),
        Evidence("client id sent", f"{client} (as wanted)" if is_same(client, ours) else "unseen"),
        Evidence("secret sent", "the one that we know" if is_ours else "not to be compared"),
    ]
