"""Rules about a code that is not taken: used, old, changed, or of somebody who is gone.

Cognito says invalid_grant to nearly all of them, and unauthorized_client to some; its words are
not documented, so what was sent decides.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import takewhile

from accounts.oauth_trace.diagnosis.rule import Evidence
from accounts.oauth_trace.diagnosis.token_call import (
    CODE_GRANT,
    CODE_REFUSED,
    COGNITO,
    RFC_6749,
    S256,
    TOKEN_ENDPOINT,
    Proof,
    authorized,
    error_seen,
    is_granted,
    is_known,
    is_same,
    is_throttled,
    refusal,
    refused_with,
    sent_code,
    was_authorized,
)
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted
from accounts.pool.parameters import LINK_CALLBACK_PATH

CODE_LIVES = timedelta(minutes=5)
_PERSON_GONE = re.compile(r"disabled|not enabled|not found|not exist|not confirmed", re.IGNORECASE)
# the attributes that a scope opens: a client that may not read one gets no token
# https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
OPENED = {
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
}


@refusal(
    "token-code-used-twice",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen="The token endpoint answers invalid_grant, and the same code was redeemed before.",
    cause=(
        "The code was redeemed twice, and counts once: if Alexa came second, it got no tokens, and "
        "the linking failed."
    ),
    fix=(
        "Nothing but Alexa may redeem its codes: no test with a code from a log, no proxy that "
        "sends a request again. If Alexa itself tried twice, the first answer was too slow or "
        "could not be read: look at that one."
    ),
    source=f"{RFC_6749}#section-4.1.2",
)
def code_used_twice(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    first = next((each for each in _with_its_code(call, trace) if is_granted(each)), None)
    if first is None:
        return None
    return [
        Evidence("this redemption", f"{call.at:%H:%M:%S}, refused"),
        Evidence("first redemption", f"{first.at:%H:%M:%S}, tokens given"),
        Evidence("code of both", str(sent_code(call))),
    ]


@refusal(
    "token-code-tried-again",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen="A first token call ended without tokens; the next one is refused as invalid_grant.",
    cause=(
        "The code had been sent before, in a call that was neither refused nor brought tokens: "
        "probably the pool took it then, and the tokens were lost on the way."
    ),
    fix=(
        "Find out why the first call brought no tokens: a pre-token Lambda trigger that takes "
        "seconds, or the network in between. Then link once more: each attempt has its own code."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.PROBABLE,
)
def code_tried_again(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    before = [each for each in _with_its_code(call, trace) if not is_throttled(each.response)]
    if not before or any(map(is_granted, before)):
        return None
    lost = before[0].response
    return [
        Evidence("this redemption", f"{call.at:%H:%M:%S}, refused"),
        Evidence("first redemption", f"{before[0].at:%H:%M:%S}, {lost.problem or lost.status}"),
    ]


@refusal(
    "token-code-expired",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen="More than five minutes lie between sign-in and the token call; it gets invalid_grant.",
    cause="The code was older than the five minutes that Cognito's codes live.",
    fix=(
        "Link once more. If it is always so late, something holds the request back between Alexa "
        "and the token endpoint; for linking that begins on the website, get the code last."
    ),
    source=f"{COGNITO}/authorization-endpoint.html",
)
def code_expired(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    given = next(
        (
            event
            for event in trace.at(Stage.CALLBACK)
            if is_same(event.request.get("code"), sent_code(call))
        ),
        None,
    )
    if given is None or call.at - given.at <= CODE_LIVES:
        return None
    seconds = int((call.at - given.at).total_seconds())
    return [
        Evidence("age of the code", f"{seconds} s"),
        Evidence("a code lives", f"{int(CODE_LIVES.total_seconds())} s"),
    ]


@refusal(
    "token-code-changed",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen="The code of the token call is not the one that came back from sign-in.",
    cause="Another code is redeemed than the one that sign-in gave in this attempt.",
    fix=(
        "Pass the way back on unchanged: nothing may decode, cut or add to its query. If the codes "
        "are of two attempts that ran at once, link once more in one window."
    ),
    source=f"{RFC_6749}#section-4.1.3",
)
def code_changed(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    given = [event.request.get("code") for event in trace.at(Stage.CALLBACK)]
    known = [code for code in given if is_known(code)]
    if not known or not is_known(sent_code(call)):
        return None
    if any(is_same(code, sent_code(call)) for code in known):
        return None
    return [
        Evidence("code redeemed", str(sent_code(call))),
        Evidence("code given", str(known[-1])),
    ]


@refusal(
    "token-attributes-unreadable",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen="The code is fresh and everything fits, and Cognito answers invalid_grant.",
    cause="The app client may not read all attributes of a scope that Alexa asks for.",
    fix=(
        "Cognito console, the user pool, App clients, the alexa client, Attribute permissions: "
        "allow reading of email and email_verified for the scope email, of phone_number and "
        "phone_number_verified for phone."
    ),
    source=f"{COGNITO}/authorization-endpoint.html",
    proof=Proof.PROBABLE,
)
def attributes_unreadable(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if wanted.read_attributes is None:
        return None
    asked = authorized(trace, "scope")
    # an authorize request without a scope gets all of the client's
    scopes = asked.text.split() if asked and asked.text else wanted.scopes or ()
    needed = [name for scope in scopes for name in OPENED.get(scope, ())]
    missing = [name for name in needed if name not in wanted.read_attributes]
    if not missing:
        return None
    return [
        Evidence("attributes that may not be read", ", ".join(missing)),
        Evidence("scopes asked for", " ".join(scopes)),
        Evidence("readable", ", ".join(wanted.read_attributes)),
    ]


@refusal(
    "token-person-gone",
    stage=Stage.TOKEN,
    errors=frozenset({"invalid_grant", "server_error"}),
    seen="Somebody signs in, and the token call says that the user is disabled or does not exist.",
    cause="The person was disabled or deleted in the pool between sign-in and the token call.",
    fix=(
        "Cognito console, the user pool, Users: enable the person, or let them sign up again; then "
        "link once more."
    ),
    source=f"{COGNITO}/how-to-manage-user-accounts.html",
)
def person_gone(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _PERSON_GONE.search(call.response.text("error_description")):
        return None
    return [error_seen(call), Evidence("wanted", "an enabled user")]


@refusal(
    "token-code-of-website",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen=(
        "Linking that begins on the website fails; the enablement call says 400, Invalid account "
        "linking credentials."
    ),
    cause=(
        "Alexa got its code from the website and could not redeem it: probably the code is "
        "Amazon's or of another client, came with a PKCE challenge, was used, or was too old."
    ),
    fix=(
        "The website must ask the pool for a code of the alexa client, without code_challenge and "
        "as the last step, and send its own link callback as redirectUri."
    ),
    source=f"{CODE_GRANT.rpartition('/')[0]}/app-to-app-account-linking-starting-from-your-app.html",
    proof=Proof.PROBABLE,
)
def code_of_website(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    sent, own = call.request.text("redirect_uri"), wanted.public_url + LINK_CALLBACK_PATH
    if sent != own or was_authorized(trace) or any(map(is_granted, _with_its_code(call, trace))):
        return None
    return [
        Evidence("redirect_uri sent", sent),
        Evidence("authorize request of this code", "not seen: it did not come over the trace"),
    ]


@refusal(
    "token-code-of-elsewhere",
    stage=Stage.TOKEN,
    errors=CODE_REFUSED,
    seen="The token endpoint answers invalid_grant, and another attempt waits for its token call.",
    cause=(
        "The code did not come back over the trace, while an attempt of the same client waits for "
        "its own token call: the code was changed on its way, or is none of the pool's."
    ),
    fix=(
        "Open the attempt that waits. If it was the same try, look for what changes the code "
        "between Alexa and this site; else find out who sends codes to /oauth/token that did not "
        "begin at this site's /oauth/authorize."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.PROBABLE,
)
def code_of_elsewhere(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not trace.beside or not is_known(sent_code(call)):
        return None
    return [
        Evidence("code redeemed", f"{sent_code(call)}, not seen on any way back"),
        Evidence("attempt that waits", trace.beside),
        error_seen(call),
    ]


@refusal(
    "token-code-refused",
    stage=Stage.TOKEN,
    errors=frozenset({"invalid_grant"}),
    seen="Linking fails after sign-in; the token endpoint answers invalid_grant.",
    cause=(
        "The token endpoint does not take the code; what could be compared fits, so most probably "
        "it was redeemed elsewhere, belongs to another client or pool, or had expired."
    ),
    fix=(
        "Link once more from the beginning while the trace records the way back, too (`manage.py "
        "oauth_trace on`, without --no-capture): then code, redirect_uri and PKCE are compared "
        "from end to end. `manage.py doctor` looks at the client."
    ),
    source=TOKEN_ENDPOINT,
    proof=Proof.LEFT_OVER,
)
def code_refused(call: Recorded, trace: Trace, wanted: Wanted) -> list[Evidence]:
    def word(is_fitting: bool) -> str:
        return "the same" if is_fitting else "not to be compared"

    back = is_same(call.request.get("redirect_uri"), authorized(trace, "redirect_uri"))
    code = any(is_same(e.request.get("code"), sent_code(call)) for e in trace.at(Stage.CALLBACK))
    proof = is_same(call.request.get(S256), authorized(trace, "code_challenge"))
    no_proof = was_authorized(trace) and authorized(trace, "code_challenge") is None
    return [
        error_seen(call),
        Evidence("code given and redeemed", word(code)),
        Evidence("redirect_uri at sign-in and here", word(back)),
        Evidence("PKCE", "not in use" if no_proof else word(proof)),
    ]


def _with_its_code(call: Recorded, trace: Trace) -> list[Recorded]:
    """The calls before this one that sent the same code and were not refused for another reason."""
    return [
        each
        for each in takewhile(lambda event: event is not call, trace.at(Stage.TOKEN))
        if is_same(sent_code(each), sent_code(call)) and not refused_with(each.response)
    ]
