"""This project as production runs it, with one answer that takes the work the others do.

`WhoAmIIntent` also counts what a person heard and saved; here it says their name and no more. All
before and after it is the product: middleware, verification, replay store, account link, log.
"""

from __future__ import annotations

from companion.wsgi import application
from skill_endpoint import skill
from skill_endpoint.ssml import Ssml, fill
from skill_endpoint.turn import Reply, Turn

__all__ = ["application"]


def you_are(turn: Turn) -> Reply:
    if turn.profile is None:
        return Reply(Ssml("Please link your account."), link=True)
    return Reply(fill("You are {name}.", name=turn.profile.display_name))


skill.INTENTS["WhoAmIIntent"] = you_are
