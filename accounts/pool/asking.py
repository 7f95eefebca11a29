"""What an operator is told and asked before something changes in an AWS account."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from accounts.pool.changes import Proposal
from accounts.pool.errors import PoolError


def announcement(stack: str, proposal: Proposal) -> Iterator[str]:
    """What would change, and where, line by line."""
    where = f"account {proposal.account}, {settings.AWS_REGION}"
    if settings.AWS_ENDPOINT_URL:
        where = f"the AWS at {settings.AWS_ENDPOINT_URL}"
    verb = "Create" if proposal.is_creation else "Change"
    yield f"{verb} stack {stack} in {where}:"
    for line in (*proposal.settings, *map(str, proposal.changes)):
        yield f"  {line}"


def require_yes(question: str, *, yes: bool) -> None:
    """Ask, unless `yes` was said before. Raises PoolError for any other answer, and for none."""
    if yes:
        return
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        raise PoolError("nothing done: say --yes where nobody can answer") from None
    if answer.strip().lower() not in {"y", "yes"}:
        raise PoolError("nothing done")
