"""The app client that Alexa uses: return addresses and lifetimes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from accounts.pool.console import AMAZON_PATH
from accounts.pool.parameters import LINK_CALLBACK_PATH, TRACE_CALLBACK_PATH, VENDOR_ID
from companion.doctor import sources, tracing, web
from companion.doctor.checks import clients
from companion.doctor.context import Context, Unavailable
from companion.doctor.mending import CLIENT, LOGIN_PAGES, SITE, VENDOR
from companion.doctor.pool_template import UNKNOWN
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, skipped, warning
from companion.doctor.showing import in_seconds, span

SHORTEST, LONGEST = 360, 86400  # seconds of an access token: Alexa's limit, Cognito's limit
COGNITO_DEFAULT = 30 * 86400  # seconds of a refresh token
REGIONS = {  # of the customer's account, by host
    "pitangui.amazon.com": "North America",
    "layla.amazon.com": "Europe",
    "alexa.amazon.co.jp": "Far East",
}


def amazon_urls(context: Context) -> list[str]:
    """Alexa's three return addresses, as the template builds them for ALEXA_VENDOR_ID.

    For the stack's vendor id where the setting is empty; none where nobody says one.
    """
    vendor = settings.ALEXA_VENDOR_ID
    wanted = clients.wanted(context, "alexa")["CallbackURLs"]
    urls = [] if wanted is UNKNOWN else [url for url in wanted if AMAZON_PATH in url]
    if vendor:
        urls = [url.rpartition("/")[0] + f"/{vendor}" for url in urls] or [
            f"https://{host}{AMAZON_PATH}{vendor}" for host in REGIONS
        ]
    return urls


def require_vendor(context: Context) -> None:
    """Raises Unavailable where a line about ALEXA_VENDOR_ID itself says what is wrong with it."""
    _require_form()
    if other := other_vendor(context):
        raise Unavailable(f"the pool is for {other}, not for ALEXA_VENDOR_ID")


def _require_form() -> None:
    vendor = settings.ALEXA_VENDOR_ID
    if vendor and not VENDOR_ID.fullmatch(vendor):
        raise Unavailable("ALEXA_VENDOR_ID is no vendor id (see Settings)")


def other_vendor(context: Context) -> str:
    """What stands in the place of ALEXA_VENDOR_ID in every address of Alexa's; empty: it itself."""
    try:
        have = context.alexa_client().get("CallbackURLs") or []
    except Unavailable:
        return ""
    roots = tuple(f"https://{host}{AMAZON_PATH}" for host in REGIONS)
    vendors = {url.rpartition("/")[2] for url in have if url.startswith(roots)}
    found = vendors.pop() if len(vendors) == 1 else ""
    return found if settings.ALEXA_VENDOR_ID not in {"", found} else ""


@check("alexa.callbacks", "Return addresses of Alexa", source=sources.PROFILE_SAMPLE, online=True)
def callbacks(context: Context) -> Iterator[Seen]:
    """Cognito compares them to the letter; which of the three is used depends on the customer."""
    have = list(context.alexa_client().get("CallbackURLs") or [])
    _require_form()
    wanted = amazon_urls(context)
    if not wanted:
        yield error("no vendor id is known", wanted="ALEXA_VENDOR_ID", mend="Set it; see Settings.")
        return
    if other := other_vendor(context):
        kind = ", a skill id" if other.startswith("amzn1.") else ""
        yield error(
            f"all for {other}{kind}",
            wanted=f"all for {settings.ALEXA_VENDOR_ID}, as ALEXA_VENDOR_ID says",
            mend=f"Developer console: Settings, My IDs. If {other} stands there, correct "
            f"ALEXA_VENDOR_ID; else: {VENDOR}",
        )
        return
    for url in wanted:
        region = REGIONS.get(urlsplit(url).hostname or "", "Amazon")
        if url in have:
            yield ok(url, about=region)
            continue
        near, mend = near_miss(url, have)
        yield error(near, wanted=url, mend=mend, about=region)


def near_miss(url: str, have: list[str]) -> tuple[str, str]:
    """(what is there in its place, how to mend it) for a return address that is not registered."""
    host = urlsplit(url).hostname or ""
    base, vendor = url.rpartition("/")[::2]
    for each in have:
        if each == f"{url}/":
            return f"{each} (a slash at the end)", f"Cognito compares to the letter. {LOGIN_PAGES}"
        if each == url.replace("https://", "http://", 1):
            return f"{each} (http)", f"Register the https address. {LOGIN_PAGES}"
        if each.startswith(f"{base}/amzn1."):
            return f"{each} (the skill id in the place of the vendor id)", VENDOR
        if each.lower() == url.lower():
            return f"{each} (other letters, small or capital)", LOGIN_PAGES
        if host in each:
            return f"{each} (not vendor id {vendor})", VENDOR
    others = [each for each in have if AMAZON_PATH in each]
    if others:
        text = f"not registered, {len(others)} of another region is"
        return text, f"People of this region cannot link. {LOGIN_PAGES}"
    return "not registered", LOGIN_PAGES


