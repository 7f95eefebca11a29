"""Lines of a log group of CloudWatch, no more than asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MOST_EVENTS = 20_000  # about a thousand exchanges
PAGE = 5_000  # events; the service's limit is 10,000
MOST_PAGES = 200  # the service may answer many empty ones while it searches


@dataclass
class Fetched:
    """Lines in the order of the log, each once. `is_cut`: there are more than are read."""

    lines: list[tuple[int, str]] = field(default_factory=list, repr=False)
    is_cut: bool = False
    seen: set[str] = field(default_factory=set, repr=False)

    @property
    def last(self) -> int:
        """Milliseconds since 1970 of the newest line; 0 where there is none."""
        return max((at for at, _ in self.lines), default=0)


def fetch(
    logs: Any, group: str, *, since: datetime, into: Fetched | None = None, most: int = MOST_EVENTS
) -> Fetched:
    """Add what is new from `since` on to `into`. Raises ClientError, also for an unknown group.

    Lines arrive late and out of order: ask again from somewhat before the last one. What is there
    already is known by its id.
    """
    found = into if into is not None else Fetched()
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int(since.timestamp() * 1000),
        "limit": PAGE,
    }
    for _ in range(MOST_PAGES):
        page = logs.filter_log_events(**asked)
        for event in page.get("events", []):
            if len(found.lines) >= most:
                found.is_cut = True
                return found
            if event["eventId"] not in found.seen:
                found.seen.add(event["eventId"])
                found.lines.append((event["timestamp"], event["message"].rstrip("\n")))
        token = page.get("nextToken")
        if not token or token == asked.get("nextToken"):
            return found
        asked["nextToken"] = token
    found.is_cut = True
    return found
