"""Run all checks side by side and report at the deadline, whatever still hangs by then.

Each check has a daemon thread. A pool of threads would be waited for at the end of the process, and
a thread that hangs in a name server's silence cannot be stopped.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import structlog
from django.db import connections

from companion.doctor.context import Context, Unavailable
from companion.doctor.hiding import cleaned
from companion.doctor.registry import Check
from companion.doctor.report import Report
from companion.doctor.results import Result, Seen, error, skipped

DEADLINE = 9.0  # seconds

log = structlog.get_logger(__name__)


def examine(context: Context, checks: Iterable[Check], *, deadline: float = DEADLINE) -> Report:
    """The results of all checks, in their order; `deadline` is in seconds."""
    started, start = datetime.now(UTC), time.monotonic()
    checks = list(checks)
    done: queue.SimpleQueue[tuple[str, list[Seen]]] = queue.SimpleQueue()
    for each in checks:
        threading.Thread(
            target=_carry_out, args=(each, context, done), name=f"doctor {each.code}", daemon=True
        ).start()
    seen: dict[str, list[Seen]] = {}
    while len(seen) < len(checks):
        try:
            left = max(deadline - (time.monotonic() - start), 0.0)
            code, found = done.get(timeout=left) if left else done.get_nowait()
        except queue.Empty:
            break
        seen[code] = found
    silent = [
        error(
            f"no answer within {deadline:g} s",
            mend="The other lines say which of its parts did not answer. Run it again.",
        )
    ]
    results = [result for each in checks for result in _results(each, seen.get(each.code, silent))]
    secrets = (context.options.access_token,)
    return Report(
        at=started,
        seconds=time.monotonic() - start,
        results=tuple(cleaned(result, secrets) for result in results),
    )


def _carry_out(
    each: Check, context: Context, done: queue.SimpleQueue[tuple[str, list[Seen]]]
) -> None:
    try:
        if each.online and not context.options.online:
            found = [skipped("left out: --skip-network")]
        else:
            found = list(each.look(context))
    except Unavailable as reason:
        found = [skipped(f"not looked at: {reason}")]
    except Exception as failure:  # noqa: BLE001 - a report with a gap is better than none
        log.warning("doctor_check_failed", check=each.code, error=type(failure).__name__)
        found = [
            error(
                f"the check itself failed ({type(failure).__name__})",
                mend="This is a fault of the doctor, not of your installation: please report it.",
            )
        ]
    finally:
        connections.close_all()  # this thread's own; nobody else closes them
    done.put((each.code, found))


def _results(each: Check, found: list[Seen]) -> Iterator[Result]:
    for seen in found:
        yield Result(
            code=each.code,
            group=each.group,
            title=f"{each.title}: {seen.about}" if seen.about else each.title,
            state=seen.state,
            seen=seen.seen,
            wanted=seen.wanted,
            mend=seen.mend,
            source=each.source,
        )
