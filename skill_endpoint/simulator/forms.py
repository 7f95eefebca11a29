from __future__ import annotations

from typing import ClassVar, cast

from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from skill_endpoint.simulator import conversation, devices, sketch
from skill_endpoint.simulator.account import LOCALES
from skill_endpoint.simulator.conversation import SILENCE
from skill_endpoint.simulator.households import Household, Sends
from skill_endpoint.simulator.utterances import LAUNCH

# Django's words for a choice that is none, without the value, which may have any length
_NO_CHOICE = {"invalid_choice": forms.ModelChoiceField.default_error_messages["invalid_choice"]}


def _locale_name(locale: str) -> str:
    language, _dash, region = locale.partition("-")
    return f"{get_language_info(language)['name_local'].capitalize()} ({region})"


class ActAsForm(forms.Form):
    """Who speaks to which device, and what Alexa holds of their account."""

    LINK_STATES: ClassVar = [
        ("nothing", _("Not linked")),
        ("token", _("Linked")),
        ("expired", _("Expired token")),
        ("revoked", _("Revoked")),
    ]

    locale = forms.ChoiceField(
        label=_("Device language"), choices=[(each, _locale_name(each)) for each in LOCALES]
    )
    device = forms.ChoiceField(
        label=_("Device"),
        choices=[(key, kind.name) for key, kind in devices.KINDS.items()],
        required=False,
    )
    sends = forms.ChoiceField(label=_("Account link"), choices=LINK_STATES)
    speaker = forms.BooleanField(label=_("Alexa recognizes the speaker"), required=False)

    def perform(self, household: Household) -> None:
        conversation.act_as(
            household,
            locale=self.cleaned_data["locale"],
            device=self.cleaned_data["device"] or household.account.device,
            speaker=self.cleaned_data["speaker"],
            sends=cast("Sends", self.cleaned_data["sends"]),
        )


class SayForm(forms.Form):
    """Typed words, a chip (words too), one of the buttons, or a touch on the screen of a turn."""

    PRESSES: ClassVar = [
        (LAUNCH, _("Launch")),
        ("AMAZON.StopIntent", _("Stop")),
        ("AMAZON.HelpIntent", _("Help")),
        ("AMAZON.RepeatIntent", _("Repeat")),
        ("AMAZON.YesIntent", _("Yes")),
        ("AMAZON.NoIntent", _("No")),
        (SILENCE, _("Stay silent")),
    ]

    press = forms.ChoiceField(choices=PRESSES, required=False, error_messages=_NO_CHOICE)
    touch = forms.ChoiceField(
        choices=[(verb, verb) for verb in sketch.VERBS],
        required=False,
        error_messages=_NO_CHOICE,
    )
    turn = forms.IntegerField(min_value=1, required=False)
    chip = forms.CharField(max_length=200, required=False)
    utterance = forms.CharField(max_length=200, required=False)

    def perform(self, household: Household) -> None:
        words = self.cleaned_data["chip"] or self.cleaned_data["utterance"]
        if self.cleaned_data["touch"]:
            turn = self.cleaned_data["turn"] or 0
            conversation.touch(household, self.cleaned_data["touch"], turn)
        elif self.cleaned_data["press"]:
            conversation.press(household, self.cleaned_data["press"])
        elif words:
            conversation.say(household, words)
