"""The one place where a real exchange becomes one that may be kept: secrets become digests.

Nothing is stored, logged or shown that did not come through here. The rule is a list of what may be
shown, never of what may not: a parameter that nobody has heard of is withheld.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.oauth_trace.exchange import Field, Message, Value
from accounts.oauth_trace.scrubbing import (
    LEAST_SECRET,
    UUID,
    holds_own_secret,
    own_secrets,
    without,
)
from accounts.oauth_trace.scrubbing import WITHHELD as WITHHELD  # part of what is redaction's
from accounts.oauth_trace.scrubbing import scrub as scrub

MOST_FIELDS = 40  # of one message; Alexa's largest has nine
MOST_HEADERS = 40
ADDRESS_LENGTH = 500
PADDING = (" ", "\t", "\n", "\r\n", "\u00a0", '"', "'")  # what is copied along with a value

# parameters and members that are compared, never shown
_DIGESTED = frozenset(
    {
        "state",
        "code",
        "access_token",
        "id_token",
        "refresh_token",
        "client_secret",
        "code_verifier",
        "code_challenge",
        "nonce",
        "token",
        "assertion",
        "client_assertion",
    }
)
_PLAIN = frozenset(
    {
        "response_type",
        "response_mode",
        "scope",
        "grant_type",
        "code_challenge_method",
        "token_type",
        "expires_in",
        "error",
        "error_description",
        "error_uri",
        "prompt",
        "lang",
        "ui_locales",
        "identity_provider",
        "idp_identifier",
        "message",
        "__type",
        "type",
        "locale",
    }
)
_ADDRESSES = frozenset({"redirect_uri", "logout_uri"})
_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "cache-control",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "pragma",
        "retry-after",
        "server",
        "user-agent",
        "www-authenticate",
        "x-amzn-errortype",
        "x-cache",
    }
)
_CLAIMS = frozenset(
    {
        "iss",
        "aud",
        "client_id",
        "token_use",
        "scope",
        "sub",
        "exp",
        "iat",
        "nbf",
        "auth_time",
        "version",
        "cognito:groups",
        "email_verified",
        "phone_number_verified",
    }
)
_JOSE = frozenset({"alg", "kid", "typ"})
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{26}|amzn1\.application-oa2-client\.[0-9a-f]{32}")
_HEADER_NAME = re.compile(r"[A-Za-z-]{1,40}")
_PARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,39}")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")
_SCOPES = re.compile(r" *[\w:./-]{1,64}( +[\w:./-]{1,64}){0,19} *")
_SCHEMES = frozenset({"bearer", "digest", "negotiate", "dpop", "aws4-hmac-sha256"})
_ENCODED = re.compile(r"(?i)https?%3A%2F%2F")
_WORDS = re.compile(r"[A-Za-z_ ]*")
_MEDIA_TYPE = re.compile(r"(?i)[a-z]{1,20}/[a-z0-9.+-]{1,60}")
_CHARSET = re.compile(r"(?i) *(charset=\"?[a-z0-9-]{1,20}\"?)? *")
_PATH_WORD = re.compile(r"[a-z]{0,12}")
HIDDEN_HOST = "withheld.invalid"  # in the place of a host's name: brackets would be an IPv6 address
# a public name that AWS makes, and no secret: https://docs.aws.amazon.com/lambda/latest/dg/
# urls-configuration.html
_LAMBDA_URL = re.compile(r"[a-z0-9]{32}\.lambda-url\.[a-z]{2}(-[a-z]+)+-\d\.on\.aws")


def digest(secret: str) -> str:
    """32 hex digits; keyed, so that a short secret cannot be found by trying."""
    text = secret.encode("utf-8", "surrogatepass")  # JSON may bring half a pair
    return salted_hmac("oauth-trace", text, algorithm="sha256").hexdigest()[:32]


def value(name: str, text: str) -> Value:
    """What may be kept of a parameter or member."""
    if name in _DIGESTED:
        return secret(text)
    if name in _ADDRESSES:
        return Value(text=address(text)) if text else Value()
    if name == "client_id":
        return client_id(text)
    if name == "scope":
        return _scope(text)
    if name in _PLAIN:
        return Value(text=scrub(text))
    return Value(length=len(text))


def secret(text: str) -> Value:
    """A digest and a length; of a JSON Web Token also what is safe of header and claims."""
    if not text:
        return Value()
    header, claims = _token_parts(text)
    return Value(digest=digest(text), length=len(text), header=header, claims=claims)


def client_id(text: str) -> Value:
    """Ids are public, but a secret that was typed into the id's field is not."""
    known = {settings.COGNITO_ALEXA_CLIENT_ID, settings.COGNITO_WEB_CLIENT_ID}
    is_id = text in known or _CLIENT_ID.fullmatch(text)
    return Value(text=text) if is_id and text not in own_secrets() else secret(text)


