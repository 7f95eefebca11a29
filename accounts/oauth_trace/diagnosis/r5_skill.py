"""Rules about the first request that the skill gets with the token."""

from __future__ import annotations

from datetime import timedelta

from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.diagnosis.token_call import (
    ALEXA,
    COGNITO,
    TROUBLESHOOTING,
    is_granted,
    judged,
)
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Trace
from accounts.oauth_trace.wanted import Wanted

QUIET = timedelta(minutes=10)
LINKED_EVENT = "AlexaSkillEvent.SkillAccountLinked"
_VERIFYING = f"{COGNITO}/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html"
_EVENTS = "https://developer.amazon.com/en-US/docs/alexa/smapi/skill-events-in-alexa-skills.html"
_POOL_SETTINGS = "`manage.py pool show --env` prints the settings that must be of one pool."
_CLOCK = "Set the clock of this server by NTP (`timedatectl`); it must be right within seconds."

# the reason word of a refused token (accounts/cognito/tokens.py and skill_endpoint/caller.py):
# how it shows, why, what mends it, and where that is written
_REASONS: dict[str, tuple[str, str, str, str]] = {
    "malformed": (
        "The skill asks to link again at once.",
        "What Alexa sends as the access token is no JSON Web Token that can be read.",
        "The Access Token URI must lead to the user pool, and nothing on the way may change the "
        "tokens. Then disable the skill in the Alexa app, enable it and link again.",
        _VERIFYING,
    ),
    "algorithm": (
        "The skill asks to link again at once.",
        "The token is not signed with RS256, the only algorithm that Cognito uses.",
        "The tokens are not the user pool's own: look at COGNITO_DOMAIN_URL and the Access Token "
        f"URI. {_POOL_SETTINGS}",
        _VERIFYING,
    ),
    "unknown_key": (
        "The skill asks to link again at once.",
        "The token is signed with a key that is not among the pool's: another pool's, or the key "
        "set that the skill reads is another's.",
        f"COGNITO_USER_POOL_ID, AWS_REGION and COGNITO_JWKS_URL (if set): {_POOL_SETTINGS}",
        _VERIFYING,
    ),
    "keys_unavailable": (
        "The skill says that it cannot look anybody up right now.",
        "The skill could not fetch the pool's keys; the token may be good.",
        "Let this server reach the pool's .well-known/jwks.json over HTTPS; `manage.py doctor` "
        "tries it. Nobody needs to link again.",
        _VERIFYING,
    ),
    "signature": (
        "The skill asks to link again at once.",
        "The token's signature does not fit: it was changed on its way, or its key id names "
        "another pool's key.",
        f"Let nothing between the pool and Alexa rewrite the token answer. {_POOL_SETTINGS}",
        _VERIFYING,
    ),
    "issuer": (
        "The skill asks to link again at once.",
        "The token was made by another pool or region than the one that the skill verifies for.",
        f"COGNITO_USER_POOL_ID, AWS_REGION and COGNITO_ISSUER (if set): {_POOL_SETTINGS}",
        _VERIFYING,
    ),
    "expired": (
        "The skill asks to link again after an hour.",
        "The token had run out: Alexa did not refresh it, or this server's clock is ahead.",
        "Look at the refresh stage of this attempt: expires_in must say what the token says. "
        f"{_CLOCK}",
        f"{ALEXA}/use-access-tokens.html",
    ),
    "issued_in_future": (
        "The skill says that it cannot look anybody up right after linking.",
        "By this server's clock the token is not yet valid: the clock is behind.",
        _CLOCK,
        _VERIFYING,
    ),
    "claims": (
        "The skill asks to link again at once.",
        "The token lacks sub, exp or iat, or one of them is of another kind than Cognito writes.",
        "Cognito console, the user pool, Extensions: look at what the pre token generation trigger "
        "changes in access tokens.",
        f"{COGNITO}/amazon-cognito-user-pools-using-the-access-token.html",
    ),
    "token_use": (
        "The skill asks to link again at once.",
        "Alexa holds an ID token where an access token belongs.",
        "Developer console, Build, Account Linking: choose Auth Code Grant, and let no gateway put "
        "id_token under the name access_token.",
        _VERIFYING,
    ),
    "client": (
        "The skill asks to link again at once.",
        "The token was given to another app client than the one that the skill takes tokens of.",
        "COGNITO_ALEXA_CLIENT_ID and Your Client ID in the developer console, Build, Account "
        "Linking, must be the same. A skill that compares `aud` refuses every access token: it has "
        "none, its client stands in client_id.",
        _VERIFYING,
    ),
    "erased": (
        "Somebody who deleted their account speaks to the skill.",
        "The person deleted their account here; their token is good and counts no more.",
        "Nothing is broken. To come back they sign up anew: Cognito console, the user pool, Users, "
        "shows whether their old account is gone.",
        f"{COGNITO}/how-to-manage-user-accounts.html",
    ),
    "inactive": (
        "The skill says that the account is switched off.",
        "An operator switched this person off; linking again changes nothing.",
        "The site's admin, Users, the person: set Active, if that is what is wanted.",
        f"{ALEXA}/use-access-tokens.html",
    ),
    "unlinked": (
        "The skill asks to link again although Alexa still says that it is linked.",
        "The person took the link back on the website, and Alexa still sends the old token.",
        "The person opens the skill in the Alexa app, chooses Disable, enables it and links again.",
        f"{ALEXA}/account-linking-for-custom-skills.html",
    ),
}


