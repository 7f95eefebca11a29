"""The people of a local run, made through the pool's API. They start with nothing saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from accounts.pool.console import PoolValues
from accounts.pool.people import create_person
from companion.local import environment
from companion.local.aws import LocalAws

EMAIL, PHONE, OPERATOR = "email", "phone", "operator"
CAST = {
    EMAIL: ("robin@example.com", ()),
    PHONE: ("+12065550147", ()),  # a number that is never given to anybody
    OPERATOR: ("operator@example.com", ("operators",)),
}


@dataclass(frozen=True)
class Person:
    """Somebody of the pool: `user` is the e-mail address or phone number to sign in with."""

    user: str
    password: str
    sub: str


def create(aws: LocalAws, pool: PoolValues, state: Path) -> dict[str, Person]:
    """Make or mend the cast; their passwords are kept in the state folder."""
    idp = aws.client("cognito-idp")
    people = {}
    for role, (user, groups) in CAST.items():
        password = environment.kept_secret(state, _name(role, "PASSWORD"), size=6)
        kind = "email" if "@" in user else "phone_number"
        sub = create_person(
            **{kind: user}, password=password, groups=groups, idp=idp, pool_id=pool.pool_id
        )
        people[role] = Person(user, password, sub)
    return people


def variables(people: dict[str, Person]) -> environment.Environment:
    """DEMO_<ROLE>_USER, _PASSWORD and _SUB for the env file; roles: EMAIL, PHONE, OPERATOR."""
    found = {}
    for role, person in people.items():
        found[_name(role, "USER")] = person.user
        found[_name(role, "PASSWORD")] = person.password
        found[_name(role, "SUB")] = person.sub
    return found


def _name(role: str, what: str) -> str:
    return f"DEMO_{role.upper()}_{what}"
