"""The skill's own account linking: what Amazon was told, against what is here."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import requests
from django.conf import settings
from django.utils.crypto import constant_time_compare
from requests.auth import AuthBase

from accounts.cognito import endpoints
from accounts.pool.console import AMAZON_PATH, SCOPES
from accounts.pool.parameters import LINK_CALLBACK_PATH
from companion.doctor import console_values, sources, web
from companion.doctor.checks.alexa_client import LONGEST, SHORTEST
from companion.doctor.checks.configuration import SKILL_ID
from companion.doctor.console_values import Linking
from companion.doctor.context import SMAPI, Context
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, skipped, warning

PAGE = "Developer console: the skill, Build, Account Linking."
AGAIN = (
    f"{PAGE} Or `manage.py skill_package build DIR` and `ask smapi update-account-linking-info`."
)
STAGES = ("development", "certified", "live")
MOST = 15  # domains, and scopes, of a skill


@check("skill.console", "As the file says", source=sources.SMAPI_LINKING)
def console(context: Context) -> Iterator[Seen]:
    if context.options.console is None:
        yield skipped("no file given (--console FILE)")
        return
    try:
        linking = console_values.read(context.options.console)
    except console_values.Unreadable as reason:
        yield error(
            str(reason),
            wanted="JSON of SMAPI or of `manage.py skill_package build`, or lines as "
            "`manage.py pool show` prints them",
            mend="`ask smapi get-account-linking-info -s SKILL -g development > FILE`",
        )
        return
    yield from compared(linking)


@check("skill.smapi", "As Amazon has it", source=sources.SMAPI_LINKING, online=True)
def smapi(context: Context) -> Iterator[Seen]:
    options = context.options
    if not options.access_token:
        yield skipped("no token of Amazon's skill management API given (ASK_ACCESS_TOKEN)")
        return
    ids = settings.ALEXA_SKILL_IDS
    skill = options.skill_id or (ids[0] if len(ids) == 1 else "")
    if not SKILL_ID.fullmatch(skill) or options.stage not in STAGES:
        yield error(
            f"skill {skill or 'not named'}, stage {options.stage}",
            wanted=f"amzn1.ask.skill.…, and one of {', '.join(STAGES)}",
            mend="Name them with --skill-id and --stage.",
        )
        return
    # the token is Amazon's: it goes nowhere else, but to a test on this machine
    if options.smapi != SMAPI and urlsplit(options.smapi).hostname not in web.LOOPBACK:
        yield error("the API's address is not Amazon's", wanted=SMAPI, mend="Leave it out.")
        return
    url = f"{options.smapi}/v1/skills/{skill}/stages/{options.stage}/accountLinkingClient"
    try:
        answer = web.ask("GET", url, auth=_Bearer(options.access_token))
    except web.NoAnswer as reason:
        yield error(f"{urlsplit(url).netloc}: {reason}", wanted="an answer", mend="Try again.")
        return
    if answer.status != 200:
        yield error(
            f"{answer.status} for stage {options.stage}",
            wanted="200",
            mend=_REFUSED.get(answer.status, "Try again in a minute."),
        )
        return
    try:
        linking = console_values.from_json(answer.json())
    except (ValueError, console_values.Unreadable) as reason:
        yield error(f"unreadable: {reason}", wanted="account linking as JSON", mend="Try again.")
        return
    yield from compared(linking)


_REFUSED = {
    401: "The token has expired (they live an hour): `ask util generate-lwa-tokens`.",
    403: "The token's account may not read this skill, or lacks the scope "
    "alexa::ask:skills:readwrite.",
    404: "No such skill or stage, or it has no account linking yet: set it up. " + AGAIN,
    429: "Amazon asks for patience: try again in a minute.",
}


class _Bearer(AuthBase):
    """Given as auth, so that no .netrc puts another password in its place."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


# --- the comparison ----------------------------------------------------------------------------


def compared(linking: Linking) -> Iterator[Seen]:
    """Everything that the source tells, field by field; one line where all is as it should be."""
    found = [
        *_kind(linking),
        *_address("authorization URI", linking.authorize_url, "authorize"),
        *_address("access token URI", linking.token_url, "token"),
        *_one_front(linking),
        *_client(linking),
        *_scopes(linking),
        *_domains(linking),
        *_life(linking),
        *_redirects(linking),
        *_options(linking),
    ]
    yield from found
    if not found:
        yield ok("account linking is as it should be")


def _kind(linking: Linking) -> Iterator[Seen]:
    if linking.kind not in {None, "AUTH_CODE"}:
        yield error(
            f"{linking.kind}",
            wanted="AUTH_CODE: an implicit grant has no refresh token and ends within the hour",
            mend=f"Choose Auth Code Grant. {PAGE}",
            about="grant type",
        )


def _address(label: str, url: str | None, name: str) -> Iterator[Seen]:
    if url is None:
        return
    pools = endpoints.authorize_url() if name == "authorize" else endpoints.token_url()
    traced = f"{settings.PUBLIC_URL}/oauth/{name}"
    tracing = settings.OAUTH_TRACE
    bare, _, query = url.partition("?")
    names = sorted({each for each, _ in parse_qsl(query, keep_blank_values=True)})
    if names or query:
        yield error(
            f"parameters in it: {', '.join(names) or query[:40]}",
            wanted="the bare address: Alexa adds its own, and then each stands there twice",
            mend=f"Cut it before the question mark. {PAGE}",
            about=label,
        )
    if not web.is_safe(url):
        yield error("http", wanted="https", mend=PAGE, about=label)
        return
    if bare == traced and not tracing:
        yield error(
            f"{traced}, and the trace is not configured: it answers 404",
            wanted=pools,
            mend=f"Set OAUTH_TRACE=1, or go back to the pool's address. {PAGE}",
            about=label,
        )
    elif bare not in ({pools, traced} if tracing else {pools}):
        near = " (a slash at the end)" if bare.rstrip("/") == pools else ""
        yield error(f"{bare}{near}", wanted=pools, mend=AGAIN, about=label)