def _register(reason: str) -> None:
    seen, cause, fix, source = _REASONS[reason]

    @rule(
        f"skill-token-{reason.replace('_', '-')}",
        stage=Stage.SKILL,
        level=Level.ERROR,
        seen=seen,
        cause=cause,
        fix=fix,
        source=source,
    )
    def refused(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
        return _refused(trace, reason) if _problem(trace) == reason else None


for _reason in _REASONS:
    _register(_reason)


@rule(
    "skill-token-refused",
    stage=Stage.SKILL,
    level=Level.ERROR,
    seen="The skill asks to link again although linking went well.",
    cause="The skill does not take the token, for a reason that no rule here knows.",
    fix="Look for voice_token_refused in the log of the skill's endpoint: it names the reason.",
    source=_VERIFYING,
)
def refused_otherwise(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    problem = _problem(trace)
    return _refused(trace, problem) if problem and problem not in _REASONS else None


@rule(
    "skill-silent",
    stage=Stage.SKILL,
    level=Level.NOTE,
    seen="The token answer is in order, and the skill never gets a request with the token.",
    cause=(
        "No request came with the token: the person may not have spoken to the skill yet; else "
        "Alexa did not take the token answer, or linked another stage or profile."
    ),
    fix=(
        "Say the skill's name to a device of the same Amazon account. If the skill then asks to "
        "link: link the stage (development or live) that the device uses, and look at the answer's "
        "body, size and time above."
    ),
    source=TROUBLESHOOTING,
)
def silent(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    call = judged(trace, Stage.TOKEN)
    if call is None or not is_granted(call) or trace.at(Stage.SKILL) or trace.at(Stage.REFRESH):
        return None
    quiet = trace.seen_at - call.at
    if quiet < QUIET:
        return None
    return [
        Evidence("requests with the token", f"0 in {int(quiet.total_seconds() // 60)} minutes"),
        Evidence("wanted", LINKED_EVENT),
    ]


@rule(
    "skill-before-event",
    stage=Stage.SKILL,
    level=Level.NOTE,
    seen="The skill is used, and its log shows no SkillAccountLinked.",
    cause=(
        "The first request with the token was not the event that tells of the linking: Alexa sends "
        "it a little later, or the skill does not subscribe to it."
    ),
    fix=(
        "Nothing, if the event came afterwards. Else subscribe to SKILL_ACCOUNT_LINKED in the "
        "skill's manifest (by ASK CLI or SMAPI; the developer console cannot)."
    ),
    source=_EVENTS,
)
def before_event(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    first = trace.first(Stage.SKILL)
    kind = first.request.text("type") if first and not first.response.problem else ""
    if not kind or kind == LINKED_EVENT:
        return None
    return [Evidence("first request", kind), Evidence("expected first", LINKED_EVENT)]


def _problem(trace: Trace) -> str:
    last = trace.last(Stage.SKILL)
    return last.response.problem if last else ""


def _refused(trace: Trace, reason: str) -> list[Evidence]:
    last = trace.last(Stage.SKILL)
    kind = last.request.text("type") if last else ""
    return [Evidence("token", f"refused: {reason}"), Evidence("request", kind or "not known")]
