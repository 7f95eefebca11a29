"""One household at work: what was pressed becomes requests, and what came back a readable talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from accounts.cognito import endpoints
from accounts.pool.client import cognito_idp
from skill_endpoint.simulator import pki, utterances
from skill_endpoint.simulator.access import pki_folder
from skill_endpoint.simulator.alexa import Alexa, Turn
from skill_endpoint.simulator.expired import CannotSign, expired_copy
from skill_endpoint.simulator.households import Household, Sends
from skill_endpoint.simulator.linking import Linking, LinkingFailed
from skill_endpoint.simulator.masking import masked, masked_json
from skill_endpoint.simulator.utterances import LAUNCH, Understood

SILENCE = "SessionEndedRequest"
SCOPE = "openid email phone"
WORDS_A_SECOND = 2.5


class CannotDo(Exception):
    """A sentence for the page: why this cannot be done now."""


def callback_url() -> str:
    return f"{settings.PUBLIC_URL}/dev/alexa/callback/"


@contextmanager
def alexa_of(household: Household) -> Iterator[Alexa]:
    """Alexa with this household's account; what it sends is added to the talk."""
    try:
        signer = pki.load(pki_folder())
    except (OSError, ValueError) as error:
        raise CannotDo(_("There are no development keys to sign with.")) from error
    account = household.account
    alexa = Alexa(
        account,
        endpoint=f"{settings.PUBLIC_URL}/alexa/",
        signer=signer,
        linking=Linking(
            authorize_url=endpoints.authorize_url(),
            token_url=endpoints.token_url(),
            client_id=settings.COGNITO_ALEXA_CLIENT_ID,
            client_secret=settings.COGNITO_ALEXA_CLIENT_SECRET,
            scope=SCOPE,
            redirect_uri=callback_url(),
        ),
        token=_token_to_send(household),
    )
    was_linked, token = account.is_linked, account.access_token
    try:
        yield alexa
    finally:
        if was_linked and account.is_linked and account.access_token != token:
            note(household, _("Alexa renewed the access token with the refresh token."))
        elif was_linked and not account.is_linked and household.sends == "token":
            household.sends = "revoked"
            note(household, _("The refresh token is refused: Alexa has unlinked the account."))
        for turn in alexa.sent:
            if turn.request["request"]["type"].startswith("AlexaSkillEvent."):
                household.add(_told(turn, kind="event"))


def say(household: Household, text: str) -> None:
    """Typed words, resolved by the interaction model. No session need be open: that is handy."""
    try:
        understood = utterances.resolve(text, household.account.locale)
        whole = utterances.whole_sentence(text, household.account.locale)
    except (OSError, ValueError, KeyError) as error:
        raise CannotDo(_("The interaction model of this language cannot be read.")) from error
    outside = "" if household.account.session_id or understood.intent == LAUNCH else whole
    _perform(household, understood, said=text, outside=outside)


def answer_language(locale: str) -> str:
    """Of what the skill says to this device: the one that it has texts in."""
    try:
        return get_supported_language_variant(locale)
    except LookupError:
        return settings.LANGUAGE_CODE


def has_texts(locale: str) -> bool:
    return answer_language(locale).partition("-")[0] == locale.partition("-")[0]


def press(household: Household, name: str) -> None:
    """A launch, a built-in intent, or silence."""
    if name == SILENCE:
        stay_silent(household)
    else:
        _perform(household, Understood(intent=name), said="")


def stay_silent(household: Household) -> None:
    """Alexa waits 8 s, says the reprompt, waits 8 s more and ends the session."""
    if not household.account.session_id:
        raise CannotDo(_("No session is open: Alexa is not listening."))
    with alexa_of(household) as alexa:
        turn = alexa.end_session("EXCEEDED_MAX_REPROMPTS")
    household.add(_told(turn, heard=_("(silence)")))


def start_over(household: Household) -> None:
    """Forget what was said; link and account stay."""
    if household.account.session_id:
        with alexa_of(household) as alexa:
            alexa.end_session()
    household.talk.clear()


