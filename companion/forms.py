"""Forms own what they change and its rules; the views only say which form."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.forms.utils import flatatt
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
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
    """Each place with its older names, for browsers that report those.

    Not by Django's templates, two an option: for four hundred they took a third of the page's time.
    """

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = {"name": name, **self.build_attrs(self.attrs, attrs)}
        options = self._listed(self.choices, self.format_value(value))
        return format_html("<select{}>{}</select>", flatatt(given), options)

    def _listed(self, choices: Iterable[Any], chosen: list[str]) -> SafeString:
        former, listed = time_zones.former_names(), []
        for value, label in choices:
            if isinstance(label, list):
                group = '<optgroup label="{}">{}</optgroup>'
                listed.append(format_html(group, value, self._listed(label, chosen)))
            else:
                more = flatatt({"selected": value in chosen, "data-was": former.get(value)})
                listed.append(format_html('<option value="{}"{}>{}</option>', value, more, label))
        return mark_safe("".join(listed))  # noqa: S308 - each part is escaped


class PreferencesForm(forms.ModelForm[Profile]):
    """What a person chooses for both doors; the skill's next answer uses it.

    The page has a form for each section. One that brings some sections changes these and leaves
    the others as they are, whatever another tab does to them; one that names none brings all.
    """

    # of the page: what each is called in its form, and the fields that it has
    SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "name": ("display_name",),
        "topics": ("topics",),
        "place": ("time_zone", "units"),
        "history": ("remember_history",),
    }

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

    def __init__(
        self,
        *args: Any,
        sections: Collection[str] = (),
        topics: list[Topic] | None = None,
        **kw: Any,
    ) -> None:
        """`topics`: all of them, where they were read already."""
        super().__init__(*args, **{"label_suffix": "", **kw})
        self.sections = tuple(sections or self.SECTIONS)
        self.all_topics = list(Topic.objects.all()) if topics is None else topics
        chosen, zone = self.fields["topics"], self.fields["time_zone"]
        chosen.choices = [(topic.slug, topic.title) for topic in self.all_topics]  # type: ignore[attr-defined]
        zone.choices = time_zones.choices(self.instance.time_zone)  # type: ignore[attr-defined]
        wanted = {name for section in self.sections for name in self.SECTIONS[section]}
        for name in set(self.fields) - wanted:
            del self.fields[name]

    @classmethod
    def of(cls, data: MultiValueDict[str, str], profile: Profile, **kw: Any) -> PreferencesForm:
        """The form with the sections that `data` brings."""
        sections = dict.fromkeys(data.getlist("section"))
        if not set(sections) <= set(cls.SECTIONS):
            raise BadRequest("no such section")
        return cls(data, instance=profile, sections=sections, **kw)

    @property
    def changed_sections(self) -> tuple[str, ...]:
        """Those that say something else than the profile."""
        changed = set(self.changed_data)
        return tuple(each for each in self.sections if changed & set(self.SECTIONS[each]))

    def save(self, commit: bool = True) -> Profile:
        """Only what the form brings: the rest of the row may be newer than what we read."""
        if commit:
            self.instance.save(update_fields=list(self.fields))
        return self.instance

    @property
    def spoken_topics(self) -> list[str]:
        """The topics that the profile has, or would have if this were saved, as Alexa says them."""
        return [topic.spoken for topic in self.all_topics if topic.slug in self.instance.topics]

    def clean_display_name(self) -> str:
        """Without what cannot be seen and turns the text beside it, such as bidi controls."""
        typed = " ".join(self.cleaned_data["display_name"].split())
        seen = (c for c in typed if c in _JOINERS or unicodedata.category(c) != "Cf")
        name = "".join(seen).strip(f" {_JOINERS}")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise ValidationError(_("Please use only characters that can be spoken."))
        return name
