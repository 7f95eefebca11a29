"""Rules about the scopes that the skill asks for."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.asked import (
    ALEXA_CODE_GRANT,
    COGNITO_AUTHORIZE,
    COGNITO_CLIENT,
    asked,
    is_missing,
    is_of_our_client,
    listed,
    only,
    stopped,
)
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.exchange import Message
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

_ADMINISTRATION = "aws.cognito.signin.user.admin"
_NEED_OPENID = frozenset({"email", "phone", "profile"})
_FIELD = "Developer console, Build, Account Linking, Scope"


def _words(request: Message | None, wanted: Wanted) -> list[str]:
    """The scopes of a request that is our client's; none where they came twice or unreadable."""
    if request is None or not is_of_our_client(request, wanted):
        return []
    return only(request, "scope").split()


def _unknown(trace: Trace, wanted: Wanted) -> tuple[list[str], list[str]]:
    """Scopes that the client may not ask for: those that differ in capitals only, and the rest."""
    if wanted.scopes is None:
        return [], []
    words = [word for word in _words(stopped(trace), wanted) if word not in wanted.scopes]
    capitals = [word for word in words if word.lower() in wanted.scopes]
    return capitals, [word for word in words if word not in capitals]


@rule(
    "scope-missing",
    stage=Stage.AUTHORIZE,
    level=Level.NOTE,
    seen="Linking works, and the token can do more than the skill asked for.",
    cause="The skill asks for no scope, so the pool gives it every scope of the client.",
    fix=f"{_FIELD}: add openid, email and phone, one line each.",
    source=COGNITO_AUTHORIZE,
)
def scope_missing(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = asked(trace)
    if request is None or not is_missing(request, "scope"):
        return None
    return [
        Evidence("scope sent", "none"),
        Evidence("scopes of the client", listed(wanted.scopes or ("openid", "email", "phone"))),
    ]


@rule(
    "scope-unreadable",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_scope).",
    cause=(
        "The scope is no list of words with spaces between: commas stand there, or it was "
        "percent-encoded twice."
    ),
    fix=f"{_FIELD}: one scope in each line, without commas, quotation marks or + between.",
    source=ALEXA_CODE_GRANT,
)
def scope_unreadable(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = stopped(trace)
    found = request.all("scope") if request else []
    if len(found) != 1 or not found[0].is_withheld:
        return None
    return [
        Evidence("scope sent", f"{found[0].length} characters, more than words and spaces"),
        Evidence("for example", " ".join(wanted.scopes or ("openid", "email", "phone"))),
    ]


@rule(
    "scope-in-capitals",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_scope).",
    cause="A scope differs from one of the client's in capital letters only.",
    fix=f"{_FIELD}: write scopes as the client has them, in small letters.",
    source=COGNITO_AUTHORIZE,
)
def scope_in_capitals(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    capitals, _ = _unknown(trace, wanted)
    if not capitals:
        return None
    return [
        Evidence("scope sent", listed(capitals)),
        Evidence("scopes of the client", listed(wanted.scopes or ())),
    ]


@rule(
    "scope-not-allowed",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_scope).",
    cause="The skill asks for a scope that the client does not have.",
    fix=(
        f"{_FIELD}: remove it. Or give it to the client: Cognito console, your user pool, App "
        "clients, the alexa client, Login pages, Edit: OpenID Connect scopes, Custom scopes."
    ),
    source=COGNITO_AUTHORIZE,
)
def scope_not_allowed(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    _, unknown = _unknown(trace, wanted)
    if not unknown:
        return None
    return [
        Evidence("scope sent", listed(unknown)),
        Evidence("scopes of the client", listed(wanted.scopes or ())),
    ]


@rule(
    "scope-without-openid",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="Alexa says that linking failed before the sign-in page shows (invalid_scope).",
    cause="email, phone and profile may only be asked for together with openid.",
    fix=f"{_FIELD}: add openid.",
    source=COGNITO_AUTHORIZE,
)
def scope_without_openid(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    words = _words(stopped(trace), wanted)
    if not _NEED_OPENID & set(words) or "openid" in [word.lower() for word in words]:
        return None
    return [
        Evidence("scope sent", " ".join(words)),
        Evidence("wanted", " ".join(["openid", *words])),
    ]


@rule(
    "scope-of-administration",
    stage=Stage.AUTHORIZE,
    level=Level.WARNING,
    seen="Linking works; whoever has the skill's token may change the person's account.",
    cause=(
        f"The skill asks for {_ADMINISTRATION}, with which a token can change the person's "
        "attributes, password settings and devices."
    ),
    fix=(
        f"{_FIELD}: remove it, then take it from the client: Cognito console, your user pool, App "
        "clients, the alexa client, Login pages, Edit. Reading a person needs openid only."
    ),
    source=COGNITO_CLIENT,
)
def scope_of_administration(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if _ADMINISTRATION not in _words(asked(trace), wanted):
        return None
    if _unknown(trace, wanted)[1]:  # refused anyway, which is said already
        return None
    return [
        Evidence("scope sent", _ADMINISTRATION),
        Evidence("enough", "openid email phone"),
    ]
