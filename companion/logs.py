"""Logs: one JSON object a line with the request's id, and a last redaction before it is written."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
import structlog
from sentry_sdk.integrations.logging import ignore_logger
from structlog.typing import EventDict, Processor, WrappedLogger

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# The rule is that nothing secret is handed to a logger; this is the net below it, for texts that
# come from elsewhere (exceptions, libraries). What a pattern has in groups is kept.
_SECRETS = (
    # A JSON Web Token, with what is glued to its front, so that each letter is looked at once. From
    # each "eyJ" in turn, a text of nothing else would take time by the square of its length.
    re.compile(r"(?<![\w-])((?:(?!eyJ)[\w-])*+)eyJ[\w-]{8,}+\.[\w-]*+\.?[\w-]*+"),
    re.compile(
        r"(?i)\b(code|state|token|access_token|id_token|refresh_token|client_secret|password|"
        r"code_verifier|secret_hash|nonce)(['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,;)}\]]+"
    ),
    re.compile(r"(?i)\b(?:basic|bearer)\s+[\w+/=.-]{8,}"),
    re.compile(r"[\w.+-]{1,64}@[\w-]+\.[\w.-]+"),  # an e-mail address
    re.compile(r"\+\d[\d ().-]{6,}\d"),  # a phone number in international form
)
REDACTED = "[redacted]"


def redact(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(lambda found: "".join((*found.groups(), REDACTED)), text)
    return text


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


def redact_event(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """structlog processor, last before the renderer."""
    return {key: _redacted(value) for key, value in event.items()}


def reference() -> str:
    """The first eight digits of this request's id: enough to find its lines, and to read aloud."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:8]


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
    "RequestDataTooBig",
    "SuspiciousFileOperation",
    "SuspiciousMultipartForm",
    "SuspiciousOperation",
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
    """Errors only, without request bodies, cookies, addresses or local variables."""
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_without_request_data,
    )
    # the line of a request says how it ended: each that ended in an error would be one more error,
    # with the request's address and browser in its name
    ignore_logger("companion.requests")


def _without_request_data(event: Event, hint: Hint) -> Event:
    request = event.get("request", {})
    for part in ("query_string", "cookies", "headers", "env", "data"):
        request.pop(part, None)
    return cast("Event", _redacted(event))
