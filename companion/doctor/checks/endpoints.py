"""The OAuth endpoints, asked as Alexa asks them: nobody signs in, and no code is redeemed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

from django.conf import settings
from django.urls import reverse

from accounts.cognito import endpoints
from accounts.pool.console import SCOPES
from companion.doctor import sources, tracing, web
from companion.doctor.checks import alexa_client
from companion.doctor.checks.documents import judged_clock
from companion.doctor.context import Context, Unavailable, once
from companion.doctor.mending import LOGIN_PAGES
from companion.doctor.registry import check, register
from companion.doctor.results import Seen, error, note, ok, skipped, warning

SLOW, TOO_SLOW = 2.0, 4.5  # seconds; Alexa gives up after 4.5
# what authorize says instead of showing the sign-in page, and what that means
MEANINGS = {
    "redirect_mismatch": f"This return address is not registered. {LOGIN_PAGES}",
    "invalid_scope": f"A scope is not allowed for the alexa client. {LOGIN_PAGES}",
    "unauthorized_client": f"The client lacks the authorization code grant. {LOGIN_PAGES}",
    "invalid_client": "The pool of this domain has no such client: check COGNITO_DOMAIN_URL and "
    "COGNITO_ALEXA_CLIENT_ID.",
    "invalid_request": "Return address, scopes or flow of the alexa client do not fit; see the "
    "lines about it.",
    "server_error": "Cognito itself failed: try again, then look at the AWS health page.",
}
OF_TOKEN = {
    "invalid_client": "Client id, secret or scheme are not accepted: compare "
    "COGNITO_ALEXA_CLIENT_SECRET with `manage.py pool show --env --secret`.",
    "unauthorized_client": f"The client lacks the authorization code grant. {LOGIN_PAGES}",
    "unsupported_grant_type": "This is not Cognito's token endpoint: check COGNITO_DOMAIN_URL.",
    "invalid_request": "Something on the way changes the request: look at the proxy.",
}


def _authorize(host: str) -> Callable[[Context], Iterator[Seen]]:
    return lambda context: authorize(context, host)


def authorize(context: Context, host: str) -> Iterator[Seen]:
    """The sign-in page for a link that returns to this host of Amazon."""
    _require(settings.COGNITO_DOMAIN_URL, "COGNITO_DOMAIN_URL is not set")
    _require(settings.COGNITO_ALEXA_CLIENT_ID, "COGNITO_ALEXA_CLIENT_ID is not set")
    alexa_client.require_vendor(context)
    wanted = {urlsplit(url).hostname: url for url in alexa_client.amazon_urls(context)}
    _require(host in wanted, "no vendor id is known")
    url = endpoints.authorize_url()
    query = {
        "client_id": settings.COGNITO_ALEXA_CLIENT_ID,
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "redirect_uri": wanted[host],
        "state": f"doctor-{uuid.uuid4().hex}",
    }
    try:
        answer = web.ask("GET", url, params=query)
    except web.NoAnswer as reason:
        yield error(
            f"{url}: {reason}",
            wanted="the sign-in page",
            mend="Check COGNITO_DOMAIN_URL; a new domain needs some minutes to be known.",
        )
        return
    yield judged_page(answer, url)


def judged_page(answer: web.Answer, url: str) -> Seen:
    """What authorize answered. Cognito redirects to /login; others may show the form at once."""
    said = _error_of(answer, url)
    if said:
        # Cognito puts the better word into the description: invalid_request, invalid_scope
        code = next((word for word in said.split() if word in MEANINGS), "")
        if "invalid_scope" in said:
            code = "invalid_scope"
        if "redirect_uri" in said:
            code = "redirect_mismatch"
        return error(
            f"refused: {said}",
            wanted="the sign-in page",
            mend=MEANINGS.get(code, f"See the lines about the alexa client. {LOGIN_PAGES}"),
        )
    if 300 <= answer.status < 400:
        target = urlsplit(urljoin(url, answer.headers.get("Location", "")))
        if target.netloc == urlsplit(url).netloc and "login" in target.path:
            return ok("leads to the sign-in page")
        return error(
            f"leads to {target.scheme}://{target.netloc}{target.path}",
            wanted="/login of the same domain",
            mend="This is not Cognito's endpoint: check COGNITO_DOMAIN_URL.",
        )
    if answer.status == 200 and b"<form" in answer.body:
        return ok("shows the sign-in page")
    return error(
        f"answers {answer.status} {answer.kind or 'without a type'}",
        wanted="the sign-in page",
        mend="An error page of Cognito: client id, domain or region do not belong together.",
    )


def _error_of(answer: web.Answer, url: str) -> str:
    """`error` and its description, from a redirect or from JSON; empty where there is none."""
    location = answer.headers.get("Location", "") if 300 <= answer.status < 400 else ""
    if location:
        query = parse_qs(urlsplit(urljoin(url, location)).query)
        said = {name: values[0] for name, values in query.items()}
    elif answer.status >= 400 and answer.kind == "application/json":
        try:
            said = {name: str(value) for name, value in answer.json().items()}
        except ValueError:
            said = {}
    else:
        said = {}
    words = (said.get("error", ""), said.get("error_description", ""))
    return " ".join(word for word in words if word)[:200]


for _host, _region in alexa_client.REGIONS.items():
    register(
        f"oauth.authorize-{_host.partition('.')[0]}",
        f"Sign-in page for {_region}",
        _authorize(_host),
        source=sources.AUTHORIZE,
        online=True,
    )


# --- the token endpoint ------------------------------------------------------------------------


def _require(value: object, reason: str) -> None:
    if not value:
        raise Unavailable(reason)


def redeem(url: str, context: Context) -> web.Answer:
    """Redeem a code that nobody issued, by HTTP Basic as Alexa does. Raises Unavailable, NoAnswer.

    The real secret is sent, so only by https, or to this machine.
    """
    client_id, secret = settings.COGNITO_ALEXA_CLIENT_ID, settings.COGNITO_ALEXA_CLIENT_SECRET
    _require(client_id, "COGNITO_ALEXA_CLIENT_ID is not set")
    _require(secret, "COGNITO_ALEXA_CLIENT_SECRET is not set, and without it nothing is learned")
    _require(web.is_safe(url), f"{url} is not https: the secret is not sent there")
    urls = alexa_client.amazon_urls(context)
    _require(urls, "no vendor id is known")
    form = {
        "grant_type": "authorization_code",
        "code": f"doctor-{uuid.uuid4()}",
        "redirect_uri": urls[0],
    }
    return web.ask("POST", url, data=form, auth=(client_id, secret), seconds=6)


@once
def _token_answer(context: Context) -> web.Answer | web.NoAnswer:
    _require(settings.COGNITO_DOMAIN_URL, "COGNITO_DOMAIN_URL is not set")
    try:
        return redeem(endpoints.token_url(), context)
    except web.NoAnswer as reason:
        return reason


@check("oauth.token", "Token endpoint", source=sources.TROUBLE, online=True)
def token(context: Context) -> Iterator[Seen]:
    """The secret is right where a made-up code is invalid_grant, and not invalid_client."""
    answer = _token_answer(context)
    yield from judged_token(answer, endpoints.token_url())


@check("oauth.token-clock", "Clock of the token endpoint", source=sources.TOKEN, online=True)
def token_clock(context: Context) -> Iterator[Seen]:
    answer = _token_answer(context)
    if isinstance(answer, web.NoAnswer):
        yield skipped(f"not looked at: the token endpoint: {answer}")
    else:
        yield from judged_clock(answer, "the token endpoint")


@check(
    "oauth.token-traced", "Token endpoint through the trace", source=sources.TROUBLE, online=True
)
def token_traced(context: Context) -> Iterator[Seen]:
    if not settings.OAUTH_TRACE:
        yield skipped("the trace is not configured (OAUTH_TRACE)")
        return
    if tracing.span():
        # it would be written down as an attempt, or be taken for a part of somebody's
        yield skipped("not looked at while attempts are recorded")
        return
    url = settings.PUBLIC_URL + reverse("oauth_token")
    try:
        answer: web.Answer | web.NoAnswer = redeem(url, context)
    except web.NoAnswer as reason:
        answer = reason
    yield from judged_token(answer, url)


def judged_token(answer: web.Answer | web.NoAnswer, url: str) -> Iterator[Seen]:
    """What the token endpoint said of a made-up code, in which form, and how fast."""
    if isinstance(answer, web.NoAnswer):
        yield error(
            f"{url}: {answer}",
            wanted="an answer within 4.5 s",
            mend="Alexa says that it cannot link the skill. Check the address, its certificate "
            "and its firewall.",
        )
        return
    try:
        said = answer.json()
    except ValueError:
        said = {}
    code = str(said.get("error", ""))[:60]
    if 300 <= answer.status < 400:
        yield error(
            f"{answer.status}, a redirect",
            wanted="an answer: Alexa follows no redirect of a POST",
            mend="Use the final address, with https and without a change of host or slash.",
        )
    elif not said:
        yield error(
            f"{answer.status} {answer.kind or 'without a type'}, not JSON",
            wanted="400 with JSON",
            mend="A firewall, a maintenance page or another server answers: Alexa needs JSON.",
        )
    elif code == "invalid_grant" and answer.status == 400:
        if answer.kind == "application/json":
            took = f"{answer.seconds * 1000:.0f} ms"
            if settings.AWS_ENDPOINT_URL:
                yield note(
                    f"answers in {took}. Whether it accepts the secret cannot be told here: a "
                    "local AWS looks at the code first"
                )
            else:
                yield ok(f"client and secret are accepted, {took}")
        else:
            yield error(
                f"JSON sent as {answer.kind or 'nothing'}",
                wanted="Content-Type application/json",
                mend="Something on the way changes the header: look at the proxy.",
            )
    else:
        yield error(
            f"{answer.status} {code or 'without an error code'}",
            wanted="400 invalid_grant for a code that nobody issued",
            mend=OF_TOKEN.get(code, "Look at the domain's address and at what stands before it."),
        )
    if answer.seconds > TOO_SLOW:
        yield error(
            f"{answer.seconds:.1f} s",
            wanted=f"less than {TOO_SLOW:g} s, or Alexa gives up",
            mend="Look at Lambda triggers of the pool and at what stands before the endpoint.",
            about="speed",
        )
    elif answer.seconds > SLOW:
        yield warning(
            f"{answer.seconds:.1f} s",
            wanted=f"less than {SLOW:g} s: Alexa gives up after {TOO_SLOW:g}",
            mend="Look at Lambda triggers of the pool and at what stands before the endpoint.",
            about="speed",
        )
