"""Who speaks, as far as their token says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ask_sdk_core.handler_input import HandlerInput

from accounts.models import User

_ATTRIBUTE = "caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """One of: a person (`user`), nobody yet (neither), somebody whose token did not count."""

    user: User | None = None
    # why the token did not count: a TokenRejected reason, "erased", "inactive", or "unlinked"
    refused: str = ""
    speaker_id: str = ""  # Alexa's id of a recognised voice
    # the key of the person whom the device is known to belong to, also where the token did not
    # count: operators see their turns (recent_turns.py). It proves nothing; `user` does
    known_as: int | None = None

    @property
    def is_out_of_reach(self) -> bool:
        """The token could not be checked: our trouble, and no reason to link again.

        A good token that is not valid yet is of a clock of ours that is slow.
        """
        return self.refused in {"keys_unavailable", "issued_in_future"}

    @property
    def is_switched_off(self) -> bool:
        """An operator locked the person out: linking again would lead nowhere."""
        return self.refused == "inactive"


def attach(handler_input: HandlerInput, caller: Caller) -> None:
    handler_input.attributes_manager.request_attributes[_ATTRIBUTE] = caller


def caller(handler_input: HandlerInput) -> Caller:
    """Who speaks in this request; nobody in requests that are not a person's turn."""
    found = handler_input.attributes_manager.request_attributes.get(_ATTRIBUTE)
    return cast("Caller", found) if found else Caller()
