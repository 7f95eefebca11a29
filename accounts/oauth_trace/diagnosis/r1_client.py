"""Rules about the client that asks: its id, and how it is set up in the pool."""

from __future__ import annotations

import re

from accounts.oauth_trace.diagnosis.asked import (
    ALEXA_CODE_GRANT,
    COGNITO,
    COGNITO_AUTHORIZE,
    COGNITO_CLIENT,
    is_missing,
    is_of_our_client,
    listed,
    only,
    stopped,
)
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.exchange import Message, Value
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import WITHHELD, digest
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted, padded

_FIELD = "Developer console, Build, Account Linking, Your Client ID"
_LOOKS_LIKE_COGNITOS = re.compile(r"[a-z0-9]{26}")
_LOGIN_WITH_AMAZON = "amzn1.application-oa2-client."
_DOMAIN_REGION = re.compile(r"https://[\w-]+\.auth(?:-fips)?\.([a-z0-9-]+)\.amazoncognito\.com")
_ISSUER_REGION = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com")


def _fault(trace: Trace, wanted: Wanted) -> str:
    """The one thing that is wrong with the client_id; empty where it is ours, or not known."""
    request = stopped(trace)
    if request is None or len(request.all("client_id")) > 1 or not wanted.client_id:
        return ""
    if is_missing(request, "client_id"):
        return "client-id-missing"
    sent = request.all("client_id")[0]
    if sent.text:
        return _of_an_id(sent.text, wanted)
    if sent.digest == wanted.secret_digest:
        return "client-id-is-the-secret"
    if any(_is(sent, skill_id) for skill_id in wanted.skill_ids):
        return "client-id-is-a-skill-id"
    is_padded = any(_is(sent, each) for each in padded(wanted.client_id))
    return "client-id-padded" if is_padded else "client-id-unknown"


def _is(sent: Value, text: str) -> bool:
    return sent.length == len(text) and sent.digest == digest(text)


def _of_an_id(sent: str, wanted: Wanted) -> str:
    if sent in {wanted.client_id, WITHHELD}:
        return ""
    if sent == wanted.web_client_id:
        return "client-id-of-the-website"
    if sent.startswith(_LOGIN_WITH_AMAZON):
        return "client-id-of-login-with-amazon"
    # Cognito's ids all look alike
    return (
        "client-id-of-another-pool"
        if _LOOKS_LIKE_COGNITOS.fullmatch(sent)
        else ("client-id-unknown")
    )


