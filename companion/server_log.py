"""What gunicorn itself says, in the form of all other lines and with their last redaction.

A worker that was killed, a site that cannot be loaded: the lines that are looked for at night. Not
by `logconfig_dict`, which would make gunicorn write each request with its query.
"""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from structlog.typing import EventDict, WrappedLogger

from companion import env, logs


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """deploy/gunicorn.conf.py names it. `process` is the id of who says it, main or worker."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        formatter = _formatter(console=env.flag("DEBUG") or env.flag("DEV_TOOLS"))
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)


def _formatter(*, console: bool) -> logging.Formatter:
    settings = logs.formatter(console=console)
    settings["processors"].insert(0, _with_process)  # before the record is taken out
    made: logging.Formatter = settings.pop("()")(**settings)
    return made


def _with_process(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    event["process"] = event["_record"].process
    return event
