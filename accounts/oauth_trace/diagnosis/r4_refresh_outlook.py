"""Rules about links that still work, and what will end them."""

from __future__ import annotations

from itertools import pairwise

from accounts.oauth_trace.diagnosis.r4_refresh import (
    CLIENT_PAGE,
    REFRESH_TOKENS,
    sent_token,
    span,
)
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.diagnosis.token_call import REQUIREMENTS, differ, is_granted
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

YEAR = 365 * 24 * 3600  # seconds
OFTEN = 300  # seconds between two refreshes; Alexa wants tokens to live 360


@rule(
    "refresh-token-short-lived",
    stage=Stage.REFRESH,
    level=Level.WARNING,
    seen="Links end by themselves after a fixed time, by Cognito's default after 30 days.",
    cause="The client lets refresh tokens live less than a year; then each link ends.",
    fix=(
        f"{CLIENT_PAGE}: set Refresh token expiration to 3650 days; `manage.py pool deploy` does "
        "it. Links made before keep their old end."
    ),
    source=REFRESH_TOKENS,
)
def token_short_lived(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    seconds = wanted.refresh_token_seconds
    if not trace.has_tokens or seconds is None or seconds >= YEAR or outlived(trace, wanted):
        return None
    return [Evidence("refresh tokens live", span(seconds)), Evidence("wanted", span(10 * YEAR))]


@rule(
    "refresh-outlived",
    stage=Stage.REFRESH,
    level=Level.WARNING,
    seen="Links end with their first access token.",
    cause="Access tokens live as long as the refresh token or longer: there is nothing to refresh.",
    fix=f"{CLIENT_PAGE}: Access token expiration 60 minutes, Refresh token expiration 3650 days.",
    source=REFRESH_TOKENS,
)
def outlived(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    access, refresh = wanted.access_token_seconds, wanted.refresh_token_seconds
    if not trace.has_tokens or access is None or refresh is None or access < refresh:
        return None
    return [
        Evidence("access tokens live", span(access)),
        Evidence("refresh tokens", span(refresh)),
    ]


@rule(
    "refresh-rotation",
    stage=Stage.REFRESH,
    level=Level.WARNING,
    seen="Some links end for no reason that shows.",
    cause=(
        "Refresh token rotation is on: one lost answer locks a person out, and the new token lives "
        "only what was left of the old."
    ),
    fix=f"{CLIENT_PAGE}: switch Refresh token rotation off; `manage.py pool deploy` does it.",
    source=REFRESH_TOKENS,
)
def rotation(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if wanted.rotation and trace.has_tokens:
        return [Evidence("rotation of the client", "on"), Evidence("wanted", "off")]
    for call in trace.at(Stage.REFRESH):
        given = call.response.get("refresh_token")
        if is_granted(call) and differ(given, sent_token(call)):
            return [
                Evidence("refresh token given", str(given)),
                Evidence("refresh token sent", str(sent_token(call))),
            ]
    return None


@rule(
    "refresh-too-often",
    stage=Stage.REFRESH,
    level=Level.WARNING,
    seen="Token calls come every few minutes for one person.",
    cause=(
        "Refreshes that went well follow one another within five minutes: the token lives too "
        "short, or expires_in is not believed."
    ),
    fix=(
        f"{CLIENT_PAGE}: Access token expiration 60 minutes. Look for two skills or stages that "
        "share this link, and for something that rewrites expires_in."
    ),
    source=REQUIREMENTS,
)
def too_often(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    times = [call.at for call in trace.at(Stage.REFRESH) if is_granted(call)]
    gaps = [int((after - before).total_seconds()) for before, after in pairwise(times)]
    quick = [gap for gap in gaps if gap < OFTEN]
    if len(quick) < 2:  # one alone may be a retry
        return None
    return [
        Evidence("refreshes within five minutes of another", str(len(quick))),
        Evidence("shortest time between two", f"{min(quick)} s"),
    ]
