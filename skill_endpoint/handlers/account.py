from __future__ import annotations

from skill_endpoint.handlers.facts import next_question
from skill_endpoint.models import AccountLink
from skill_endpoint.speech import account as say
from skill_endpoint.ssml import Ssml, join
from skill_endpoint.turn import Reply, Turn


def account_needed(turn: Turn, reason: Ssml) -> Reply:
    """The answer to whom we do not know and who asks for what needs an account: why, and a card."""
    question = None if turn.is_one_shot else next_question(turn)
    if turn.caller.is_out_of_reach:
        return Reply(say.out_of_reach(), question)
    if turn.caller.is_switched_off:
        return Reply(say.switched_off(), question)
    if turn.caller.refused or _was_linked(turn):
        return Reply(say.stopped_working(), question, link=True)
    return Reply(join(reason, say.card_sent()), question, link=True)


def _was_linked(turn: Turn) -> bool:
    """Whether this Alexa account came with a token once: then the link is gone, not missing."""
    account = turn.account
    if not (account and account.user_id):
        return False
    known = AccountLink.objects.of_alexa_user(account.application_id, account.user_id)
    return known.filter(user__isnull=False).exists()