def _rule(code: str, *, seen: str, cause: str, fix: str, source: str = COGNITO_AUTHORIZE) -> None:
    def check(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
        request = stopped(trace)
        if request is None or _fault(trace, wanted) != code:
            return None
        return [
            Evidence("client_id sent", str(request.get("client_id") or "none")),
            Evidence("id of the alexa client", wanted.client_id),
        ]

    rule(
        code,
        stage=Stage.AUTHORIZE,
        level=Level.ERROR,
        seen=seen,
        cause=cause,
        fix=fix,
        source=source,
    )(check)


_NO_PAGE = "In place of the sign-in page the pool shows an error."

_rule(
    "client-id-missing",
    seen=_NO_PAGE,
    cause="The authorize request names no client_id.",
    fix=f"{_FIELD}: enter the alexa client's id, which `manage.py pool show` prints.",
)
_rule(
    "client-id-is-the-secret",
    seen=_NO_PAGE,
    cause=(
        "The client secret was entered where the client id belongs, and now stands in the address "
        "that browsers open."
    ),
    fix=(
        f"{_FIELD}: enter the id there, and the secret under Your Secret. People's browsers have "
        "seen the secret: give the client a new one afterwards."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "client-id-is-a-skill-id",
    seen=_NO_PAGE,
    cause="The skill id was entered where the client id belongs.",
    fix=f"{_FIELD}: enter the alexa client's id, which `manage.py pool show` prints.",
    source=ALEXA_CODE_GRANT,
)
_rule(
    "client-id-padded",
    seen=_NO_PAGE,
    cause="The client_id is ours with a space, a line end or a quotation mark beside it.",
    fix=f"{_FIELD}: enter it again without anything around it.",
    source=ALEXA_CODE_GRANT,
)
_rule(
    "client-id-of-the-website",
    seen="The pool shows an error, or sign-in works and the tokens are refused later.",
    cause="The skill uses the app client of the website, not the one that is made for Alexa.",
    fix=(
        f"{_FIELD}: enter the alexa client's id and secret, which `manage.py pool show --secret` "
        "prints."
    ),
    source=COGNITO_CLIENT,
)
_rule(
    "client-id-of-login-with-amazon",
    seen=_NO_PAGE,
    cause=(
        "The client_id is a security profile's of Login with Amazon, and the authorize address "
        "leads to a Cognito user pool."
    ),
    fix=(
        f"{_FIELD}: enter the alexa client's id. The security profile belongs into the user pool, "
        "as an identity provider."
    ),
    source=f"{COGNITO}cognito-user-pools-social-idp.html",
)
_rule(
    "client-id-of-another-pool",
    seen=_NO_PAGE,
    cause=(
        "The client_id is no client of ours, and looks like one of Cognito's: of another pool, of "
        "a client that was replaced, or of the skill's other stage."
    ),
    fix=(
        f"{_FIELD}: enter the alexa client's id, which `manage.py pool show` prints. When only "
        "the development stage was changed, the live skill keeps the old one until it is certified "
        "again. When the id is right, set COGNITO_ALEXA_CLIENT_ID to it."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "client-id-unknown",
    seen=_NO_PAGE,
    cause="The client_id is not the alexa client's, and no id that Cognito would give.",
    fix=f"{_FIELD}: enter the alexa client's id, which `manage.py pool show` prints.",
    source=ALEXA_CODE_GRANT,
)


def _ours(trace: Trace, wanted: Wanted) -> Message | None:
    """The request that stopped, where it came from our client."""
    request = stopped(trace)
    return request if request and is_of_our_client(request, wanted) else None


@rule(
    "code-flow-disabled",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="Alexa says that linking failed before the sign-in page shows (unauthorized_client).",
    cause="The client may not use the authorization code grant, which Alexa's linking is made of.",
    fix=(
        "Cognito console, your user pool, App clients, the alexa client, Login pages, Edit: OAuth "
        "2.0 grant types, Authorization code grant."
    ),
    source=COGNITO_CLIENT,
)
def code_flow_disabled(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _ours(trace, wanted) or wanted.flows is None:
        return None
    if wanted.flows_enabled and "code" in wanted.flows:
        return None
    found = listed(wanted.flows) if wanted.flows_enabled else "OAuth is off"
    return [Evidence("grants of the client", found), Evidence("Alexa needs", "code")]


@rule(
    "no-identity-provider",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="In place of the sign-in page the pool says that login pages are unavailable.",
    cause="The client has no identity provider, so there is nothing to sign in with.",
    fix=(
        "Cognito console, your user pool, App clients, the alexa client, Login pages, Edit: "
        "Identity providers, Cognito user pool."
    ),
    source=COGNITO_CLIENT,
)
def no_identity_provider(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not _ours(trace, wanted) or wanted.identity_providers is None or wanted.identity_providers:
        return None
    return [
        Evidence("identity providers of the client", "none"),
        Evidence("wanted", "COGNITO, or another one of the pool"),
    ]


@rule(
    "identity-provider-not-enabled",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen=_NO_PAGE,
    cause=(
        "The authorize address names an identity_provider that is not enabled on the client; "
        "names are compared to the letter."
    ),
    fix=(
        "Developer console, Build, Account Linking: take identity_provider out of the Web "
        "Authorization URI; or enable that provider in the Cognito console, App clients, the alexa "
        "client, Login pages."
    ),
    source=COGNITO_AUTHORIZE,
)
def identity_provider_not_enabled(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    request = _ours(trace, wanted)
    named = only(request, "identity_provider") if request else ""
    providers = wanted.identity_providers
    if not named or not providers or named in providers:
        return None
    return [
        Evidence("identity_provider sent", named),
        Evidence("enabled on the client", listed(providers)),
    ]


@rule(
    "domain-in-another-region",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="The browser cannot open the sign-in page, or the page does not know the client.",
    cause="The sign-in domain is one of another AWS region than the user pool.",
    fix=(
        "Set COGNITO_DOMAIN_URL to the pool's own domain, which `manage.py pool show` prints; it "
        "stands in the Cognito console under Branding, Domain."
    ),
    source=f"{COGNITO}cognito-user-pools-assign-domain.html",
)
def domain_in_another_region(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    domain = _DOMAIN_REGION.match(wanted.domain_url)
    pool = _ISSUER_REGION.match(wanted.issuer)
    if not stopped(trace) or not domain or not pool or domain[1] == pool[1]:
        return None
    return [Evidence("region of the domain", domain[1]), Evidence("region of the pool", pool[1])]


@rule(
    "domain-is-the-issuer",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="In place of the sign-in page the browser shows an error of a few words.",
    cause=(
        "The pool's issuer stands where its sign-in domain belongs; an issuer has keys and no "
        "sign-in page."
    ),
    fix=(
        "Set COGNITO_DOMAIN_URL to the pool's domain, which `manage.py pool show` prints; it "
        "stands in the Cognito console under Branding, Domain."
    ),
    source=f"{COGNITO}cognito-user-pools-assign-domain.html",
)
def domain_is_the_issuer(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not stopped(trace) or not _ISSUER_REGION.match(wanted.domain_url):
        return None
    return [
        Evidence("sign-in domain", wanted.domain_url),
        Evidence("for example", "https://<prefix>.auth.<region>.amazoncognito.com"),
    ]
