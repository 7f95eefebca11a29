"""Rules for when nothing arrives, or an attempt stops before the sign-in page answers."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted


@rule(
    "nothing-arrived",
    stage=None,
    level=Level.ERROR,
    seen="The trace is on, somebody tried to link, and no attempt shows.",
    cause="Alexa never opened the authorize address of the trace.",
    fix=(
        "Developer console, Build, Account Linking: the Web Authorization URI must be this "
        "site's /oauth/authorize, and must have been saved for the stage (development or live) "
        "that was tried."
    ),
    source=(
        "https://developer.amazon.com/en-US/docs/alexa/account-linking/"
        "configure-authorization-code-grant.html"
    ),
)
def nothing_arrived(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if trace.events or not trace.is_silent:
        return None
    minutes = int(trace.silence.total_seconds() // 60)
    return [
        Evidence("authorize requests in the last minutes", f"0 in {minutes}"),
        Evidence("expected address", f"{wanted.public_url}/oauth/authorize"),
    ]
