"""One household at work: what was pressed becomes requests, and what came back a readable talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.cognito import endpoints
from accounts.oauth_trace import recording, redaction
from accounts.oauth_trace.models import Correlation
from accounts.pool.client import cognito_idp
from skill_endpoint.simulator import devices, households, pki, utterances
from skill_endpoint.simulator.access import pki_folder
from skill_endpoint.simulator.alexa import Alexa
from skill_endpoint.simulator.entries import candidates, entry_of, heard
from skill_endpoint.simulator.expired import CannotSign, expired_copy
from skill_endpoint.simulator.households import Household, Sends
from skill_endpoint.simulator.languages import answer_language
from skill_endpoint.simulator.linking import Linking, LinkingFailed
from skill_endpoint.simulator.utterances import LAUNCH, Understood

SILENCE = "SessionEndedRequest"
SCOPE = "openid email phone"


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
            authorize_url=_through_trace("oauth_authorize") or endpoints.authorize_url(),
            token_url=_through_trace("oauth_token") or endpoints.token_url(),
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
                household.add(entry_of(turn, kind="event"))


def _through_trace(name: str) -> str:
    """The trace's address, as the developer console would have it; empty without a trace.

    Also while nothing is recorded: a code that was captured is redeemed where it was captured.
    """
    return settings.PUBLIC_URL + reverse(name) if settings.OAUTH_TRACE else ""


def note_trace(household: Household, state: str) -> None:
    """Where operators see what the trace recorded of this linking, if it did."""
    if not (state and settings.OAUTH_TRACE):
        return
    if attempt := recording.find(Correlation.Kind.STATE, redaction.digest(state)):
        address = reverse("trace", args=[attempt.reference])
        household.add({"kind": "note", "trace": attempt.reference, "address": address})


def say(household: Household, text: str) -> None:
    """Typed words, resolved by the interaction model. No session need be open: that is handy."""
    try:
        understood = utterances.resolve(text, household.account.locale)
        whole = utterances.whole_sentence(text, household.account.locale)
    except (OSError, ValueError, KeyError) as error:
        raise CannotDo(_("The interaction model of this language cannot be read.")) from error
    outside = "" if household.account.session_id or understood.intent == LAUNCH else whole
    _perform(household, understood, said=text, outside=outside)


def press(household: Household, name: str) -> None:
    """A launch, a built-in intent, or silence."""
    if name == SILENCE:
        stay_silent(household)
    else:
        _perform(household, Understood(intent=name), said="")


def stay_silent(household: Household) -> None:
    """Alexa waits 8 s, says the reprompt, waits 8 s more and ends the session."""
    account = household.account
    if not account.session_id:
        raise CannotDo(_("No session is open: Alexa is not listening."))
    if household.reprompt:
        household.mark()
        household.add(
            {
                "kind": "silence",
                "reprompt": household.reprompt,
                "locale": account.locale,
                "language": answer_language(account.locale),
            }
        )
        household.reprompt = ""
        return
    with alexa_of(household) as alexa:
        household.mark()
        turn = alexa.end_session("EXCEEDED_MAX_REPROMPTS")
    household.add(entry_of(turn, understood=[_("(silence)")], **_circumstances(household)))


def touch(household: Household, verb: str, number: int) -> None:
    """A button of the screen that the turn of this number has put up."""
    if not devices.kind_of(household.account.device).interfaces:
        raise CannotDo(_("This device has no screen to touch."))
    shown = [entry for entry in household.talk if entry.get("screen")]
    if not shown or shown[-1]["number"] != number:
        raise CannotDo(_("The screen shows something else by now."))
    screen = shown[-1]["screen"]
    if verb not in [button["verb"] for button in screen["buttons"]]:
        raise CannotDo(_("The screen has no such button."))
    arguments = [verb, screen["id"]]
    began = not household.account.session_id
    with alexa_of(household) as alexa:
        household.mark()
        turn = alexa.touch(arguments)
    entry = entry_of(
        turn,
        touched=arguments,
        screen_of=number,
        began=began,
        understood=[turn.request["request"]["type"], verb],
        **_circumstances(household),
    )
    _keep(household, entry)


def undo(household: Household) -> None:
    """Take the last turn back: as if Alexa had never had it. What the skill wrote stays."""
    if not household.undo():
        raise CannotDo(_("There is no turn to take back."))


def start_over(household: Household) -> None:
    """Forget what was said; link and account stay."""
    if household.account.session_id:
        with alexa_of(household) as alexa:
            alexa.end_session()
    household.forget_talk()


def start_as_new_user(household: Household) -> None:
    """Another Alexa user, not linked, with another voice. The skill is told nothing: the user
    before, its link and its data are still there, and out of reach from here."""
    start_over(household)
    account = household.account
    account.forget_tokens()
    account.user_id = account.link_state = ""
    household.sends = "nothing"
    household.person_id = households.new_person_id()
    account.person_id = household.person_id if account.person_id else ""
    note(household, _("A new Alexa user: not linked, and unknown to the skill."))


def act_as(household: Household, *, locale: str, device: str, speaker: bool, sends: Sends) -> None:
    account = household.account
    if locale != account.locale:
        account.locale = locale
        note(household, _("The device now speaks %(locale)s.") % {"locale": locale})
    if device != account.device:
        account.device = device
        name = devices.kind_of(device).name
        note(household, _("The device is now an %(name)s.") % {"name": name})
    if speaker != bool(account.person_id):
        account.person_id = household.person_id if speaker else ""
        note(
            household,
            _("Alexa recognizes the speaker.") if speaker else _("Alexa recognizes nobody."),
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
        household.mark()
        if understood.intent == LAUNCH:
            turn = alexa.launch()
        else:
            turn = alexa.intent(understood.intent, understood.slots)
    entry = entry_of(
        turn,
        said=said,
        press=understood.intent,
        began=began,
        outside=outside,
        understood=heard(understood),
        nearest=list(understood.nearest),
        candidates=candidates(understood) if said else [],
        **_circumstances(household),
    )
    _keep(household, entry)


def _keep(household: Household, entry: dict[str, Any]) -> None:
    household.add(entry)
    stays_open = bool(household.account.session_id) and not entry["ended"]
    household.reprompt = entry["reprompt"] if stays_open else ""


def _circumstances(household: Household) -> dict[str, Any]:
    """What a saved test has to set up for this turn."""
    return {
        "sends": household.sends,
        "speaker": bool(household.account.person_id),
        "device": household.account.device,
    }
