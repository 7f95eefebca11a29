"""Forms own what they change and its rules; the views only say which form."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile
from companion import time_zones
from skill_endpoint.facts.models import Topic

_JOINERS = "\u200c\u200d"  # they shape letters and join emoji, and are no trick


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Search the facts"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class ZoneSelect(forms.Select):
    """Each place with its older names, for browsers that report those."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if former := time_zones.former_names().get(str(value)):
            option["attrs"]["data-was"] = former
        return option


class PreferencesForm(forms.ModelForm[Profile]):
    """What a person chooses for both doors; the skill's next answer uses it."""

    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Facts come from these. With none chosen they come from all."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        widget=ZoneSelect,
        help_text=_("Your day, and with it your fact, begins at midnight here."),
    )

    class Meta:
        model = Profile
        fields: ClassVar[list[str]] = [
            "display_name",
            "topics",
            "time_zone",
            "units",
            "remember_history",
        ]
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "display_name": forms.TextInput(attrs={"autocomplete": "given-name", "dir": "auto"})
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        topics, zone = self.fields["topics"], self.fields["time_zone"]
        self._topics = list(Topic.objects.all())
        topics.choices = [(topic.slug, topic.title) for topic in self._topics]  # type: ignore[attr-defined]
        zone.choices = time_zones.choices(self.instance.time_zone)  # type: ignore[attr-defined]

    @property
    def spoken_topics(self) -> list[str]:
        """The topics that the profile has, or would have if this were saved, as Alexa says them."""
        return [topic.spoken for topic in self._topics if topic.slug in self.instance.topics]

    def clean_display_name(self) -> str:
        """Without what cannot be seen and turns the text beside it, such as bidi controls."""
        typed = " ".join(self.cleaned_data["display_name"].split())
        seen = (c for c in typed if c in _JOINERS or unicodedata.category(c) != "Cf")
        name = "".join(seen).strip(f" {_JOINERS}")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise ValidationError(_("Please use only characters that can be spoken."))
        return name
