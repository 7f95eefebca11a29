"""A CloudFormation stack: propose a change set, execute it, follow it to its end.

The pool's is one; a Kind says what another is made of. The pool's template is always sent whole,
and CloudFormation sends Cognito whole resources: Cognito resets what an update leaves out. For the
same reason nothing is set beside the template. (A local AWS does not carry the SMS part of
`MfaConfiguration` to `GetUserPoolMfaConfig`; it has no MFA pages to need it, and a call of our own
after each deployment would be drift on AWS.)
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from accounts.pool.changes import Change, Proposal, changed_settings
from accounts.pool.errors import PoolError
from accounts.pool.events import Follower, Say, ticks
from accounts.pool.parameters import complete

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

TEMPLATE = Path(__file__).with_name("template.yaml")
STACK = "two-doors"
UNCHANGED = ("didn't contain changes", "No updates are to be performed")
CHANGE_SET_LIMIT = 300.0  # seconds
IN_REVIEW = "REVIEW_IN_PROGRESS"  # a stack that never was: its first change set waits


class Wanted(Protocol):
    """What an operator says about a stack."""

    def parameters(self) -> dict[str, str]:
        """Template parameters of what is said. Raises PoolError."""


@dataclass(frozen=True)
class Kind:
    """What a stack is made of. `complete` takes the given and the previous parameters, and the
    stack's name; `command` is the one whose deploy and destroy an error names.
    """

    template: Path
    complete: Callable[[Mapping[str, str], Mapping[str, str], str], dict[str, str]]
    command: str
    is_protected: bool  # from deletion, by mistake or in the AWS console


POOL = Kind(TEMPLATE, complete, "pool", is_protected=True)


class Stack:
    """One deployment of a template. `say` gets a line of progress at a time."""

    def __init__(
        self, client: CloudFormationClient, name: str = STACK, *, say: Say, kind: Kind = POOL
    ) -> None:
        self.client, self.name, self.say, self.kind = client, name, say, kind

    def describe(self) -> StackTypeDef | None:
        try:
            return self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise

    def parameters(self) -> dict[str, str]:
        found = self.describe()
        given = found.get("Parameters", []) if found else []
        return {each["ParameterKey"]: each["ParameterValue"] for each in given}

    def outputs(self) -> dict[str, str]:
        """Of the pool: PoolId, Issuer, SignInUrl, WebClientId, AlexaClientId. Raises PoolError."""
        found = self.describe()
        outputs = found.get("Outputs", []) if found else []
        if not outputs:
            raise PoolError(
                f"there is no stack {self.name} in {self.client.meta.region_name}: "
                f"run `manage.py {self.kind.command} deploy` first"
            )
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def is_deployed(self) -> bool:
        found = self.describe()
        return found is not None and found["StackStatus"] != IN_REVIEW

    def propose(self, wishes: Wanted) -> Proposal | None:
        """Make a change set; None where nothing would change. Raises PoolError."""
        given = wishes.parameters()
        found = self.describe()
        if found:
            self._require_quiet(found["StackStatus"])
        creation = not found or found["StackStatus"] == IN_REVIEW
        body = self.kind.template.read_text(encoding="utf-8")
        template = self.client.validate_template(TemplateBody=body)
        known = {each["ParameterKey"] for each in template["Parameters"]}
        previous = {} if creation else self.parameters()
        kept = {name: value for name, value in previous.items() if name in known}
        values = self.kind.complete(given, kept, self.name)
        name = f"deploy-{uuid.uuid4()}"
        answer = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType="CREATE" if creation else "UPDATE",
            TemplateBody=body,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in sorted(values.items())
            ],
            Capabilities=["CAPABILITY_IAM"],
        )
        proposal = Proposal(
            name,
            answer["StackId"],
            creation,
            values,
            changed_settings(previous, values),
        )
        try:
            if self._holds_changes(proposal):
                return replace(proposal, changes=tuple(self._changes(proposal)))
        except BaseException:
            self.discard(proposal)
            raise
        self.discard(proposal)
        return None

    def _holds_changes(self, proposal: Proposal) -> bool:
        """Wait until the change set is computed. Raises PoolError where it cannot be."""
        for seconds in ticks(CHANGE_SET_LIMIT):
            state = self.client.describe_change_set(
                StackName=self.name, ChangeSetName=proposal.name
            )
            if state["Status"] == "CREATE_COMPLETE":
                return True
            if state["Status"] == "FAILED":
                reason = state.get("StatusReason", "")
                if any(text in reason for text in UNCHANGED):
                    return False
                raise PoolError(f"CloudFormation refuses the change: {reason}")
            self.say(f"{seconds:5.1f} s  change set      {state['Status']}")
        raise PoolError(
            f"no change set after {CHANGE_SET_LIMIT:g} s, and nothing was changed: try again"
        )

    def _changes(self, proposal: Proposal) -> Iterator[Change]:
        pages = self.client.get_paginator("describe_change_set")
        for page in pages.paginate(StackName=self.name, ChangeSetName=proposal.name):
            for entry in page.get("Changes", []):
                yield Change.of(entry["ResourceChange"])

    def discard(self, proposal: Proposal) -> None:
        """Leave no trace: the change set goes, and so does the empty stack of a first one."""
        self.client.delete_change_set(StackName=self.name, ChangeSetName=proposal.name)
        found = self.describe()
        if found and found["StackStatus"] == IN_REVIEW:
            self.client.delete_stack(StackName=found["StackId"])

    def execute(self, proposal: Proposal) -> None:
        """Carry the change out and protect the stack from deletion, if its kind is.

        Raises PoolError.
        """
        follower = Follower(self.client, proposal.stack_id, self.say)
        self.client.execute_change_set(StackName=self.name, ChangeSetName=proposal.name)
        follower.finish("CREATE_COMPLETE", "UPDATE_COMPLETE")
        if self.kind.is_protected:
            self.client.update_termination_protection(
                StackName=self.name, EnableTerminationProtection=True
            )

    def delete(self) -> None:
        """Delete the stack; its resources with DeletionPolicy Retain stay. Raises PoolError."""
        found = self.describe()
        if found is None:
            return
        follower = Follower(self.client, found["StackId"], self.say)
        self.client.update_termination_protection(
            StackName=self.name, EnableTerminationProtection=False
        )
        self.client.delete_stack(StackName=found["StackId"])
        follower.finish("DELETE_COMPLETE")

    def _require_quiet(self, status: str) -> None:
        """Raise PoolError where CloudFormation would refuse a change set, with the way out."""
        if status == IN_REVIEW:
            return
        if status.endswith("IN_PROGRESS"):
            raise PoolError(
                f"stack {self.name} is busy ({status}): wait until it is done, then try again"
            )
        if status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}:
            raise PoolError(
                f"stack {self.name} is {status}: run `manage.py {self.kind.command} destroy` to "
                "remove what is left of it"
            )
        if status == "UPDATE_ROLLBACK_FAILED":
            raise PoolError(
                f"stack {self.name} is {status}: continue its rollback in the AWS console, then "
                "try again"
            )
