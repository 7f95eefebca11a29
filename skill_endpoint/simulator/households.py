"""What the simulator remembers of each browser: an Alexa account with its tokens, and the talk.

Tokens never go into the database or a session row. They lie in one file a household, mode 0600,
beside the development keys, and are there again after a restart.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from skill_endpoint.simulator.account import Account

MAX_HOUSEHOLDS = 20
MAX_TURNS = 30
MAX_UNDO = 10

TAKEN_BACK = {"turn", "silence"}  # kinds of entries that undo removes; what else happened, did
Sends = Literal["nothing", "token", "expired", "revoked"]
_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


@dataclass(kw_only=True)
class Household:
    key: str  # the value of the browser's cookie
    account: Account
    sends: Sends = "nothing"  # what stands in its requests
    person_id: str = ""  # of its one known voice; account.person_id while that one speaks
    talk: list[dict[str, Any]] = field(default_factory=list)  # masked turns and notes
    reprompt: str = ""  # what Alexa says if nobody speaks now; empty: she ends the session
    marks: list[dict[str, Any]] = field(default_factory=list)  # the state before each last turn

    def add(self, entry: dict[str, Any]) -> None:
        self.talk.append({"number": self.last_number + 1, **entry})
        del self.talk[:-MAX_TURNS]

    @property
    def last_number(self) -> int:
        return self.talk[-1]["number"] if self.talk else 0

    def mark(self) -> None:
        """A turn begins: `undo` comes back to here."""
        self.marks.append(
            {
                "number": self.last_number,
                "session_id": self.account.session_id,
                "attributes": self.account.attributes,
                "reprompt": self.reprompt,
            }
        )
        del self.marks[:-MAX_UNDO]

    def undo(self) -> bool:
        """Take the last turn back; False where there is none."""
        if not self.marks:
            return False
        mark = self.marks.pop()
        self.account.session_id = mark["session_id"]
        self.account.attributes = mark["attributes"]
        self.reprompt = mark["reprompt"]
        self.talk = [
            entry
            for entry in self.talk
            if entry["number"] <= mark["number"] or entry["kind"] not in TAKEN_BACK
        ]
        return True

    def forget_marks(self) -> None:
        """No turn before can be taken back: it was another user's."""
        self.marks.clear()
        self.reprompt = ""

    def forget_talk(self) -> None:
        self.talk.clear()
        self.forget_marks()


def new(application_id: str) -> Household:
    return Household(
        key=secrets.token_urlsafe(32),
        account=Account(application_id=application_id),
        person_id=new_person_id(),
    )


def new_person_id() -> str:
    return f"amzn1.ask.person.{secrets.token_hex(32).upper()}"


def find(folder: Path, key: str, application_id: str) -> Household:
    """The household of this cookie, else a new one, which is not kept before it is `opened`."""
    try:
        data = json.loads(_path(folder, key).read_text(encoding="utf-8"))
        household = Household(**{**data, "account": Account(**data["account"])})
    except (OSError, ValueError, TypeError, KeyError):  # none, or of another version
        return new(application_id)
    household.account.application_id = application_id
    return household


@contextmanager
def opened(
    folder: Path, key: str, application_id: str, *, may_begin: bool = True
) -> Iterator[Household]:
    """The same, one thread at a time, and kept at the end; a new one only if it may begin here."""
    with _lock(key):
        household = find(folder, key, application_id)
        try:
            yield household
        finally:  # a request that fails half way may have changed the tokens already
            if may_begin or household.key == key:
                _save(folder, household)


def _path(folder: Path, key: str) -> Path:
    """A name without the key: who can list the folder cannot take over the household."""
    return folder / "simulator" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _lock(key: str) -> threading.Lock:
    with _locks_lock:
        if len(_locks) > 10 * MAX_HOUSEHOLDS:
            for idle in [each for each, lock in _locks.items() if not lock.locked()]:
                del _locks[idle]
        return _locks.setdefault(key, threading.Lock())


def _save(folder: Path, household: Household) -> None:
    path = _path(folder, household.key)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(asdict(household), ensure_ascii=False)
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)
    others = [each for each in path.parent.glob("*.json") if each != path]
    if (too_many := len(others) + 1 - MAX_HOUSEHOLDS) > 0:
        for old in sorted(others, key=_worth)[:too_many]:
            old.unlink(missing_ok=True)


def _worth(path: Path) -> tuple[bool, float]:
    """Whether the household of that file is linked, and when it was used: the least goes first."""
    try:
        account = json.loads(path.read_text(encoding="utf-8"))["account"]
        is_linked = bool(account["access_token"] or account["refresh_token"])
        return is_linked, path.stat().st_mtime
    except (OSError, ValueError, TypeError, KeyError):  # gone, or nothing that `find` could read
        return False, 0.0
