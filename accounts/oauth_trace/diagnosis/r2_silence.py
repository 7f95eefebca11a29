"""Rules about what did not come: nobody back from sign-in, no token call after a code."""

from __future__ import annotations

from datetime import timedelta

from accounts.oauth_trace.diagnosis.asked import (
    ALEXA_CODE_GRANT,
    ALEXA_REQUIREMENTS,
    ALEXA_TROUBLES,
    host_of,
    is_local,
    stopped,
)
from accounts.oauth_trace.diagnosis.refused import is_error, is_explained
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import AMAZON_HOSTS, Wanted
from accounts.pool.parameters import LINK_CALLBACK_PATH

MOST_LOADS = 2  # of the authorize address without a sign-in: more is a page that does not work
TOKEN_CALL_WITHIN = timedelta(minutes=1)  # Alexa calls as soon as the browser is back
LONG_SIGN_IN = timedelta(minutes=5)


def _minutes(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    return f"{seconds // 60} min {seconds % 60} s"


def _is_waiting(trace: Trace, wanted: Wanted) -> bool:
    """Sent to the sign-in page, and nothing since; no rule says why."""
    if not stopped(trace) or trace.at(Stage.CALLBACK):
        return False
    answer = trace.at(Stage.AUTHORIZE)[-1].response
    return not is_error(answer) and not is_explained(trace, wanted)


def _loads(trace: Trace) -> int:
    return len(trace.at(Stage.AUTHORIZE))


@rule(
    "sign-in-reloaded",
    stage=Stage.LOGIN,
    level=Level.WARNING,
    seen="The sign-in page shows an error or stays blank, and people load it again and again.",
    cause=(
        "The same attempt was opened several times and nobody got through: the sign-in page "
        "probably fails in this browser."
    ),
    fix=(
        "Open the address on a phone and look: it must work without pop-ups and third-party "
        "cookies. `manage.py doctor` looks at the domain and its certificate."
    ),
    source=ALEXA_REQUIREMENTS,
    is_guess=True,
)
def sign_in_reloaded(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if _loads(trace) <= MOST_LOADS or not _is_waiting(trace, wanted):
        return None
    return [
        Evidence("authorize requests of this attempt", str(_loads(trace))),
        Evidence("wanted", "1, and then the way back"),
    ]


@rule(
    "page-closed",
    stage=Stage.LOGIN,
    level=Level.UNFINISHED,
    seen="Somebody began to link and never came back from the sign-in page.",
    cause=(
        "Nobody came back from the sign-in page in ten minutes: it was probably closed, or it "
        "showed an error that the trace cannot see."
    ),
    fix=(
        "Ask the person what they saw. For a page that does not work: open the address of this "
        "attempt in a browser, and run `manage.py doctor`."
    ),
    source=ALEXA_TROUBLES,
    is_guess=True,
)
def page_closed(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not trace.captured or not trace.is_silent or _loads(trace) > MOST_LOADS:
        return None
    if not _is_waiting(trace, wanted):
        return None
    return [
        Evidence("silence after the authorize request", _minutes(trace.silence)),
        Evidence("wanted", "the browser back from sign-in"),
    ]


@rule(
    "sign-in-not-seen",
    stage=Stage.LOGIN,
    level=Level.WARNING,
    seen="Somebody began to link, and no token call came.",
    cause=(
        "The way back from sign-in does not lead over the trace, so the person gave up, the page "
        "failed, or Alexa did not call the token address: it cannot be told which."
    ),
    fix=(
        "Record the way back as well: `manage.py oauth_trace on --hours 2`, without --no-capture, "
        "and register this site's /oauth/callback on the alexa client, which `manage.py pool "
        "deploy` does; then try again."
    ),
    source=ALEXA_TROUBLES,
    is_guess=True,
)
def sign_in_not_seen(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if trace.captured or not trace.is_silent or _loads(trace) > MOST_LOADS:
        return None
    if not _is_waiting(trace, wanted):
        return None
    known = wanted.callbacks
    is_registered = "not known" if known is None else str(wanted.capture_url in known).lower()
    return [
        Evidence("silence after the authorize request", _minutes(trace.silence)),
        Evidence("the trace's callback is registered", is_registered),
    ]


@rule(
    "slow-sign-in",
    stage=Stage.LOGIN,
    level=Level.NOTE,
    seen="Linking takes people long.",
    cause="The person needed more than five minutes to sign in.",
    fix=(
        "Nothing, when it happens once. When it happens often, look at how people get their code "
        "and their password; the code of the linking itself only begins to age afterwards."
    ),
    source=ALEXA_TROUBLES,
)
def slow_sign_in(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    begun, back = trace.first(Stage.AUTHORIZE), _with_code(trace)
    if begun is None or not back or back[0].at - begun.at <= LONG_SIGN_IN:
        return None
    return [
        Evidence("time until the way back", _minutes(back[0].at - begun.at)),
        Evidence("usual", "less than 5 min"),
    ]


def _with_code(trace: Trace) -> list[Recorded]:
    """Ways back with a code that were passed on."""
    return [
        event
        for event in trace.at(Stage.CALLBACK)
        if event.request.has("code") and event.response.status < 400
    ]


@rule(
    "callback-repeated",
    stage=Stage.CALLBACK,
    level=Level.WARNING,
    seen="Alexa says that it could not link, after the page was loaded again or gone back to.",
    cause=(
        "The browser came back more than once in one attempt, and Alexa takes the answer to a "
        "state once only."
    ),
    fix="Begin again in the Alexa app, and wait for its word after signing in.",
    source=ALEXA_TROUBLES,
)
def callback_repeated(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    back = _with_code(trace)
    if len(back) < 2 or trace.has_tokens:
        return None
    different = {value.digest for event in back for value in event.request.all("code")}
    return [
        Evidence("ways back", f"{len(back)}, with {len(different)} different codes"),
        Evidence("wanted", "1"),
    ]


def _no_token_call(trace: Trace, wanted: Wanted) -> str:
    """Why no token call came after a code; empty where one came, or may still come."""
    if not _with_code(trace) or trace.silence < TOKEN_CALL_WITHIN:
        return ""
    if any(trace.at(stage) for stage in (Stage.TOKEN, Stage.REFRESH, Stage.SKILL)):
        return ""
    back = trace.redirect_uri
    if back == wanted.public_url + LINK_CALLBACK_PATH:
        return "no-token-call-from-website"
    is_alexas = host_of(back) in AMAZON_HOSTS
    return "no-token-call-local" if is_alexas and is_local(wanted.public_url) else "no-token-call"


def _rule(code: str, *, seen: str, cause: str, fix: str, source: str) -> None:
    def check(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
        if _no_token_call(trace, wanted) != code:
            return None
        return [
            Evidence("silence after the code was passed on", _minutes(trace.silence)),
            Evidence("expected", f"POST {wanted.public_url}/oauth/token within seconds"),
        ]

    rule(
        code,
        stage=Stage.TOKEN,
        level=Level.ERROR,
        seen=seen,
        cause=cause,
        fix=fix,
        source=source,
        is_guess=True,
    )(check)


_rule(
    "no-token-call-local",
    seen="Sign-in succeeds, Alexa says that it could not link, and no token call shows.",
    cause=(
        "Alexa's servers cannot call the token address, for PUBLIC_URL is one that only this "
        "machine or its network can open."
    ),
    fix=(
        "Give the site a public https address, for a trial by a tunnel, set PUBLIC_URL to it, and "
        "enter its /oauth/token as Access Token URI (Developer console, Build, Account Linking)."
    ),
    source=ALEXA_REQUIREMENTS,
)
_rule(
    "no-token-call-from-website",
    seen="Linking from the website succeeds at sign-in and fails after it; no token call shows.",
    cause=(
        "The website handed the code to Alexa, and Alexa did not redeem it: it refused to enable "
        "the skill, or calls another token address than this site's."
    ),
    fix=(
        "Developer console, Build, Account Linking: the Access Token URI must be this site's "
        "/oauth/token and the website's return address an allowed redirect URL. The skill's stage "
        "must be the one that the website enables; a 400 of the enablement call says more."
    ),
    source="https://developer.amazon.com/en-US/docs/alexa/smapi/skill-enablement.html",
)
_rule(
    "no-token-call",
    seen="Sign-in succeeds, Alexa says that it could not link, and no token call shows.",
    cause=(
        "Alexa got a code and did not call this site's token address: another one is entered, or "
        "Alexa cannot reach this one (name, certificate, firewall)."
    ),
    fix=(
        "Developer console, Build, Account Linking: the Access Token URI must be this site's "
        "/oauth/token, saved for the stage that was tried. Then run `manage.py doctor`, which "
        "looks at the certificate's chain and port 443; and let no firewall keep Amazon out."
    ),
    source=ALEXA_CODE_GRANT,
)
