from __future__ import annotations

from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import Profile
from skill_endpoint.facts.reading import last_heard
from skill_endpoint.facts.selection import todays
from skill_endpoint.handlers.facts import language
from skill_endpoint.speech import launch as say
from skill_endpoint.speech.facts import offer_another
from skill_endpoint.ssml import join
from skill_endpoint.turn import Reply, Turn


def welcome(turn: Turn) -> Reply:
    greeting = say.greeting(
        turn.seed,
        name=turn.profile.display_name if turn.profile else "",
        speaker_id=turn.caller.speaker_id,
        hour=_hour(turn.profile),
    )
    if _has_heard_todays(turn):
        return Reply(join(greeting, say.had_todays(turn.seed)), offer_another(turn.seed))
    # somebody who has heard facts knows what this is
    is_new = not (turn.keeps_history_of and last_heard(turn.keeps_history_of))
    about = say.what_i_do(turn.seed) if is_new else ""
    return Reply(join(greeting, about), say.offer_daily(turn.seed))


def _has_heard_todays(turn: Turn) -> bool:
    choice = todays(turn.keeps_history_of, language=language()) if turn.keeps_history_of else None
    return bool(choice and choice.heard_today)


def _hour(profile: Profile | None) -> int | None:
    """The hour where the person lives. UTC is the default: nobody chose it, so it tells nothing."""
    if profile is None or profile.time_zone == "UTC":
        return None
    try:
        return timezone.now().astimezone(ZoneInfo(profile.time_zone)).hour
    except (ValueError, OSError, LookupError):  # a zone that was renamed since it was chosen
        return None
