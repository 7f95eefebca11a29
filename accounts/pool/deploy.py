"""The pool's CloudFormation stack: propose a change set, execute it, follow it to its end.

The template is always sent whole, and CloudFormation sends Cognito whole resources: Cognito resets
what an update leaves out. For the same reason nothing is set beside the template. (A local AWS does
not carry the SMS part of `MfaConfiguration` to `GetUserPoolMfaConfig`; it has no MFA pages to need
it, and a call of our own after each deployment would be drift on AWS.)
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from accounts.pool import parameters
from accounts.pool.errors import PoolError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

TEMPLATE = Path(__file__).with_name("template.yaml")
STACK = "two-doors"
UNCHANGED = ("didn't contain changes", "No updates are to be performed")
CHANGE_SET_LIMIT = 300.0  # seconds
STACK_LIMIT = 1800.0
SLOWEST_POLL = 5.0
STACK_TYPE = "AWS::CloudFormation::Stack"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """One resource of a change set; `replaced` is Cognito's word: "False", "Conditional", "True"."""

    action: str
    resource: str
    kind: str
    replaced: str

    @property
    def is_severe(self) -> bool:
        return self.action == "Remove" or self.replaced != "False"

    def __str__(self) -> str:
        words = {"True": "  REPLACED", "Conditional": "  may be REPLACED"}
        return f"{self.action:<7} {self.resource:<15} {self.kind}{words.get(self.replaced, '')}"


@dataclass(frozen=True)
class Proposal:
    """A change set that waits for `execute` or `discard`."""

    name: str
    stack_id: str
    is_creation: bool
    changes: tuple[Change, ...]
    settings: tuple[str, ...]  # parameters that change, as sentences

    @property
    def account(self) -> str:
        return self.stack_id.split(":")[4]