def _scope(text: str) -> Value:
    if not text:
        return Value()
    if not _SCOPES.fullmatch(text) or holds_own_secret(text):
        return Value(length=len(text))
    words = "".join(scrub(part) if part.strip() else part for part in re.split("( +)", text))
    # as a whole as well: the parts of a phone number are harmless one by one
    return Value(text=words) if scrub(words) == words else Value(length=len(text))


def address(url: str) -> str:
    """Scheme, host and path; user, query and fragment are withheld.

    What comes out can be parsed again: rules do.
    """
    if holds_own_secret(url):
        return WITHHELD
    if _ENCODED.match(url):  # an address that was encoded once too often stays so
        return quote(address(unquote(url)), safe="[]")
    try:
        parts = urlsplit(url[: 4 * ADDRESS_LENGTH])
        port = parts.port
    except ValueError:
        return WITHHELD
    # with a user it may be an e-mail address, whose domain is a part of it
    host = HIDDEN_HOST if "@" in parts.netloc else _host(parts.hostname or "")
    more = WITHHELD if parts.username or parts.query or parts.fragment else ""
    where = f"{scrub(parts.scheme)}://{host}" if parts.scheme else host
    made = f"{where}{f':{port}' if port else ''}{_path(parts.path)}{more}"[:ADDRESS_LENGTH]
    return made if _is_readable(made) else WITHHELD


def _host(name: str) -> str:
    """The whole name or nothing of it."""
    with contextlib.suppress(ValueError):
        return f"[{ipaddress.IPv6Address(name.partition('%')[0])}]"
    if _LAMBDA_URL.fullmatch(name) and not re.search(r"\d{7}", name):
        return name
    return name if scrub(name) == name else HIDDEN_HOST


def _path(path: str) -> str:
    """Where a part must not be shown, the plain words before it: a secret may have slashes."""
    parts = path.split("/")
    if all(scrub(part) == part for part in parts):
        return path
    words = takewhile(_PATH_WORD.fullmatch, parts)
    return "/".join([*words, WITHHELD])


def _is_readable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.port is None or parts.port >= 0
    except ValueError:
        return False


def form(raw: str) -> tuple[Field, ...]:
    """Parameters of a query or a form, in their order, those that come twice twice.

    Strict about nothing: what it cannot read is withheld.
    """
    found = []
    for pair in raw.split("&")[:MOST_FIELDS]:
        if pair:
            name, _, text = pair.partition("=")
            found.append(_field(_decoded(name), _decoded(text)))
    return tuple(found) + _pkce(found, raw)


def _pkce(found: Iterable[Field], raw: str) -> tuple[Field, ...]:
    """The digest of what a code verifier must have been sent as: S256 of RFC 7636."""
    if not any(field.name == "code_verifier" for field in found):
        return ()
    verifier = next(
        (
            _decoded(text)
            for name, _, text in (pair.partition("=") for pair in raw.split("&"))
            if name == "code_verifier"
        ),
        "",
    )
    hashed = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    return (Field("S256 of code_verifier", Value(digest=digest(challenge), length=len(challenge))),)