@check("alexa.other-callbacks", "Its other return addresses", source=sources.AUTHORIZE, online=True)
def other_callbacks(context: Context) -> Iterator[Seen]:
    have = list(context.alexa_client().get("CallbackURLs") or [])
    plain = [url for url in have if not web.is_safe(url)]
    if plain:
        yield error(
            f"not https: {', '.join(plain)}",
            wanted="https",
            mend=f"A code would travel in clear. {LOGIN_PAGES}",
        )
    own = settings.PUBLIC_URL + LINK_CALLBACK_PATH
    if own not in have:
        yield warning(
            f"{own} is not registered",
            wanted="it, for linking that begins on the website",
            mend=SITE,
        )
    amazons = set(amazon_urls(context))
    foreign = [url for url in have if AMAZON_PATH in url and url not in amazons]
    if foreign and amazons <= set(have):
        yield warning(
            f"of another skill account: {', '.join(foreign)}",
            wanted="only those of ALEXA_VENDOR_ID",
            mend=f"Whoever has that vendor id can receive codes. {LOGIN_PAGES}",
        )
    wanted = clients.wanted(context, "alexa")["CallbackURLs"]
    deployed = [] if wanted is UNKNOWN else wanted
    for url in deployed:
        if url not in have and url != own and AMAZON_PATH not in url:
            yield warning(f"missing: {url}", wanted="it, as deployed", mend=LOGIN_PAGES)
    if not plain and not foreign and own in have:
        yield ok(", ".join(url for url in have if AMAZON_PATH not in url))


@check("alexa.trace-callback", "Return address of the trace", source=sources.AUTHORIZE, online=True)
def trace_callback(context: Context) -> Iterator[Seen]:
    """Where the trace captures the way back, it puts its own address in Alexa's place."""
    if not settings.OAUTH_TRACE:
        yield skipped("the trace is not configured (OAUTH_TRACE)")
        return
    url = settings.PUBLIC_URL + TRACE_CALLBACK_PATH
    if url in (context.alexa_client().get("CallbackURLs") or []):
        yield ok(url)
        return
    span = tracing.span()
    say = error if span and span.capture else warning
    yield say(
        f"{url} is not registered",
        wanted="it, or every captured attempt ends in redirect_mismatch",
        mend="`manage.py pool deploy --public-url …` registers it; until then "
        "`manage.py oauth_trace on --no-capture`.",
    )


clients.register_both("alexa")


@check("alexa.access-token", "Life of an access token", source=sources.LINKING_FAQ, online=True)
def access_token(context: Context) -> Iterator[Seen]:
    client = context.alexa_client()
    # Cognito counts access tokens in hours where no unit is said
    unit = (client.get("TokenValidityUnits") or {}).get("AccessToken") or "hours"
    # and gives one an hour where nothing is said
    seconds = in_seconds(client.get("AccessTokenValidity"), unit) or 3600
    wanted = clients.wanted(context, "alexa")["AccessTokenValidity"]
    if seconds < SHORTEST:
        yield error(
            span(seconds),
            wanted=f"at least {SHORTEST // 60} minutes, Alexa's least; the template says {wanted}",
            mend=f"Such a link works for a moment and then again not. {CLIENT}",
        )
    elif seconds > LONGEST:
        yield error(span(seconds), wanted="at most a day", mend=CLIENT)
    elif seconds != wanted * 60:
        yield warning(
            span(seconds),
            wanted=f"{wanted} minutes, as in the template",
            mend=f"A person who leaves keeps a token for that long. {CLIENT}",
        )
    else:
        yield ok(span(seconds))


@check("alexa.refresh-token", "Life of a refresh token", source=sources.PROFILE_SAMPLE, online=True)
def refresh_token(context: Context) -> Iterator[Seen]:
    client = context.alexa_client()
    unit = (client.get("TokenValidityUnits") or {}).get("RefreshToken") or "days"
    seconds = in_seconds(client.get("RefreshTokenValidity"), unit) or COGNITO_DEFAULT
    wanted = clients.wanted(context, "alexa")["RefreshTokenValidity"] * 86400
    if seconds < 86400:
        yield error(span(seconds), wanted=span(wanted), mend=f"Links end within a day. {CLIENT}")
    elif seconds < wanted:
        default = ", Cognito's default" if seconds == COGNITO_DEFAULT else ""
        yield warning(
            f"{span(seconds)}{default}",
            wanted=f"{span(wanted)}, the longest",
            mend=f"Every link ends without a word after that time. {CLIENT}",
        )
    else:
        yield ok(span(seconds))


@check("alexa.revocation", "Revocation of tokens", source=sources.REVOCATION, online=True)
def revocation(context: Context) -> Iterator[Seen]:
    if context.alexa_client().get("EnableTokenRevocation"):
        yield ok("on")
    else:
        yield warning("off", wanted="on: a person who leaves takes their tokens along", mend=CLIENT)


@check("alexa.existence", "Who has an account stays unsaid", source=sources.EXISTENCE, online=True)
def existence(context: Context) -> Iterator[Seen]:
    have = context.alexa_client().get("PreventUserExistenceErrors") or "LEGACY"
    if have == "ENABLED":
        yield ok("PreventUserExistenceErrors is on")
    else:
        yield warning(
            f"PreventUserExistenceErrors is {have}",
            wanted="ENABLED, or the sign-in page tells strangers who has an account",
            mend=CLIENT,
        )