def _one_front(linking: Linking) -> Iterator[Seen]:
    """A code asked for through the capturing trace has to be redeemed through it."""
    ours = [
        (url or "").startswith(f"{settings.PUBLIC_URL}/oauth/")
        for url in (linking.authorize_url, linking.token_url)
    ]
    if None not in {linking.authorize_url, linking.token_url} and len(set(ours)) == 2:
        yield error(
            "one address is the trace's, the other the pool's",
            wanted="both of the trace or both of the pool",
            mend=PAGE,
            about="addresses",
        )


def _client(linking: Linking) -> Iterator[Seen]:
    have, want = linking.client_id, settings.COGNITO_ALEXA_CLIENT_ID
    if have is not None and have != want:
        web_id = settings.COGNITO_WEB_CLIENT_ID
        yield error(
            f"{have}, the website's client" if have == web_id else have,
            wanted=want,
            mend=AGAIN,
            about="client id",
        )
    secret, ours = linking.client_secret, settings.COGNITO_ALEXA_CLIENT_SECRET
    if secret is not None and ours and not constant_time_compare(secret, ours):
        yield error(
            "not the secret of COGNITO_ALEXA_CLIENT_SECRET",
            wanted="the client's secret",
            mend=f"`manage.py pool show --secret` prints it. {PAGE}",
            about="secret",
        )
    if linking.scheme == "REQUEST_BODY_CREDENTIALS":
        yield warning(
            "credentials in the request body",
            wanted="HTTP Basic; Cognito takes both, and the body is written to more logs",
            mend=PAGE,
            about="authentication scheme",
        )
    elif linking.scheme not in {None, "HTTP_BASIC"}:
        yield error(
            str(linking.scheme), wanted="HTTP_BASIC", mend=PAGE, about="authentication scheme"
        )


def _scopes(linking: Linking) -> Iterator[Seen]:
    if linking.scopes is None:
        return
    missing = [scope for scope in SCOPES if scope not in linking.scopes]
    beside = [scope for scope in linking.scopes if scope not in SCOPES]
    if missing:
        yield (error if "openid" in missing else warning)(
            f"missing: {', '.join(missing)}", wanted=", ".join(SCOPES), mend=AGAIN, about="scopes"
        )
    if beside:
        yield error(
            f"not allowed for the client: {', '.join(beside)}",
            wanted=", ".join(SCOPES),
            mend=f"A scope that the client lacks ends in invalid_scope. {PAGE}",
            about="scopes",
        )


def _domains(linking: Linking) -> Iterator[Seen]:
    if linking.domains is None:
        return
    # through the trace too the sign-in page itself is the pool's
    addresses = (linking.authorize_url or "", settings.COGNITO_DOMAIN_URL)
    hosts = {urlsplit(url).hostname or "" for url in addresses} - {""}
    wrong = [name for name in linking.domains if "/" in name or ":" in name]
    if wrong:
        yield error(
            ", ".join(wrong), wanted="host names, without https://", mend=PAGE, about="domains"
        )
    if missing := sorted(hosts - set(linking.domains)):
        yield warning(
            f"{', '.join(linking.domains) or 'none'}",
            wanted=f"{' and '.join(missing)} too: people sign in there",
            mend=PAGE,
            about="domains",
        )
    if len(linking.domains) > MOST:
        yield error(f"{len(linking.domains)}", wanted=f"at most {MOST}", mend=PAGE, about="domains")


def _life(linking: Linking) -> Iterator[Seen]:
    seconds = linking.seconds
    if seconds is not None and not SHORTEST <= seconds <= LONGEST:
        yield warning(
            f"{seconds} s",
            wanted="3600 s, as the pool says",
            mend=f"Alexa uses it only where the token answer names no life. {PAGE}",
            about="default token life",
        )


def _redirects(linking: Linking) -> Iterator[Seen]:
    if linking.redirect_urls is None:
        return
    amazons = [url for url in linking.redirect_urls if AMAZON_PATH in url]
    own = settings.PUBLIC_URL + LINK_CALLBACK_PATH
    if amazons:
        yield error(
            f"Alexa's own: {', '.join(amazons)}",
            wanted="the website's only; Alexa's three belong on the app client of the pool",
            mend=AGAIN,
            about="redirect URLs",
        )
    if own not in linking.redirect_urls:
        yield warning(
            f"{', '.join(linking.redirect_urls) or 'none'}",
            wanted=f"{own}, for linking that begins on the website",
            mend=AGAIN,
            about="redirect URLs",
        )


def _options(linking: Linking) -> Iterator[Seen]:
    for platform, url in linking.platforms:
        if urlsplit(url).scheme != "https":
            yield error(
                f"{urlsplit(url).scheme or 'nothing'} for {platform}",
                wanted="https",
                mend=AGAIN,
                about="authorization URI of an app",
            )
    if linking.voice_forward == "ENABLED":
        yield warning(
            "voice-forward account linking is on",
            wanted="off: it is documented for Login with Amazon only",
            mend=AGAIN,
            about="voice-forward",
        )
