"""The net under the logs: whatever text a line has, secrets in it are taken out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import structlog

from companion import logs
from tests.conftest import written_by
from tests.fuzz.target import Target, check
from tests.fuzz.targets.redaction import EMAIL, PHONE, TOKEN

CODE = "3f6c0dee7a514c8f9a4e0123456789ab"
FORMS = (
    "{secret}",
    "code={secret}",
    "'client_secret': '{secret}'",
    '{{"access_token": "{secret}"}}',
    "Authorization: Bearer {secret}",
    "refresh_token:{secret}",
    "for {secret}, who",
)
# a form that gives a text without a shape of its own away by its name
_NAMED = (1, 2, 3, 5)


def line(data: bytes) -> None:
    """The first two bytes: what, and how it stands there; the rest is around it."""
    kind, how, *_ = (*data[:2], 0, 0)
    form = FORMS[how % len(FORMS)]
    secret = (EMAIL, PHONE, TOKEN, CODE)[kind % 4]
    if secret == CODE:
        form = FORMS[_NAMED[how % len(_NAMED)]]
    before, _, after = data[2:].decode("utf-8", "replace").partition("|")
    # what is glued to a secret makes another word of it
    text = f"{before} {form.format(secret=secret)} {after}"
    record = logging.LogRecord("fuzz", logging.WARNING, "", 0, text, (), None)
    written = written_by(console=False).format(record)
    shown = json.loads(written)["event"]
    for part in secret.split(".")[-2:] if secret == TOKEN else [secret]:
        check(part not in shown, "no secret stands in a line", (text, shown))
    check("\n" not in written, "a line is one line", written)
    nested = logs.redact_event(structlog.get_logger(), "", {"a": [{"b": (text, 1)}], "event": text})
    check(secret not in str(nested), "nor deeper in it", nested)


def _lines() -> Iterator[bytes]:
    for kind in range(4):
        for how in range(len(FORMS)):
            yield bytes([kind, how]) + b"It failed with | at 10:00:00"


TARGETS = [
    Target(
        name="log_line",
        promise="no secret stands in a line of the log",
        run=line,
        seeds=_lines,
        words=(b"=", b":", b"'", b'"', b"eyJ", b"eyJeyJ", b"@", b"+", b"token", b"Bearer ", b"\n"),
        longest=20_000,
    ),
]
