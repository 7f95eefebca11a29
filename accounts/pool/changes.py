"""What a deployment would do, as values that can be printed and judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ResourceChangeTypeDef

SECRET_PARAMETERS = frozenset({"SmsExternalId"})


@dataclass(frozen=True)
class Change:
    """One resource. `replaced` is CloudFormation's word: "False", "Conditional" or "True"."""

    action: str
    resource: str
    kind: str
    replaced: str

    @classmethod
    def of(cls, change: ResourceChangeTypeDef) -> Change:
        return cls(
            change["Action"],
            change["LogicalResourceId"],
            change["ResourceType"],
            change.get("Replacement") or "False",
        )

    @property
    def is_severe(self) -> bool:
        """A resource that is removed or replaced takes what it holds along: people, client ids."""
        return self.action == "Remove" or self.replaced != "False"

    def __str__(self) -> str:
        words = {"True": "  REPLACED", "Conditional": "  may be REPLACED"}
        return f"{self.action:<7} {self.resource:<15} {self.kind}{words.get(self.replaced, '')}"


@dataclass(frozen=True)
class Proposal:
    """A change set that waits to be executed or discarded."""

    name: str
    stack_id: str
    is_creation: bool
    values: Mapping[str, str] = field(repr=False)  # all parameters, secrets among them
    settings: tuple[str, ...]  # parameters that change, as sentences
    changes: tuple[Change, ...] = ()

    @property
    def account(self) -> str:
        return self.stack_id.split(":")[4]

    @property
    def severe(self) -> list[Change]:
        return [change for change in self.changes if change.is_severe]


def changed_settings(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Parameters that change, as sentences; on creation all of them."""
    return tuple(
        f"{name}: {before[name]} -> {value}" if name in before else f"{name}: {value}"
        for name, value in sorted(after.items())
        if before.get(name) != value and name not in SECRET_PARAMETERS
    )
