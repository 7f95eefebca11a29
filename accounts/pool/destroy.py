"""Take the stack away. The pool and everybody in it stay, unless the operator names the pool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from accounts.pool.deploy import Stack
from accounts.pool.errors import PoolError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class FoundPool:
    """A pool that exists; `people` is Cognito's estimate."""

    id: str
    name: str
    people: int
    domain: str

    def __str__(self) -> str:
        return f"pool {self.name} ({self.id}), about {self.people} people"


def find(
    stack: Stack, idp: CognitoIdentityProviderClient, *, delete_users: str = ""
) -> FoundPool | None:
    """The stack's pool; where the stack is gone already, the one called `delete_users`.

    Raises PoolError where there is neither, and where `delete_users` is not the pool's name.
    """
    if stack.describe():
        pool = _of_stack(stack, idp)
    else:
        pool = _called(idp, delete_users) if delete_users else None
        if pool is None:
            raise PoolError(
                f"there is no stack {stack.name} in {idp.meta.region_name}"
                + (f" and no pool {delete_users}" if delete_users else "")
                + ": nothing to destroy"
            )
    if delete_users and (pool is None or pool.name != delete_users):
        raise PoolError(
            f"--delete-users {delete_users} is not the name of this stack's pool"
            + (f", which is {pool.name}" if pool else "")
            + ": nothing was destroyed"
        )
    return pool


def delete_pool(idp: CognitoIdentityProviderClient, pool: FoundPool) -> None:
    """Delete the pool and everybody in it, for good; after the stack, which holds its domain."""
    idp.update_user_pool(UserPoolId=pool.id, DeletionProtection="INACTIVE")
    domain = _describe(idp, pool.id).domain
    if domain:  # Cognito refuses to delete a pool that has one
        idp.delete_user_pool_domain(UserPoolId=pool.id, Domain=domain)
    idp.delete_user_pool(UserPoolId=pool.id)


def namesakes(idp: CognitoIdentityProviderClient, name: str) -> list[str]:
    """Ids of the pools that have this name; names are not unique."""
    return list(_ids(idp, name))


def _of_stack(stack: Stack, idp: CognitoIdentityProviderClient) -> FoundPool | None:
    """By resource, not by output: a stack whose creation failed has no outputs but may have one."""
    try:
        answer = stack.client.describe_stack_resource(
            StackName=stack.name, LogicalResourceId="Pool"
        )
        return _describe(idp, answer["StackResourceDetail"].get("PhysicalResourceId", ""))
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ValidationError", "ResourceNotFoundException"}:
            return None
        raise


def _called(idp: CognitoIdentityProviderClient, name: str) -> FoundPool | None:
    ids = namesakes(idp, name)
    if len(ids) > 1:
        raise PoolError(
            f"{len(ids)} pools are called {name} ({', '.join(ids)}): delete the right one in the "
            "AWS console"
        )
    return _describe(idp, ids[0]) if ids else None


def _ids(idp: CognitoIdentityProviderClient, name: str) -> Iterator[str]:
    for page in idp.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60}):
        for pool in page["UserPools"]:
            if pool.get("Name") == name:
                yield pool.get("Id", "")


def _describe(idp: CognitoIdentityProviderClient, pool_id: str) -> FoundPool:
    pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return FoundPool(
        pool_id, pool["Name"], pool.get("EstimatedNumberOfUsers", 0), pool.get("Domain", "")
    )