def act_as(household: Household, *, locale: str, speaker: bool, sends: Sends) -> None:
    account = household.account
    if locale != account.locale:
        account.locale = locale
        note(household, _("The device now speaks %(locale)s.") % {"locale": locale})
    if speaker != bool(account.person_id):
        account.person_id = household.person_id if speaker else ""
        note(
            household,
            _("Alexa recognises the speaker.") if speaker else _("Alexa recognises nobody."),
        )
    if sends != household.sends:
        _change_link_state(household, sends)


def note(household: Household, text: str) -> None:
    household.add({"kind": "note", "text": text})


def _change_link_state(household: Household, sends: Sends) -> None:
    if sends != "nothing" and not household.account.is_linked:
        raise CannotDo(_("Link the account first."))
    if sends == "revoked":
        _revoke(household)
        return
    if sends == "expired":
        _expired(household)  # can it be made?
    household.sends = sends
    notes = {
        "nothing": _("Requests now carry no token, as before linking."),
        "token": _("Requests now carry the access token."),
        "expired": _("Requests now carry an expired access token, as when refreshing fails."),
    }
    note(household, notes[sends])


def _revoke(household: Household) -> None:
    """Through the pool's API, as an operator or the person would; then Alexa tries to refresh."""
    try:
        cognito_idp().revoke_token(
            Token=household.account.refresh_token,
            ClientId=settings.COGNITO_ALEXA_CLIENT_ID,
            ClientSecret=settings.COGNITO_ALEXA_CLIENT_SECRET,
        )
    except (BotoCoreError, ClientError) as error:
        raise CannotDo(_("The user pool did not revoke the token.")) from error
    household.sends = "token"  # whatever was pretended before: Alexa holds the token
    with alexa_of(household) as alexa:
        try:
            alexa.refresh()
        except LinkingFailed as error:
            if not error.is_final:
                raise CannotDo(_("The pool did not answer: %s") % error.reason) from error


def _expired(household: Household) -> str:
    state = Path(settings.ALEXA_DEV_PKI_DIR).parent / "aws"
    try:
        return expired_copy(household.account.access_token, settings.COGNITO_USER_POOL_ID, state)
    except (CannotSign, OSError) as error:
        raise CannotDo(
            _("An expired token cannot be made here: the local user pool’s key was not found.")
        ) from error


def _token_to_send(household: Household) -> str | None:
    if household.sends == "expired":
        return _expired(household)
    return None if household.sends == "token" else ""


def _perform(household: Household, understood: Understood, *, said: str, outside: str = "") -> None:
    began = not household.account.session_id or understood.intent == LAUNCH
    with alexa_of(household) as alexa:
        if understood.intent == LAUNCH:
            turn = alexa.launch()
        else:
            turn = alexa.intent(understood.intent, understood.slots)
    household.add(
        _told(
            turn,
            said=said,
            press=understood.intent,
            began=began,
            outside=outside,
            heard=_heard(understood),
            nearest=list(understood.nearest),
        )
    )


def _heard(understood: Understood) -> str:
    """Intent and slots in one line: TopicFactIntent · topic = space (space)"""
    parts = [understood.intent]
    for slot in understood.slots.values():
        found = slot.get("resolutions", {}).get("resolutionsPerAuthority", [{}])[0].get("values")
        match = f" → {found[0]['value']['name']}" if found else ""
        parts.append(f"{slot['name']} = {slot['value']}{match}")
    return " · ".join(parts)


def _told(turn: Turn, *, kind: str = "turn", **more: Any) -> dict[str, Any]:
    """A turn without its tokens, as it is shown and kept."""
    request = turn.request["request"]
    shown = {
        "kind": kind,
        "type": request["type"].removeprefix("AlexaSkillEvent."),
        "locale": request["locale"],
        "language": answer_language(request["locale"]),
        "speech": turn.speech,
        "reprompt": turn.reprompt,
        "card": turn.card,
        "seconds": max(1, round(len(turn.speech.split()) / WORDS_A_SECOND)),
        "status": turn.status,
        "milliseconds": turn.milliseconds,
        "problem": turn.problem,
        "ended": turn.ended,
        **more,
    }
    return {
        **masked(shown),
        "request": masked_json(turn.request),
        "response": masked_json(turn.response) if turn.response is not None else "",
    }
