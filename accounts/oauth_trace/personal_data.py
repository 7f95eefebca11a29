"""What the trace holds about a person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import personal_data
from accounts.oauth_trace.models import Attempt, Correlation, Event, Viewing

personal_data.register(
    Attempt,
    lambda user: Attempt.objects.of_person(user.sub),
    export=("reference", "started_at", "updated_at", "outcome"),
    label=_("Tries to link Alexa"),
    why=_("So that we can tell you why linking failed. Without codes, tokens and addresses."),
    kept=_("About two weeks, and only while we look for a fault."),
    headings={
        "reference": _("reference"),
        "started_at": _("begun"),
        "updated_at": _("last seen"),
        "outcome": _("result"),
    },
)
personal_data.register(
    Event,
    lambda user: Event.objects.filter(attempt__in=Attempt.objects.of_person(user.sub)),
    withheld="the technical side of the attempts above; it goes with them",
)
personal_data.register(
    Correlation,
    lambda user: Correlation.objects.filter(attempt__in=Attempt.objects.of_person(user.sub)),
    withheld="digests by which the parts of an attempt find each other",
)
personal_data.register(
    Viewing,
    lambda user: Viewing.objects.filter(viewer=user),
    withheld="which attempts an operator looked at; it stays without the name",
    detach={"viewer": None},
)
