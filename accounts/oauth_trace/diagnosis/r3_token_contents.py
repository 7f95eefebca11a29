"""Rules about what stands in a token answer: the members that Alexa reads, and the token itself."""

from __future__ import annotations

from accounts.oauth_trace.diagnosis.rule import Evidence, Level, rule
from accounts.oauth_trace.diagnosis.token_answer import (
    answered_at,
    claim,
    expires_in,
    given,
    gives_tokens,
    lifetime,
    register,
)
from accounts.oauth_trace.diagnosis.token_call import (
    CODE_GRANT,
    COGNITO,
    REQUIREMENTS,
    RFC_6749,
    TROUBLESHOOTING,
    is_given,
    is_there,
    judged,
)
from accounts.oauth_trace.models import Stage
from accounts.oauth_trace.trace import Recorded, Trace
from accounts.oauth_trace.wanted import Wanted

SHORTEST = 360  # seconds that Alexa wants an access token to live
LARGE = 2048  # bytes; Amazon's own tokens end there, Alexa's limit is not published
DISAGREEING = 60  # seconds
SKEWED = 60  # seconds between two clocks
LONGEST_READ = 16_384  # characters of a token that redaction decodes
_ACCESS_TOKEN = f"{COGNITO}/amazon-cognito-user-pools-using-the-access-token.html"
_VERIFYING = f"{COGNITO}/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html"


