"""Logs: one JSON object a line with the request's id, and a last redaction before it is written."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
import structlog
from sentry_sdk.integrations.logging import ignore_logger
from structlog.typing import EventDict, Processor, WrappedLogger

from accounts.oauth_trace import redaction

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# The rule is that nothing secret is handed to a logger; this is the net below it, for texts that
# come from elsewhere (exceptions, libraries). What a pattern has in groups is kept.
_SECRETS = (
    # A JSON Web Token, with what is glued to its front, so that each letter is looked at once. From
    # each "eyJ" in turn, a text of nothing else would take time by the square of its length.
    re.compile(r"(?<![\w-])((?:(?!eyJ)[\w-])*+)eyJ[\w-]{8,}+\.[\w-]*+\.?[\w-]*+"),
    # before the names: of "token: Bearer x" the value is not its first word
    re.compile(r"(?i)\b(?:basic|bearer)\s+[\w+/=.-]{8,}"),
    re.compile(
        # Several in a row: of "token: code=x" the value is not the second name. Whatever follows is
        # taken, also nothing, or the end of a long row would be looked for from each of its names.
        r"(?i)\b((?:(?:code|state|token|access_token|id_token|refresh_token|client_secret|password|"
        r"code_verifier|secret_hash|nonce)['\"]?\s*[=:]\s*['\"]?)++)(?:\[redacted\]|[^\s'\"&,;)}\]]*+)"
    ),
    re.compile(r"(://)[^\s/@:]*+:[^\s/@]*+(?=@)"),  # name and password of postgres://…@host
    re.compile(r"[\w.+-]{1,64}@[\w-]+\.[\w.-]+"),  # an e-mail address
    re.compile(r"\+\d[\d ().-]{6,}\d"),  # a phone number in international form
    re.compile(r"(\)=\()[^)]*"),  # PostgreSQL's "Key (email)=(…) already exists"
)
REDACTED = "[redacted]"


def redact(text: str) -> str:
    if _is_harmless(text):
        return text
    for secret in _SECRETS:
        text = secret.sub(lambda found: "".join((*found.groups(), REDACTED)), text)
    return text


def _is_harmless(text: str) -> bool:
    """A look that costs a tenth of the patterns: none of them matches without one of these signs.

    Of ASCII only: patterns that ignore case also take letters that merely resemble one.
    """
    if not text.isascii() or "=" in text or ":" in text or "@" in text or "+" in text:
        return False
    if "eyJ" in text:
        return False
    small = text.lower()
    return "basic" not in small and "bearer" not in small


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


# made by a processor, from nothing that was said
_OURS = frozenset({"timestamp", "level", "logger", "request_id"})


def redact_event(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """structlog processor, last before the renderer. In place: the event is this line's own."""
    for key, value in event.items():
        if key not in _OURS:
            event[key] = _redacted(value)
    return event


def reference() -> str:
    """The last eight signs of this request's id: enough to find its lines, and to read aloud.

    The last: the ids of AWS's load balancers begin with the time.
    """
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[-8:]


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


# What Django refuses as suspicious is the sender's fault, and as many as they please: no error.
_REFUSALS = (
    "DisallowedHost",
    "DisallowedModelAdminLookup",
    "DisallowedModelAdminToField",
    "DisallowedRedirect",
    "InvalidSessionKey",
    "RequestDataTooBig",
    "SuspiciousFileOperation",
    "SuspiciousMultipartForm",
    "SuspiciousOperation",
    "SuspiciousSession",
    "TooManyFieldsSent",
    "TooManyFilesSent",
)


def in_a_word(record: logging.LogRecord) -> bool:
    """Filter for refusals: one line, a warning, without the value and without a traceback."""
    record.levelno, record.levelname = logging.WARNING, "WARNING"
    record.msg, record.args = f"refused: {record.name.rpartition('.')[2]}", ()
    record.exc_info = record.exc_text = None
    return True


def formatter(*, console: bool) -> dict[str, Any]:
    """What writes a line, as LOGGING names it."""
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False)
        if console
        else structlog.processors.JSONRenderer()
    )
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact_event,
            renderer,
        ],
    }


def configuration(*, console: bool) -> dict[str, Any]:
    """Django's LOGGING: readable lines on a console, JSON elsewhere; both redacted."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": formatter(console=console),
        },
        "filters": {"in_a_word": {"()": lambda: in_a_word}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # our handler has the line with the id; Django's would be a second one, with the query
            "django.request": {"level": "ERROR"},
            **{f"django.security.{name}": {"filters": ["in_a_word"]} for name in _REFUSALS},
            "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "botocore": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def start_sentry(dsn: str, release: str) -> None:
    """Errors only, without request bodies, cookies, addresses, people or local variables.

    And without what came before the error (breadcrumbs): addresses of calls, lines of the log.
    """
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=_without_request_data,
    )
    # the line of a request says how it ended: each that ended in an error would be one more error,
    # with the request's address and browser in its name
    ignore_logger("companion.requests")


def _without_request_data(event: Event, hint: Hint) -> Event:
    request = event.get("request", {})
    for part in ("query_string", "cookies", "headers", "env", "data"):
        request.pop(part, None)
    if "url" in request:  # a path of ours may hold a token
        request["url"] = redaction.address(str(request["url"]).partition("?")[0])
    # arguments of a command may name a person
    for part in ("user", "extra", "breadcrumbs"):
        cast("dict[str, Any]", event).pop(part, None)
    return cast("Event", _redacted(event))