def members(data: Mapping[str, Any]) -> tuple[Field, ...]:
    """The members of a JSON object; what is no string or number shows its type only."""
    found = []
    for name, member in list(data.items())[:MOST_FIELDS]:
        if isinstance(member, bool) or member is None or isinstance(member, list | dict):
            kind = "an array" if isinstance(member, list) else "an object"
            if member is None or isinstance(member, bool):
                kind = json.dumps(member)
            found.append(Field(_name(name), Value(text=kind)))
        elif isinstance(member, int | float) and name == "expires_in" and 0 <= member < 1e9:
            found.append(Field(name, Value(text=str(member)[:20])))  # no phone number: too small
        else:
            found.append(_field(name, str(member)))
    return tuple(found)


def headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """Those that may be shown, and the names of the others."""
    shown, others = [], []
    for name, text in list(pairs)[:MOST_HEADERS]:
        lower = name.lower()
        if lower in _HEADERS:
            plain = _media_type(text) if lower == "content-type" else scrub(text)
            shown.append(Field(lower, Value(text=plain)))
        elif _HEADER_NAME.fullmatch(name) and scrub(name) == name:
            others.append(lower)
    return tuple(shown), tuple(sorted(set(others)))


def _media_type(text: str) -> str:
    """Type and charset; whatever else stands there is withheld."""
    kind, semicolon, more = text.partition(";")
    if not _MEDIA_TYPE.fullmatch(kind.strip()) or scrub(text) == WITHHELD:
        return WITHHELD if text else ""
    return scrub(text) if _CHARSET.fullmatch(more) else f"{scrub(kind)}{semicolon} {WITHHELD}"


def basic(authorization: str) -> tuple[Field, ...]:
    """Id and secret of `Authorization: Basic` (RFC 6749, 2.3.1); of another scheme its name."""
    scheme, _, rest = authorization.strip().partition(" ")
    if not scheme:
        return ()
    if scheme.lower() != "basic":
        known = scheme if scheme.lower() in _SCHEMES else "unknown"
        return (Field("scheme", Value(text=known)),)
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return (Field("scheme", Value(text="Basic, unreadable")),)
    user, colon, password = text.partition(":")
    if not colon:
        return (Field("scheme", Value(text="Basic, without a colon")),)
    return (
        Field("client_id", client_id(unquote_plus(user))),
        Field("client_secret", secret(_secret_of(password))),
    )


def _secret_of(password: str) -> str:
    """Encoded, says the RFC; most clients send it raw, and then its "+" is a plus."""
    known = {settings.COGNITO_ALEXA_CLIENT_SECRET, settings.COGNITO_WEB_CLIENT_SECRET}
    return password if password.strip("".join(PADDING)) in known else unquote_plus(password)


def same_secret(kept: Value | None, plain: str) -> bool:
    """Whether a kept digest is of this secret."""
    return bool(kept and plain) and hmac.compare_digest(kept.digest if kept else "", digest(plain))


