"""The two app clients against each other, and what both need alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare

from accounts.cognito import endpoints
from accounts.pool.console import AMAZON_PATH
from companion.doctor import sources
from companion.doctor.context import Context, Unavailable
from companion.doctor.mending import ATTRIBUTES, CLIENT, LOGIN_PAGES
from companion.doctor.pool_template import differences
from companion.doctor.registry import check, register
from companion.doctor.results import Seen, error, ok, warning
from companion.doctor.showing import shown

RESOURCE = {"web": "WebClient", "alexa": "AlexaClient"}
SETTING = {"web": "COGNITO_WEB_CLIENT", "alexa": "COGNITO_ALEXA_CLIENT"}
ADMIN_SCOPE = "aws.cognito.signin.user.admin"
# claims that come with a scope: a client that may not read one of them gets no token at all
READ_BY_SCOPE = {
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
}
# looked at by checks of their own, or of no interest to a person
_SPECIAL = frozenset(
    {
        "UserPoolId",
        "GenerateSecret",
        "CallbackURLs",
        "LogoutURLs",
        "AllowedOAuthFlowsUserPoolClient",
        "AllowedOAuthFlows",
        "AllowedOAuthScopes",
        "SupportedIdentityProviders",
        "RefreshTokenRotation",
        "TokenValidityUnits",
    }
)
_SPECIAL_OF_ALEXA = frozenset(
    {
        "AccessTokenValidity",
        "RefreshTokenValidity",
        "EnableTokenRevocation",
        "PreventUserExistenceErrors",
    }
)


def wanted(context: Context, which: str) -> dict[str, Any]:
    return context.template().properties(RESOURCE[which])


@check("clients.apart", "Two clients of one pool", source=sources.APP_CLIENTS, online=True)
def apart(context: Context) -> Iterator[Seen]:
    web_id, alexa_id = settings.COGNITO_WEB_CLIENT_ID, settings.COGNITO_ALEXA_CLIENT_ID
    if web_id and web_id == alexa_id:
        yield error(
            "both settings name one client",
            wanted="two: the website's tokens must not open the voice door, nor the other way",
            mend="`manage.py pool show --env` prints both ids.",
        )
        return
    for which in ("web", "alexa"):
        try:
            context.app_client(which)
        except Unavailable as reason:
            context.pool()
            yield error(
                str(reason),
                wanted=f"a client of {settings.COGNITO_USER_POOL_ID}",
                mend=f"Set {SETTING[which]}_ID: `manage.py pool show --env` prints it.",
                about=which,
            )
            return
    web, alexa = context.web_client(), context.alexa_client()
    web_is_amazons = _amazons(web)
    if web_is_amazons and endpoints.callback_url() in alexa.get("CallbackURLs", []):
        yield error(
            "swapped: each setting names the other's client",
            wanted="COGNITO_WEB_CLIENT_ID is the website's, COGNITO_ALEXA_CLIENT_ID Alexa's",
            mend="Exchange the two ids, and the two secrets.",
        )
    elif web_is_amazons:
        yield error(
            f"the website's client has return addresses of Amazon: {', '.join(web_is_amazons)}",
            wanted="them on the alexa client only: its tokens are Alexa's",
            mend=LOGIN_PAGES,
        )
    else:
        yield ok(f"{web.get('ClientName', '?')} and {alexa.get('ClientName', '?')}")


def _amazons(client: Mapping[str, Any]) -> list[str]:
    return [url for url in client.get("CallbackURLs", []) if AMAZON_PATH in url]


# --- what both need alike --------------------------------------------------------------------


def flow(context: Context, which: str) -> Iterator[Seen]:
    client = context.app_client(which)
    flows = client.get("AllowedOAuthFlows") or []
    if not client.get("AllowedOAuthFlowsUserPoolClient"):
        yield error(
            "OAuth is off for this client (AllowedOAuthFlowsUserPoolClient)",
            wanted="on",
            mend=LOGIN_PAGES,
        )
    elif "code" not in flows:
        yield error(
            f"flows: {shown(flows)}",
            wanted="code (authorization code grant)",
            mend=f"Otherwise authorize ends in unauthorized_client. {LOGIN_PAGES}",
        )
    elif len(flows) > 1:
        yield warning(
            f"flows: {shown(flows)}",
            wanted="code alone: the others put tokens into addresses or need no person",
            mend=LOGIN_PAGES,
        )
    else:
        yield ok("authorization code")


def scopes(context: Context, which: str) -> Iterator[Seen]:
    have = set(context.app_client(which).get("AllowedOAuthScopes") or [])
    want = set(wanted(context, which)["AllowedOAuthScopes"])
    missing, beside = want - have, have - want
    if missing:
        reason = (
            "Without openid there is no id token, and email and phone need it."
            if "openid" in missing
            else "A request for it ends in invalid_scope."
        )
        yield error(
            f"missing: {shown(missing)}", wanted=shown(want), mend=f"{reason} {LOGIN_PAGES}"
        )
    if ADMIN_SCOPE in beside:
        yield warning(
            f"{ADMIN_SCOPE} is allowed",
            wanted="without it: whoever holds such a token can change the person's attributes",
            mend=LOGIN_PAGES,
        )
    elif beside:
        yield warning(f"more than we use: {shown(beside)}", wanted=shown(want), mend=LOGIN_PAGES)
    if not missing and not beside:
        yield ok(shown(have))


def secret(context: Context, which: str) -> Iterator[Seen]:
    theirs = str(context.app_client(which).get("ClientSecret") or "")
    ours = getattr(settings, f"{SETTING[which]}_SECRET")
    if not theirs:
        yield error(
            "a public client, it has no secret",
            wanted="a confidential one: Alexa sends a secret, and so does the website",
            mend="A client cannot get one later: use one that has a secret, as `manage.py pool "
            "deploy` makes it, and name it in the settings and in the skill.",
        )
    elif not ours:
        yield warning(
            f"{SETTING[which]}_SECRET is empty: not compared",
            wanted="the client's secret",
            mend="`manage.py pool show --env --secret` prints it.",
        )
    elif not constant_time_compare(theirs, ours):
        yield error(
            f"{SETTING[which]}_SECRET is not this client's secret",
            wanted="the same on both sides, or the token endpoint says invalid_client",
            mend="`manage.py pool show --env --secret` prints it.",
        )
    else:
        yield ok("the same here and in the pool")


def providers(context: Context, which: str) -> Iterator[Seen]:
    have = context.app_client(which).get("SupportedIdentityProviders") or []
    want = wanted(context, which)["SupportedIdentityProviders"]
    if not have:
        yield error(
            "none: the sign-in page is not available",
            wanted=shown(want),
            mend=f"Cognito says that login pages are unavailable. {LOGIN_PAGES}",
        )
    elif missing := set(want) - set(have):
        yield warning(shown(have), wanted=f"{shown(missing)} too", mend=LOGIN_PAGES)
    else:
        yield ok(shown(have))


def attributes(context: Context, which: str) -> Iterator[Seen]:
    """Cognito's default, an empty list, lets a client read them all."""
    client = context.app_client(which)
    readable = client.get("ReadAttributes") or []
    needed = [
        name
        for scope in wanted(context, which)["AllowedOAuthScopes"]
        for name in READ_BY_SCOPE.get(scope, ())
    ]
    missing = [name for name in needed if name not in readable]
    if readable and missing:
        yield error(
            f"not readable: {', '.join(missing)}",
            wanted=f"readable: {', '.join(needed)}",
            mend=f"The token endpoint says invalid_grant to a good code. {ATTRIBUTES}",
        )
    else:
        yield ok("all that the scopes need can be read")


