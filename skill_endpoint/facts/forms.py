"""Boxes for what a column holds as a list or a table: people write lines, and no JSON."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from skill_endpoint.facts.content import ENGLISH, LIMITS
from skill_endpoint.facts.measures import spoken
from skill_endpoint.facts.models import Fact, FactText, Topic
from skill_endpoint.facts.validators import known_languages
from skill_endpoint.pace import seconds


class Lines(forms.CharField):
    """One thing a line; a box that was emptied is an empty column."""

    widget = AdminTextareaWidget

    def clean(self, value: Any) -> Any:
        return self.read([line.strip() for line in super().clean(value).splitlines()])

    def read(self, lines: list[str]) -> Any:
        return [line for line in lines if line]

    def write(self, value: Any) -> str:
        return "\n".join(map(str, value))

    def prepare_value(self, value: Any) -> str:
        return value if isinstance(value, str) else self.write(value or [])

    def has_changed(self, initial: Any, data: Any) -> bool:
        # browsers end a line with two characters
        return super().has_changed(self.write(initial or []), "\n".join((data or "").splitlines()))


class Names(Lines):
    """fr: Espace | l’espace"""

    def read(self, lines: list[str]) -> Any:
        names: dict[str, dict[str, str]] = {}
        for line in filter(None, lines):
            language, _colon, forms_of = line.partition(":")
            name, _bar, spoken = forms_of.partition("|")
            if not (name.strip() and spoken.strip()) or language.strip() in names:
                raise ValidationError(
                    _("“%(line)s” is not written like “fr: Espace | l’espace”, or twice there."),
                    params={"line": line[:80]},
                )
            names[language.strip()] = {"name": name.strip(), "spoken": spoken.strip()}
        return names

    def write(self, value: Any) -> str:
        # sorted: PostgreSQL keeps the members of an object in an order of its own
        table = dict(sorted(value.items())) if isinstance(value, dict) else {}
        return "\n".join(f"{key}: {n['name']} | {n['spoken']}" for key, n in table.items())


class TopicForm(forms.ModelForm[Topic]):
    names = Names(
        label=_("Names in other languages"),
        required=False,
        max_length=4000,
        help_text=_(
            "A line a language: its code, a title, and how it stands in a sentence. "
            "fr: Espace | l’espace"
        ),
    )

    class Meta:
        model = Topic
        fields = ("slug", "name", "spoken_name", "names", "position")


def breath(speech: str, language: str) -> str:
    """A sentence: how long a speech is in either reading, and how long it takes to say."""
    metric, imperial = (spoken(speech, imperial=each) for each in (False, True))
    values = {
        "metric": len(metric),
        "imperial": len(imperial),
        "limit": LIMITS["speech"],
        "seconds": round(seconds(max(metric, imperial, key=len), language)),
    }
    if metric == imperial:
        return (
            _("Now: %(metric)s of %(limit)s characters, read aloud about %(seconds)s s.") % values
        )
    return (
        _(
            "Now: %(metric)s of %(limit)s characters in metric units and %(imperial)s in imperial "
            "ones, read aloud about %(seconds)s s."
        )
        % values
    )


class FactTextForm(forms.ModelForm[FactText]):
    """Boxes for what is longer than a line; they say how much fits."""

    language = forms.ChoiceField(
        label=_("Language"), choices=lambda: [(each, each) for each in known_languages()]
    )
    options = Lines(
        label=_("Answers"),
        required=False,
        max_length=200,
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Three, a line each; the right one first."),
    )

    class Meta:
        model = FactText
        fields = ("language", "headline", "speech", "more", "question", "options")
        widgets = {  # noqa: RUF012 - ModelForm declares it so
            # counted anew as one types; without JavaScript with each save
            "speech": AdminTextareaWidget(
                attrs={
                    "rows": 3,
                    "hx-get": reverse_lazy("admin:facts_breath"),
                    "hx-trigger": "input changed delay:500ms",
                    "hx-include": "closest .inline-related",
                    "hx-target": "previous .breath",
                }
            ),
            "more": AdminTextareaWidget(attrs={"rows": 5}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("headline", "speech", "more", "question"):
            field = self.fields[name]
            limit = _("At most %(limit)s characters.") % {"limit": LIMITS[name]}
            field.help_text = f"{field.help_text} {limit}".strip()
        speech = self["speech"]
        now = breath(str(speech.value() or ""), str(self["language"].value() or ENGLISH))
        speech.help_text = format_html(
            '{} <span class="breath" aria-live="polite">{}</span>', speech.help_text, now
        )

    def clean_speech(self) -> str:
        """One breath is one line."""
        return " ".join(self.cleaned_data["speech"].split())


class FactTexts(BaseInlineFormSet[FactText, Fact, forms.ModelForm[FactText]]):
    def clean(self) -> None:
        """English is what everybody gets who has no text of their own: people saved this fact."""
        super().clean()
        kept = [form for form in self.forms if not form.cleaned_data.get("DELETE")]
        if not any(form.cleaned_data.get("language") == ENGLISH for form in kept):
            raise ValidationError(_("A fact needs an English text. To take it back, withdraw it."))
