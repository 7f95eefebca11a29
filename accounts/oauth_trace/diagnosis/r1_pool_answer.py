"""What the pool itself answered to an authorize request, where that was seen.

The front sends the browser on and does not see the answer; the log of a gateway has it.
"""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.asked import COGNITO_AUTHORIZE, stopped
from accounts.oauth_trace.diagnosis.refused import is_error, is_explained
from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.exchange import value_of
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted


@rule(
    "sign-in-page-error",
    stage=Stage.AUTHORIZE,
    level=Level.ERROR,
    seen="In place of the sign-in page the pool shows an error.",
    cause="The pool answered the authorize request with an error page, and no redirect to Alexa.",
    fix=(
        "Run `manage.py doctor`: it compares the client with what Alexa sends. redirect_mismatch "
        "is a callback URL, invalid_client the client id, both on the client's page in the "
        "Cognito console."
    ),
    source=COGNITO_AUTHORIZE,
    is_guess=True,
)
def sign_in_page_error(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    event = trace.last(Stage.AUTHORIZE)
    if not stopped(trace) or event is None or not is_error(event.response):
        return None
    if trace.at(Stage.CALLBACK) or is_explained(trace, wanted):
        return None
    answer = event.response
    word = value_of(answer.location_query, "error") or answer.get("error") or answer.get("__type")
    where = answer.location or "no redirect"
    said = str(word or answer.problem or "no error word")
    return [
        Evidence("answer of the pool", f"{answer.status or 'none'}, {where}, {said}"),
        Evidence("wanted", "302 to the sign-in page"),
    ]