@rule(
    "token-no-refresh-token",
    stage=Stage.TOKEN,
    level=Level.ERROR,
    seen="Linking works, and the link is gone after an hour.",
    cause="The answer holds no refresh token, so the link ends with its first access token.",
    fix=(
        "Developer console, Build, Account Linking: choose Auth Code Grant. Cognito gives a "
        "refresh token with each redeemed code: look for what stands in front and strips it."
    ),
    source=TROUBLESHOOTING,
)
def no_refresh_token(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    call = judged(trace, Stage.TOKEN)
    if call is None or not gives_tokens(call) or is_given(call.response.get("refresh_token")):
        return None
    names = [field.name for field in call.response.body if field.name.endswith("_token")]
    return [Evidence("tokens given", ", ".join(names)), Evidence("wanted", "refresh_token, too")]


@rule(
    "token-other-person",
    stage=Stage.TOKEN,
    level=Level.WARNING,
    seen="Alexa knows somebody else's favorites than those that the website shows.",
    cause=(
        "Another account was linked than the one that was signed in on the website in the same "
        "browser: the pool's page still knew another sign-in, or another account was chosen."
    ),
    fix=(
        "If that was not meant: sign out on the website, disable the skill in the Alexa app, sign "
        "in with the right account, and link again."
    ),
    source=f"{COGNITO}/logout-endpoint.html",
)
def other_person(trace: Trace, wanted: Wanted) -> list[Evidence] | None:
    if not trace.sub or not trace.site_sub or trace.sub == trace.site_sub:
        return None
    return [
        Evidence("sub of the token", trace.sub),
        Evidence("sub that was signed in on the website", trace.site_sub),
    ]


@given(
    "type",
    level=Level.WARNING,
    seen="The token answer says another token_type than Bearer, or none.",
    cause="token_type is not Bearer; whether Alexa minds is not documented.",
    fix="Cognito answers Bearer: look for what stands in front of it and builds the answer anew.",
    source=f"{RFC_6749}#section-5.1",
)
def token_type(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.get("token_type")
    if found and found.text.lower() == "bearer":
        return None
    return [
        Evidence("token_type", str(found) if is_there(found) else "none"),
        Evidence("wanted", "Bearer"),
    ]


@given(
    "expires-in-missing",
    level=Level.WARNING,
    seen="The token answer does not say how long the access token lives.",
    cause=(
        "expires_in is missing, so Alexa goes by the default of the skill's configuration and may "
        "send tokens that have run out."
    ),
    fix=(
        "Cognito sends it: let nothing drop it. Developer console, Build, Account Linking, Default "
        "Access Token Expiration Time must not be longer than the token lives."
    ),
    source=CODE_GRANT,
)
def expires_in_missing(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    if is_there(call.response.get("expires_in")):
        return None
    return [
        Evidence("expires_in", "none"),
        Evidence("lifetime in the token", _seconds(lifetime(call))),
    ]


@given(
    "expires-in-not-a-number",
    level=Level.WARNING,
    seen="expires_in of the token answer is no whole number.",
    cause="expires_in cannot be read as seconds, so Alexa probably goes by its default.",
    fix="It must be a JSON number of seconds, such as 3600: let nothing rewrite the answer.",
    source=f"{RFC_6749}#section-5.1",
)
def expires_in_not_a_number(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.get("expires_in")
    if not is_there(found) or expires_in(call) is not None:
        return None
    return [Evidence("expires_in", str(found)), Evidence("wanted", "seconds, such as 3600")]


@given(
    "lifetime-short",
    seen="The link works for a moment, then comes and goes.",
    cause="The access token lives shorter than the 360 seconds that Alexa asks for.",
    fix=(
        "Cognito console, the user pool, App clients, the alexa client, Edit: set Access token "
        "expiration to 60 minutes; Cognito allows 5, which is too short for Alexa."
    ),
    source=REQUIREMENTS,
)
def lifetime_short(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    said = expires_in(call)
    seconds = lifetime(call) if said is None else said
    if seconds is None or seconds >= SHORTEST:
        return None
    return [
        Evidence("access token lives", _seconds(seconds)),
        Evidence("Alexa wants", f"at least {SHORTEST} s"),
    ]


@given(
    "lifetimes-disagree",
    level=Level.WARNING,
    seen="Tokens are refused before they should run out, or refreshed too often.",
    cause="expires_in does not say what the token itself says.",
    fix=(
        "Alexa refreshes by expires_in, and the skill refuses by the token's exp: let nothing "
        "rewrite expires_in, and a pre token generation trigger not exp."
    ),
    source=f"{COGNITO}/amazon-cognito-user-pools-using-the-access-token.html",
)
def lifetimes_disagree(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    said, found = expires_in(call), lifetime(call)
    if said is None or found is None or abs(said - found) <= DISAGREEING:
        return None
    return [
        Evidence("expires_in", _seconds(said)),
        Evidence("exp less iat of the token", _seconds(found)),
    ]


@given(
    "content-type",
    level=Level.WARNING,
    seen="The token answer is JSON, and its Content-Type says something else.",
    cause="The Content-Type is not application/json; whether Alexa minds is not documented.",
    fix="Send application/json;charset=UTF-8: let nothing change the header on the way.",
    source=TROUBLESHOOTING,
)
def content_type(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.header("content-type")
    if found.partition(";")[0].strip().lower() == "application/json":
        return None
    return [Evidence("Content-Type", found or "none"), Evidence("wanted", "application/json")]


@given(
    "cacheable",
    level=Level.NOTE,
    seen="The token answer's Cache-Control allows keeping it.",
    cause="Tokens must not be kept by caches on the way, and this answer allows it.",
    fix="Send Cache-Control: no-store with the answer; look for the proxy that sets another.",
    source=f"{RFC_6749}#section-5.1",
)
def cacheable(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.header("cache-control")
    if not found or "no-store" in found.lower():
        return None
    return [Evidence("Cache-Control", found), Evidence("wanted", "no-store")]


@given(
    "large",
    level=Level.WARNING,
    seen="Linking fails for people in many groups, or with many claims of their own.",
    cause=(
        "The access token is longer than 2048 bytes; Amazon's own tokens end there, Alexa's limit "
        "is not published."
    ),
    fix=(
        "Cognito console, the user pool, Groups and Extensions: fewer groups a person, fewer "
        "claims from the pre token generation trigger."
    ),
    source="https://developer.amazon.com/docs/login-with-amazon/access-token.html",
)
def large(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.get("access_token")
    if found is None or found.length <= LARGE:
        return None
    return [
        Evidence("access token", f"{found.length} bytes"),
        Evidence("safe", f"at most {LARGE} bytes"),
    ]


@given(
    "opaque",
    seen="The skill refuses the token that Alexa sends.",
    cause="The access token is no JSON Web Token, as Cognito's are; the skill cannot verify it.",
    fix=(
        "The tokens must come from the user pool itself: COGNITO_DOMAIN_URL (and the Access Token "
        "URI) must be the pool's domain, not another provider's."
    ),
    source=_ACCESS_TOKEN,
)
def opaque(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.get("access_token")
    if found is None or not found.digest or found.claims is not None:
        return None
    if found.length > LONGEST_READ or not wanted.issuer:
        return None
    return [Evidence("access token", str(found)), Evidence("wanted", "a JSON Web Token")]


@given(
    "id-token-given",
    seen="The skill refuses the token that Alexa sends; its token_use is id.",
    cause="The answer has an ID token where the access token belongs.",
    fix="Let no gateway mapping put id_token under the name access_token.",
    source=_VERIFYING,
)
def id_token_given(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    use = claim(call, "token_use")
    if not wanted.issuer or use in (None, "access"):
        return None
    return [Evidence("token_use", str(use)), Evidence("wanted", "access")]


@given(
    "issuer",
    seen="The skill refuses the token that Alexa sends; it names another pool.",
    cause="The token was made by another pool or region than the one that the skill verifies for.",
    fix=(
        "COGNITO_USER_POOL_ID, AWS_REGION and COGNITO_DOMAIN_URL must be of one pool: "
        "`manage.py pool show --env` prints them."
    ),
    source=_VERIFYING,
)
def issuer(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = claim(call, "iss")
    if not wanted.issuer or found in (None, wanted.issuer):
        return None
    return [Evidence("iss of the token", str(found)), Evidence("our pool", wanted.issuer)]


@given(
    "client-claim",
    seen="The skill refuses the token that Alexa sends; it belongs to another app client.",
    cause="The token was given to another client than the one that the skill takes tokens of.",
    fix=(
        "COGNITO_ALEXA_CLIENT_ID and Your Client ID in the developer console, Build, Account "
        "Linking, must be the same: `manage.py pool show --env` prints it."
    ),
    source=_VERIFYING,
)
def client_claim(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = claim(call, "client_id")
    if not wanted.client_id or found in (None, wanted.client_id):
        return None
    return [
        Evidence("client_id of the token", str(found)),
        Evidence("alexa client", wanted.client_id),
    ]


@given(
    "algorithm",
    seen="The skill refuses the token that Alexa sends; its header is unusual.",
    cause="The token is not signed as Cognito signs: RS256, with the id of its key.",
    fix="The tokens must come from the user pool itself, unchanged.",
    source=_VERIFYING,
)
def algorithm(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    found = call.response.get("access_token")
    if found is None or found.header is None or not wanted.issuer:
        return None
    alg, kid = str(found.header.get("alg", "none")), str(found.header.get("kid", "none"))
    if alg == "RS256" and kid != "none":
        return None
    return [Evidence("header", f"alg {alg}, kid {kid}"), Evidence("wanted", "alg RS256 and a kid")]


@given(
    "expired-at-issue",
    seen="The skill refuses a token that was given a moment ago.",
    cause="The token had run out by our clock when it was given: one of the two clocks is wrong.",
    fix="Set the clock of this server by NTP (`timedatectl`); Cognito's are right.",
    source=_VERIFYING,
)
def expired_at_issue(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    exp = claim(call, "exp")
    if type(exp) is not int or exp > answered_at(call):
        return None
    return _clocks(call, "exp of the token", exp)


@given(
    "clock-skew",
    level=Level.WARNING,
    seen="Fresh tokens count as issued in the future, or old ones still count.",
    cause="The clock that wrote the token and ours are more than a minute apart.",
    fix="Set the clock of this server by NTP (`timedatectl`); Cognito's are right.",
    source=_VERIFYING,
)
def clock_skew(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    iat = claim(call, "iat")
    if (
        type(iat) is not int
        or expired_at_issue(call, wanted)
        or abs(iat - answered_at(call)) <= SKEWED
    ):
        return None
    return _clocks(call, "iat of the token", iat)


@given(
    "no-openid",
    level=Level.NOTE,
    seen="Linking works; the pool's userInfo refuses the token.",
    cause="The token has not the scope openid, so userInfo would not take it.",
    fix=(
        "Developer console, Build, Account Linking, Scope: add openid. The skill of this site "
        "needs no userInfo."
    ),
    source=f"{COGNITO}/userinfo-endpoint.html",
)
def no_openid(call: Recorded, wanted: Wanted) -> list[Evidence] | None:
    scope = claim(call, "scope")
    if not isinstance(scope, str) or "openid" in scope.split():
        return None
    return [Evidence("scope of the token", scope or "none"), Evidence("wanted", "openid")]


register(Stage.TOKEN)


def _clocks(call: Recorded, name: str, moment: int) -> list[Evidence]:
    ours = answered_at(call)
    return [
        Evidence(name, f"{moment} ({moment - ours:+d} s)"),
        Evidence("our clock", str(ours)),
        Evidence("Date of the answer", call.response.header("date") or "none"),
    ]


def _seconds(seconds: int | None) -> str:
    return "not to be read" if seconds is None else f"{seconds} s"
