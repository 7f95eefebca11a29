"""Rules about the redirect_uri of the authorize request: the pool compares it to the letter.

A request has one fault at most here: the nearest registered address decides which.
"""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.asked import (
    ALEXA_CODE_GRANT,
    COGNITO_AUTHORIZE,
    COGNITO_CLIENT,
    host_of,
    is_missing,
    is_of_our_client,
    listed,
    only,
    path_of,
    stopped,
)
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.redaction import address
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import AMAZON_HOSTS, Wanted

_LINK_PATH = "/api/skill/link/"
_SKILL_ID = "amzn1.ask.skill."
_CALLBACK_URLS = (
    "Cognito console, your user pool, App clients, the alexa client, Login pages, Edit: Allowed "
    "callback URLs"
)
_COPY_ALEXAS = (
    f"{_CALLBACK_URLS}; copy the three Alexa Redirect URLs from the developer console, Build, "
    "Account Linking."
)


def _fault(trace: Trace, wanted: Wanted) -> tuple[str, str]:
    """The code of what is wrong, and the registered address that shows it best."""
    request = stopped(trace)
    if request is None or len(request.all("redirect_uri")) > 1:
        return "", ""
    if is_missing(request, "redirect_uri"):
        return "redirect-uri-missing", ""
    sent = only(request, "redirect_uri")
    if not sent or sent in (wanted.callbacks or ()):
        return "", ""
    if sent.lower().startswith(("https%3a", "http%3a")):
        return "redirect-uri-encoded-twice", ""
    if wanted.callbacks is None or not is_of_our_client(request, wanted):
        return "", ""
    # what was sent went through redaction: compare it with what went the same way
    registered = {address(url): url for url in wanted.callbacks}
    return ("", "") if sent in registered else _nearest(sent, registered, wanted)


def _nearest(sent: str, registered: dict[str, str], wanted: Wanted) -> tuple[str, str]:
    for code, change in (
        ("redirect-uri-slash", lambda url: url.rstrip("/")),
        ("redirect-uri-http", lambda url: url.removeprefix("https").removeprefix("http")),
        ("redirect-uri-case", str.lower),
    ):
        for url in registered:
            if change(url) == change(sent):
                return code, url
    if host_of(sent) not in AMAZON_HOSTS:
        return "redirect-uri-not-alexas", ""
    if _LINK_PATH not in sent:
        return "redirect-uri-other-path", next(iter(wanted.amazon_callbacks), "")
    return _wrong_last_part(sent, registered, wanted)


def _wrong_last_part(sent: str, registered: dict[str, str], wanted: Wanted) -> tuple[str, str]:
    """Of an address of Alexa's own: https://<host>/api/skill/link/<vendor id>."""
    alexas = {url: raw for url, raw in registered.items() if _LINK_PATH in url}
    path = path_of(sent)
    for url in alexas:
        if path_of(url) == path:
            return "redirect-uri-region", url
    for url, raw in alexas.items():
        last = raw.rpartition("/")[2]
        if last.startswith(_SKILL_ID):
            return "registered-with-skill-id", url
        if last in {wanted.client_id, wanted.web_client_id}:
            return "registered-with-client-id", url
    if sent.rpartition("/")[2].startswith(_SKILL_ID):
        return "redirect-uri-with-skill-id", next(iter(alexas), "")
    if alexas:
        host = host_of(sent)
        same_host = (url for url in alexas if host_of(url) == host)
        return "redirect-uri-other-vendor", next(same_host, next(iter(alexas)))
    return "redirect-uri-none-registered", ""