def rotation(context: Context, which: str) -> Iterator[Seen]:
    have = context.app_client(which).get("RefreshTokenRotation") or {}
    if have.get("Feature") == "ENABLED":
        say = error if which == "alexa" else warning
        yield say(
            f"on, with {have.get('RetryGracePeriodSeconds', 0)} s of grace",
            wanted="off: Alexa keeps its first refresh token, and a lost answer ends the link"
            if which == "alexa"
            else "off, as in the template",
            mend=CLIENT,
        )
    else:
        yield ok("off")


def rest(context: Context, which: str) -> Iterator[Seen]:
    """All other properties: CloudFormation's own comparison leaves hand-made changes out here."""
    client = context.app_client(which)
    special = _SPECIAL | (_SPECIAL_OF_ALEXA if which == "alexa" else frozenset())
    want = {name: value for name, value in wanted(context, which).items() if name not in special}
    found = list(differences(want, client))
    for path, value, have in found:
        yield warning(shown(have), wanted=shown(value), mend=CLIENT, about=path)
    if not found:
        yield ok("nothing was changed by hand")


_BOTH: tuple[tuple[str, str, Callable[[Context, str], Iterator[Seen]], str], ...] = (
    ("flow", "Flow", flow, sources.APP_CLIENTS),
    ("scopes", "Scopes", scopes, sources.AUTHORIZE),
    ("secret", "Secret", secret, sources.TOKEN),
    ("providers", "Identity providers", providers, sources.APP_CLIENTS),
    ("attributes", "Attributes it may read", attributes, sources.ATTRIBUTES),
    ("rotation", "Rotation of refresh tokens", rotation, sources.REFRESH),
    ("template", "All else as the template says", rest, sources.APP_CLIENTS),
)


def register_both(which: str) -> None:
    """The checks that both clients need, under this client's heading."""
    for name, title, look, source in _BOTH:
        register(f"{which}.{name}", title, _bound(look, which), source=source, online=True)


def _bound(
    look: Callable[[Context, str], Iterator[Seen]], which: str
) -> Callable[[Context], Iterator[Seen]]:
    return lambda context: look(context, which)