class Stack:
    """One deployment of the template. `say` gets a line of progress at a time."""

    def __init__(self, client: CloudFormationClient, name: str = STACK, *, say: Say) -> None:
        self.client, self.name, self.say = client, name, say

    def describe(self) -> StackTypeDef | None:
        try:
            return self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise

    def parameters(self) -> dict[str, str]:
        found = self.describe() or {}
        return {p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters", [])}

    def outputs(self) -> dict[str, str]:
        """PoolId, Issuer, SignInUrl, WebClientId, AlexaClientId. Raises PoolError."""
        outputs = {
            o["OutputKey"]: o["OutputValue"] for o in (self.describe() or {}).get("Outputs", [])
        }
        if not outputs:
            raise PoolError(f"no stack {self.name} here: run `manage.py pool deploy` first")
        return outputs

    def propose(self, wishes: parameters.Wishes) -> Proposal | None:
        """Make a change set; None where nothing would change. Raises PoolError."""
        given = wishes.parameters()
        found = self.describe()
        status = found["StackStatus"] if found else "DELETE_COMPLETE"
        _require_quiet(self.name, status)
        creation = status in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
        previous = {} if creation else self.parameters()
        values = parameters.complete(given, previous, stack=self.name)
        name = f"deploy-{uuid.uuid4()}"
        answer = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType="CREATE" if creation else "UPDATE",
            TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
            Parameters=[
                {"ParameterKey": k, "ParameterValue": v} for k, v in sorted(values.items())
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        proposal = Proposal(name, answer["StackId"], creation, (), _settings(previous, values))
        try:
            unchanged = self._await_change_set(proposal)
        except BaseException:
            self.discard(proposal)
            raise
        if unchanged:
            self.discard(proposal)
            return None
        return Proposal(
            name, answer["StackId"], creation, tuple(self._changes(name)), proposal.settings
        )

    def _await_change_set(self, proposal: Proposal) -> bool:
        """Wait for the change set; return whether it holds no change."""
        for seconds in _ticks(CHANGE_SET_LIMIT):
            state = self.client.describe_change_set(
                StackName=self.name, ChangeSetName=proposal.name
            )
            if state["Status"] == "CREATE_COMPLETE":
                return False
            if state["Status"] == "FAILED":
                reason = state.get("StatusReason", "")
                if any(text in reason for text in UNCHANGED):
                    return True
                raise PoolError(f"CloudFormation refuses the change: {reason}")
            self.say(f"{seconds:4.0f} s  change set {state['Status']}")
        raise PoolError(
            f"no change set after {CHANGE_SET_LIMIT:g} s: try again, nothing was changed"
        )

    def _changes(self, name: str) -> Iterator[Change]:
        pages = self.client.get_paginator("describe_change_set")
        for page in pages.paginate(StackName=self.name, ChangeSetName=name):
            for entry in page.get("Changes", []):
                change = entry["ResourceChange"]
                yield Change(
                    change["Action"],
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change.get("Replacement") or "False",
                )

    def discard(self, proposal: Proposal) -> None:
        """Leave no trace: the change set goes, and so does the empty stack of a first one."""
        self.client.delete_change_set(StackName=self.name, ChangeSetName=proposal.name)
        found = self.describe()
        if found and found["StackStatus"] == "REVIEW_IN_PROGRESS":
            self.client.delete_stack(StackName=found["StackId"])

    def execute(self, proposal: Proposal) -> None:
        """Carry the change out and protect the stack from deletion. Raises PoolError."""
        seen = {event["EventId"] for event in self._events(proposal.stack_id)}
        self.client.execute_change_set(StackName=self.name, ChangeSetName=proposal.name)
        status, reasons = self.follow(proposal.stack_id, seen)
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise PoolError(f"not deployed ({status}): " + ("; ".join(reasons) or "see its events"))
        self.client.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=True
        )

    def delete(self) -> None:
        """Delete the stack; its resources with DeletionPolicy Retain stay. Raises PoolError."""
        found = self.describe()
        if found is None:
            return
        seen = {event["EventId"] for event in self._events(found["StackId"])}
        self.client.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=False
        )
        self.client.delete_stack(StackName=found["StackId"])
        status, reasons = self.follow(found["StackId"], seen)
        if status != "DELETE_COMPLETE":
            raise PoolError(f"not deleted ({status}): " + ("; ".join(reasons) or "see its events"))

    def follow(self, stack_id: str, seen: set[str]) -> tuple[str, list[str]]:
        """Say the events as they come, until the stack's own last one: its status, and failures.

        By events, not by the stack's status: right after the start that is still the old one.
        """
        failures: list[str] = []
        for seconds in _ticks(STACK_LIMIT):
            news = [event for event in self._events(stack_id) if event["EventId"] not in seen]
            for event in reversed(news):
                seen.add(event["EventId"])
                status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
                self.say(f"{seconds:4.0f} s  {event['LogicalResourceId']:<15} {status}")
                if status.endswith("FAILED") and "cancelled" not in reason:
                    failures.append(f"{event['LogicalResourceId']} {status}: {reason}")
                if _is_last(event):
                    return status, failures
        raise PoolError(
            f"stack {self.name} is not done after {STACK_LIMIT:g} s. CloudFormation goes on by "
            "itself: look at its events in the AWS console, then run the command again"
        )

    def _events(self, stack_id: str) -> Iterator[StackEventTypeDef]:
        pages = self.client.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=stack_id):
            yield from page["StackEvents"]


def _is_last(event: StackEventTypeDef) -> bool:
    about_stack = event["ResourceType"] == STACK_TYPE and (
        event["PhysicalResourceId"] == event["StackId"]
    )
    return about_stack and not event["ResourceStatus"].endswith("IN_PROGRESS")


def _require_quiet(name: str, status: str) -> None:
    """Raise PoolError where CloudFormation would refuse a change set, with the way out."""
    if status == "REVIEW_IN_PROGRESS":
        return
    if status.endswith("IN_PROGRESS"):
        raise PoolError(f"stack {name} is busy ({status}): wait until it is done, then try again")
    if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
        raise PoolError(
            f"stack {name} is {status}: run `manage.py pool destroy` to remove what is left of it"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise PoolError(
            f"stack {name} is {status}: continue its rollback in the AWS console, then try again"
        )


def _settings(previous: dict[str, str], values: dict[str, str]) -> tuple[str, ...]:
    """Parameters that change, as sentences; on creation all of them."""
    changed = {name: value for name, value in values.items() if previous.get(name) != value}
    return tuple(
        f"{name}: {previous[name]} -> {value}" if name in previous else f"{name}: {value}"
        for name, value in sorted(changed.items())
        if name != "SmsExternalId"
    )


def _ticks(limit: float) -> Iterator[float]:
    """Seconds since the start, at growing intervals: a local AWS is done at once, AWS in minutes."""
    start, pause = time.monotonic(), 0.1
    while (passed := time.monotonic() - start) < limit:
        yield passed
        time.sleep(pause)
        pause = min(pause * 1.5, SLOWEST_POLL)
