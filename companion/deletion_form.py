from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.erasure import delete_person
from accounts.models import Deletion, User


class DeleteAccountForm(forms.Form):
    """The last question. A tick, and no word to type: a word is hard in another script."""

    sure = forms.BooleanField(
        label=_("Yes, delete my account and all of this. I know it can’t be undone."),
        error_messages={"required": _("Tick the box if you are sure.")},
        widget=forms.CheckboxInput(attrs={"autocomplete": "off"}),
    )

    def delete(self, user: User) -> Deletion | None:
        """Raises PoolUnavailable where nothing was deleted."""
        return delete_person(user, by=Deletion.By.SELF)
