"""Follow a stack by its events until it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from accounts.pool.errors import PoolError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

STACK_LIMIT = 1800.0  # seconds
SLOWEST_POLL = 5.0
STACK_TYPE = "AWS::CloudFormation::Stack"

Say = Callable[[str], None]


def ticks(limit: float) -> Iterator[float]:
    """Seconds since the start, at growing intervals: a local AWS is done at once, AWS is not."""
    start, pause = time.monotonic(), 0.1
    while (passed := time.monotonic() - start) < limit:
        yield passed
        time.sleep(pause)
        pause = min(pause * 1.5, SLOWEST_POLL)


class Follower:
    """Make it before the operation starts, so that it knows which events are old."""

    def __init__(self, client: CloudFormationClient, stack_id: str, say: Say) -> None:
        self.client, self.stack_id, self.say = client, stack_id, say
        self.seen = {event["EventId"] for event in self._events()}
        self.failures: list[str] = []

    def finish(self, *wanted: str, limit: float = STACK_LIMIT) -> None:
        """Say events as they come; return at a wanted status, raise PoolError at another.

        The end is the stack's own last event, not its status: right after the start that is still
        the old one.
        """
        for seconds in ticks(limit):
            news = [event for event in self._events() if event["EventId"] not in self.seen]
            for event in reversed(news):
                self._note(event, seconds)
                if _is_last(event):
                    self._judge(event["ResourceStatus"], wanted)
                    return
        raise PoolError(
            f"the stack is not done after {limit:g} s. CloudFormation goes on by itself: look at "
            "its events in the AWS console, then run the command again"
        )

    def _note(self, event: StackEventTypeDef, seconds: float) -> None:
        self.seen.add(event["EventId"])
        name, status = event["LogicalResourceId"], event["ResourceStatus"]
        self.say(f"{seconds:5.1f} s  {name:<15} {status}")
        reason = event.get("ResourceStatusReason", "")
        # the others are cancelled because of the first one, which is the one to mend
        if status.endswith("FAILED") and "cancelled" not in reason:
            self.failures.append(f"{name} {status}: {reason}")

    def _judge(self, status: str, wanted: tuple[str, ...]) -> None:
        if status not in wanted:
            raise PoolError(f"it ended as {status}: " + ("; ".join(self.failures) or "no reason"))

    def _events(self) -> Iterator[StackEventTypeDef]:
        pages = self.client.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=self.stack_id):
            yield from page["StackEvents"]


def _is_last(event: StackEventTypeDef) -> bool:
    about_stack = event["ResourceType"] == STACK_TYPE and (
        event["PhysicalResourceId"] == event["StackId"]
    )
    return about_stack and not event["ResourceStatus"].endswith("IN_PROGRESS")