def _rule(code: str, *, seen: str, cause: str, fix: str, source: str = COGNITO_AUTHORIZE) -> None:
    def check(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
        found, nearest = _fault(trace, wanted)
        request = stopped(trace)
        if found != code or request is None:
            return None
        known = [address(url) for url in wanted.callbacks or ()]
        return [
            Evidence("redirect_uri sent", only(request, "redirect_uri") or "none"),
            Evidence("registered on the client", nearest or listed(known)),
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


_rule(
    "redirect-uri-missing",
    seen="In place of the sign-in page the pool shows an error.",
    cause="The authorize request names no redirect_uri, so the pool does not know where to return.",
    fix=(
        "Alexa always sends one: begin in the Alexa app, not by opening the address by hand. If "
        "something stands between Alexa and this site, let it pass the query on whole."
    ),
)
_rule(
    "redirect-uri-encoded-twice",
    seen="In place of the sign-in page the pool shows an error.",
    cause="The redirect_uri was percent-encoded twice on its way here.",
    fix=(
        "Alexa encodes it once: look for a proxy or a page of yours between Alexa and this site "
        "that encodes the query again, and let it pass the query on untouched."
    ),
)
_rule(
    "redirect-uri-slash",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause=(
        "The redirect_uri and the registered callback URL differ only in a slash at the end, and "
        "the pool compares them to the letter."
    ),
    fix=f"{_CALLBACK_URLS}; write it exactly as it was sent.",
)
_rule(
    "redirect-uri-http",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause="The redirect_uri and the registered callback URL differ in http and https only.",
    fix=f"{_CALLBACK_URLS}; Alexa's begin with https.",
)
_rule(
    "redirect-uri-case",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause=(
        "The redirect_uri and the registered callback URL differ only in capital letters; the "
        "vendor id is written in capitals."
    ),
    fix=f"{_CALLBACK_URLS}; write it exactly as it was sent.",
)
_rule(
    "redirect-uri-region",
    seen="Linking works for some people and shows an error page to those of another region.",
    cause=(
        "The redirect_uri is Alexa's for another region, and this one of the three is not "
        "registered on the client."
    ),
    fix=(
        f"{_CALLBACK_URLS}; register all three: pitangui.amazon.com, layla.amazon.com and "
        "alexa.amazon.co.jp, each with the vendor id at its end."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "registered-with-skill-id",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause=(
        "The callback URL registered on the client ends with a skill id, where Alexa's ends with "
        "the vendor id of the developer account."
    ),
    fix=_COPY_ALEXAS,
    source=ALEXA_CODE_GRANT,
)
_rule(
    "registered-with-client-id",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause=(
        "The callback URL registered on the client ends with an app client's id, where Alexa's "
        "ends with the vendor id of the developer account."
    ),
    fix=_COPY_ALEXAS,
    source=ALEXA_CODE_GRANT,
)
_rule(
    "redirect-uri-with-skill-id",
    seen="A request made by a tool or by hand gets an error page (redirect_mismatch).",
    cause=(
        "The redirect_uri ends with a skill id, which Alexa never sends: the request was made "
        "elsewhere, and the vendor id belongs there."
    ),
    fix="Correct the tool that made the request, or begin in the Alexa app.",
    source=ALEXA_CODE_GRANT,
)
_rule(
    "redirect-uri-other-vendor",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause=(
        "The redirect_uri is Alexa's with another vendor id than the one that is registered: the "
        "skill belongs to another developer account."
    ),
    fix=(
        "Developer console, Settings, My IDs, in the account that holds the skill: run `manage.py "
        "pool deploy --vendor-id M…` with that vendor id and set ALEXA_VENDOR_ID to it. If that "
        "account is not yours, somebody else's skill uses your client id."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "redirect-uri-none-registered",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause="The client has no callback URL of Alexa's at all.",
    fix=_COPY_ALEXAS,
    source=COGNITO_CLIENT,
)
_rule(
    "redirect-uri-other-path",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause="The redirect_uri has a host of Alexa's, and not the path that custom skills return to.",
    fix=(
        "Compare it with the Alexa Redirect URLs in the developer console, Build, Account "
        f"Linking. If it stands there, register it: {_CALLBACK_URLS}."
    ),
    source=ALEXA_CODE_GRANT,
)
_rule(
    "redirect-uri-not-alexas",
    seen="In place of the sign-in page the pool shows an error (redirect_mismatch).",
    cause=(
        "The redirect_uri is neither one of Alexa's nor registered on the alexa client: a website "
        "or a tool uses this client."
    ),
    fix=(
        "If you do not know this address, do nothing: the pool refused it, and that is what the "
        "list of callback URLs is for. If it is your website's, let the website use its own app "
        f"client (COGNITO_WEB_CLIENT_ID), or register the address: {_CALLBACK_URLS}."
    ),
    source=COGNITO_CLIENT,
)