def request(
    *,
    method: str,
    url: str,
    query: str = "",
    headers_: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Message:
    pairs = list(headers_)
    shown, others = headers(pairs)
    authorization = next((text for name, text in pairs if name.lower() == "authorization"), "")
    kind, fields = _body(body, _content_type(pairs))
    message = Message(
        method=scrub(method, length=10),
        address=address(url),
        query=form(query),
        headers=shown,
        other_headers=tuple(name for name in others if name != "authorization"),
        basic=basic(authorization),
        body=fields,
        body_kind=kind,
        size=len(body),
    )
    found = secrets_of(query=query, headers_=pairs, body=body)
    return without(found | own_secrets(), message)


def answer(
    *,
    status: int,
    headers_: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    problem: str = "",
    secrets: Iterable[str] = (),
) -> Message:
    """`secrets`: of the request (secrets_of), which an answer may repeat."""
    pairs = list(headers_)
    shown, others = headers(pairs)
    location = next((text for name, text in pairs if name.lower() == "location"), "")
    where, _, query = location.partition("?")
    query = query.partition("#")[0]
    kind, fields = _body(body, _content_type(pairs)) if status else ("", ())
    message = Message(
        status=status,
        headers=shown,
        other_headers=tuple(name for name in others if name != "location"),
        body=fields,
        body_kind=kind,
        size=len(body),
        location=address(where.partition("#")[0]) if location else "",
        location_query=form(query),
        problem=problem,
    )
    return without({*secrets, *secrets_of(query=query, body=body), *own_secrets()}, message)


def secrets_of(
    *, query: str = "", headers_: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> set[str]:
    """What of this exchange is not shown under its own name, so that it is not under another."""
    text = body.decode("utf-8", "replace")
    found = [
        (_decoded(name), _decoded(each))
        for raw in (query, text)
        for name, _, each in (pair.partition("=") for pair in raw.split("&")[:MOST_FIELDS])
    ]
    found += [(name, each) for name, each in _json(text).items() if isinstance(each, str)]
    values = {each for name, each in found if _is_secret(name, each)}
    for name, each in headers_:
        if name.lower() == "authorization":
            values |= _credentials(each)
    return {each for each in values if len(each) >= LEAST_SECRET}


def _is_secret(name: str, text: str) -> bool:
    """Not plain words, which may be the name of an error, unless the parameter is for secrets."""
    if name in _PLAIN or name in _ADDRESSES or name == "client_id":
        return False
    return bool(re.search("pass|secret", name.lower())) or not _WORDS.fullmatch(text)


def _credentials(authorization: str) -> set[str]:
    """The secret of `Authorization: Basic`, or the token of another scheme."""
    rest = authorization.partition(" ")[2].strip()
    found = {rest}
    with contextlib.suppress(binascii.Error, ValueError):
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        found |= {unquote_plus(password), password}
        if not client_id(unquote_plus(user)).text:
            found |= {unquote_plus(user), user}
    return found


def _content_type(pairs: Iterable[tuple[str, str]]) -> str:
    found = next((text for name, text in pairs if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()


def _body(body: bytes, content_type: str) -> tuple[str, tuple[Field, ...]]:
    """What kind of text it is by its looks, and its parameters or members."""
    if not body:
        return "empty", ()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "binary", ()
    if "\0" in text:
        return "binary", ()
    start = text.lstrip()[:1]
    if start in {"{", "["}:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return "text", ()
        return "json", members(data) if isinstance(data, dict) else ()
    if start == "<":
        return "html", ()
    if content_type == "application/x-www-form-urlencoded":
        return "form", form(text)
    return "text", ()


def _json(text: str) -> dict[str, Any]:
    """The object that a text is; empty where it is none."""
    try:
        data = json.loads(text) if text.lstrip()[:1] == "{" else None
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _field(name: str, text: str) -> Field:
    return Field(_name(name), value(name, text))


def _name(name: str) -> str:
    """A name is somebody else's text as well: one that is no plain word is withheld."""
    return name if _PARAMETER_NAME.fullmatch(name) and scrub(name) == name else WITHHELD


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="replace")


def _token_parts(text: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if len(text) > 16_384 or not _JWT.fullmatch(text):
        return None, None
    first, second, _ = text.split(".", 2)
    header, claims = _json_part(first), _json_part(second)
    if header is None or claims is None or "alg" not in header:
        return None, None
    return _shown(header, _JOSE), _shown(claims, _CLAIMS)


def _json_part(part: str) -> dict[str, Any] | None:
    try:
        data = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _shown(data: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Claims that are safe to show, each bounded; ids of ours and of the pool stay as they are."""
    shown: dict[str, Any] = {}
    for name in sorted(names & data.keys()):
        found = data[name]
        if name in {"client_id", "aud"}:
            shown[name] = str(client_id(str(found)))
        elif name in {"sub", "kid"}:
            shown[name] = _id(name, str(found))
        elif isinstance(found, bool) or (isinstance(found, int | float) and 0 <= found < 5e9):
            shown[name] = found  # a time, and no phone number with its country
        elif isinstance(found, list):
            shown[name] = [scrub(str(each), length=60) for each in found[:10]]
        elif name == "iss":
            shown[name] = address(str(found))
        else:
            shown[name] = scrub(str(found))
    return shown


def _id(name: str, text: str) -> str:
    """A UUID as Cognito's sub is, or a key's id; anything else could be an address."""
    if name == "kid":
        is_id: object = re.fullmatch(r"[A-Za-z0-9+/=_-]{1,64}", text) and not text.isdigit()
    else:
        is_id = re.fullmatch(UUID, text) or (len(text) <= 64 and scrub(text) == text)
    return text if is_id else WITHHELD
