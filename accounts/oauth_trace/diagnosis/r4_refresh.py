"""Rules about a refresh that is refused.

A refresh that brings no new refresh token is as it should be: Alexa keeps the one it has.
"""

from __future__ import annotations

from accounts.oauth_trace.diagnosis import r3_token_answer, r3_token_contents  # noqa: F401 - first
from accounts.oauth_trace.diagnosis.rule import Evidence
from accounts.oauth_trace.diagnosis.token_answer import register
from accounts.oauth_trace.diagnosis.token_call import (
    ANY,
    CLIENT_REFUSED,
    COGNITO,
    RFC_6749,
    TOKEN_ENDPOINT,
    Proof,
    differ,
    error_seen,
    is_granted,
    is_known,
    is_same,
    is_there,
    refusal,
    refused_with,
    sent_client,
    sent_secret,
)
from accounts.oauth_trace.exchange import Value
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import same_secret
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

REFRESH_TOKENS = f"{COGNITO}/amazon-cognito-user-pools-using-the-refresh-token.html"
_REFUSED = frozenset({"invalid_client"})
_GRANT = frozenset({"invalid_grant", "unauthorized_client"})
CLIENT_PAGE = "Cognito console, the user pool, App clients, the alexa client, Edit"


@refusal(
    "refresh-client-changed",
    stage=Stage.REFRESH,
    errors=CLIENT_REFUSED,
    seen="Links that worked end at their next refresh, for everybody.",
    cause="The refresh comes in the name of another client than the one that the token was given.",
    fix=(
        "Developer console, Build, Account Linking: put the earlier Your Client ID back, or let "
        "everybody link anew; a refresh token belongs to one client."
    ),
    source=TOKEN_ENDPOINT,
)
def client_changed(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    worked, client = _last_that_worked(call, trace), sent_client(call)
    before = sent_client(worked) if worked else Value(text=wanted.client_id)
    if not differ(before, client):
        return None
    return [
        Evidence("client id of the refresh", str(client)),
        Evidence("client id that the token was given" if worked else "alexa client", str(before)),
    ]


@refusal(
    "refresh-unauthenticated",
    stage=Stage.REFRESH,
    errors=_REFUSED,
    seen="Links end after an hour; the refresh carries no client secret.",
    cause="The refresh carries no client secret, neither by HTTP Basic nor in the form.",
    fix=(
        "Developer console, Build, Account Linking: fill in Your Secret and save. "
        "`manage.py pool show --secret` prints it."
    ),
    source=TOKEN_ENDPOINT,
)
def unauthenticated(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if is_there(sent_secret(call)) or wanted.has_secret is False:
        return None
    return [
        Evidence("client authentication sent", "none"),
        Evidence("wanted", "Authorization: Basic, or client_secret in the form"),
    ]


@refusal(
    "refresh-secret-changed",
    stage=Stage.REFRESH,
    errors=_REFUSED,
    seen="Links that worked end at their next refresh, for everybody.",
    cause="Alexa sends another secret than before, and it is not the pool's.",
    fix=(
        "Developer console, Build, Account Linking, Your Secret: `manage.py pool show --secret` "
        "prints the right one. With it back in place, links go on."
    ),
    source=TOKEN_ENDPOINT,
)
def secret_changed(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    worked, secret = _last_that_worked(call, trace), sent_secret(call)
    if worked is None or not differ(sent_secret(worked), secret):
        return None
    if differ(sent_client(worked), sent_client(call)):
        return None
    return [
        Evidence("secret sent", str(secret)),
        Evidence("secret that worked", str(sent_secret(worked))),
    ]


@refusal(
    "refresh-secret-replaced",
    stage=Stage.REFRESH,
    errors=_REFUSED,
    seen="Links that worked end at their next refresh, for everybody and at one moment.",
    cause=(
        "The same id and secret worked before and are refused now: the client was deleted or its "
        "secret replaced in the pool."
    ),
    fix=(
        f"{CLIENT_PAGE}: if the client is there with another secret, put that into the developer "
        "console, Build, Account Linking. A client that was made anew has another id: then "
        "everybody links again."
    ),
    source=TOKEN_ENDPOINT,
)
def secret_replaced(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    worked = _last_that_worked(call, trace)
    if worked is None or not is_same(sent_secret(worked), sent_secret(call)):
        return None
    if differ(sent_client(worked), sent_client(call)):
        return None
    return [
        Evidence("now", f"{call.at:%Y-%m-%d %H:%M}, {refused_with(call.response)}"),
        Evidence("worked last", f"{worked.at:%Y-%m-%d %H:%M}"),
        Evidence("secret of both", str(sent_secret(call))),
    ]


@refusal(
    "refresh-secret-wrong",
    stage=Stage.REFRESH,
    errors=_REFUSED,
    seen="Links end after an hour; the refresh gets invalid_client.",
    cause="The client's id is right, and the secret that Alexa sends is not the pool's.",
    fix=(
        "Type `manage.py pool show --secret`, and copy the secret without spaces into the "
        "developer console, Build, Account Linking, Your Secret."
    ),
    source=TOKEN_ENDPOINT,
)
def secret_wrong(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    client, secret = sent_client(call), sent_secret(call)
    if client is None or client.text != wanted.client_id or not wanted.secret_digest:
        return None
    if secret is None or not secret.digest or secret.digest == wanted.secret_digest:
        return None
    if _last_that_worked(call, trace):
        return None  # told already
    is_id = same_secret(secret, wanted.client_id)
    return [
        Evidence("secret sent", "the client id" if is_id else str(secret)),
        Evidence("secret of the client", wanted.secret_shown),
    ]


@refusal(
    "refresh-old-token",
    stage=Stage.REFRESH,
    errors=_GRANT,
    seen="The link ends at the second refresh, or after an answer that got lost.",
    cause=(
        "Rotation is on: a later refresh token was given, and the one from before is used again."
    ),
    fix=(
        f"{CLIENT_PAGE}: switch Refresh token rotation off. A rotated token whose answer gets "
        "lost locks a person out for good; everybody whom that happened to links again."
    ),
    source=REFRESH_TOKENS,
)
def old_token(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    given = [each.response.get("refresh_token") for each in _before(call, trace)]
    newest = next((token for token in reversed(given) if is_known(token)), None)
    sent = sent_token(call)
    if not differ(newest, sent) or not any(is_same(token, sent) for token in given):
        return None
    return [
        Evidence("refresh token sent", str(sent)),
        Evidence("refresh token given last", str(newest)),
    ]


@refusal(
    "refresh-token-expired",
    stage=Stage.REFRESH,
    errors=_GRANT,
    seen="Links end after a fixed time, by Cognito's default after 30 days.",
    cause="The refresh token has run out: it was given longer ago than the client lets it live.",
    fix=(
        f"{CLIENT_PAGE}: set Refresh token expiration to 3650 days. Tokens that were given before "
        "keep their old end, so these people link again."
    ),
    source=REFRESH_TOKENS,
)
def token_expired(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    given = _given(call, trace)
    if given is None or wanted.refresh_token_seconds is None:
        return None
    age = int((call.at - given.at).total_seconds())
    if age < wanted.refresh_token_seconds:
        return None
    return [
        Evidence("age of the refresh token", span(age)),
        Evidence("the client lets it live", span(wanted.refresh_token_seconds)),
    ]


@refusal(
    "refresh-parameter-missing",
    stage=Stage.REFRESH,
    errors=ANY,
    seen="The refresh has no refresh_token.",
    cause="The refresh brings no refresh_token, or an empty one.",
    fix=(
        "Alexa sends it: look for a proxy, gateway mapping or test client between Alexa and this "
        "site that builds the request anew."
    ),
    source=f"{RFC_6749}#section-6",
)
def parameter_missing(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if is_there(sent_token(call)):
        return None
    return [Evidence("refresh_token", "none"), Evidence("wanted", "the one that was given")]


@refusal(
    "refresh-token-revoked",
    stage=Stage.REFRESH,
    errors=_GRANT,
    seen="A link that worked ends at once, for one person.",
    cause=(
        "The refresh token was given by this pool and has not run out, so it was most probably "
        "revoked: signed out everywhere, password reset, person disabled or deleted."
    ),
    fix=(
        "Cognito console, the user pool, Users: look at the person; CloudTrail shows who called "
        "AdminUserGlobalSignOut, RevokeToken, AdminDisableUser or AdminDeleteUser. The person "
        "links again."
    ),
    source=f"{COGNITO}/token-revocation.html",
    proof=Proof.PROBABLE,
)
def token_revoked(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    given = _given(call, trace)
    if given is None:
        return None
    age = int((call.at - given.at).total_seconds())
    return [
        error_seen(call),
        Evidence("refresh token was given", f"{span(age)} before"),
        Evidence("of its lifetime", _lifetime(wanted)),
    ]


@refusal(
    "refresh-grant-refused",
    stage=Stage.REFRESH,
    errors=_GRANT,
    seen="A link that worked has ended; the refresh gets invalid_grant.",
    cause=(
        "The refresh token is not taken, and the trace did not see it given: it has run out "
        "(Cognito's default is 30 days), was revoked or rotated, or is another client's or pool's."
    ),
    fix=(
        f"{CLIENT_PAGE}: Refresh token expiration 3650 days, rotation off. Then look at the "
        "person under Users. `manage.py doctor` looks at the client."
    ),
    source=REFRESH_TOKENS,
    proof=Proof.LEFT_OVER,
)
def grant_refused(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence]:
    return [error_seen(call), Evidence("the client lets refresh tokens live", _lifetime(wanted))]


@refusal(
    "refresh-refused",
    stage=Stage.REFRESH,
    errors=ANY,
    seen="A link that worked has ended; the refresh gets an error of the token endpoint.",
    cause="The token endpoint refuses the refresh; nothing of what was sent shows why.",
    fix=(
        "Read its error and description below. invalid_client: look for the client id under App "
        "clients in the Cognito console; else compare the request with the token endpoint's page."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.LEFT_OVER,
)
def refused(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if refused_with(call.response) in _GRANT:
        return None
    return [error_seen(call), Evidence("client id sent", str(sent_client(call) or "none"))]


register(Stage.REFRESH)


def sent_token(call: Recorded) -> Value | None:
    return call.request.get("refresh_token")


def _before(call: Recorded, trace: Trace) -> list[Recorded]:
    """Token answers with tokens that came before this call."""
    events = trace.events[: trace.events.index(call)]
    calls = [event for event in events if event.stage in {Stage.TOKEN, Stage.REFRESH}]
    return [event for event in calls if is_granted(event)]


def _last_that_worked(call: Recorded, trace: Trace) -> Recorded | None:
    return next(reversed(_before(call, trace)), None)


def _given(call: Recorded, trace: Trace) -> Recorded | None:
    """The answer that gave the refresh token of this call."""
    answers = (
        each
        for each in _before(call, trace)
        if is_same(each.response.get("refresh_token"), sent_token(call))
    )
    return next(answers, None)


def _lifetime(wanted: Wanted) -> str:
    return span(wanted.refresh_token_seconds) if wanted.refresh_token_seconds else "not known"


def span(seconds: int) -> str:
    """In the largest unit that says it roughly."""
    for unit, name in ((24 * 3600, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
