from __future__ import annotations

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

# reasons of accounts.cognito.exchange and of the id token's check (accounts.cognito.tokens)
_OUTAGES = {"unreachable", "answer_unreadable", "id token: keys_unavailable"}
_TOO_LATE = {"invalid_grant", "id token: expired"}
_SET_UP = {
    "invalid_client",
    "unauthorized_client",
    "invalid_scope",
    "unsupported_grant_type",
    "id token: issued_in_future",  # our clock is slow: no fresh start helps
}


@register.filter
def is_outage(reason: str | None) -> bool:
    return reason in _OUTAGES


@register.filter
def is_cancelled(reason: str | None) -> bool:
    return reason == "access_denied"


@register.filter
def sign_in_cause(reason: str | None) -> str | Promise:
    """One sentence a person can act on; the reason itself is for the log."""
    if reason in _OUTAGES:
        return _("The sign-in service does not answer just now. Please try again in a minute.")
    if is_cancelled(reason):
        return _("You left the sign-in page before you were signed in. Start again if you like.")
    if reason in _TOO_LATE:
        return _("It took too long, or the page was opened twice. A fresh start helps.")
    if reason in _SET_UP:
        return _("Sign-in is not set up correctly here. We have been told; please come back later.")
    if reason and reason.startswith("id token:"):
        return _("The answer of the sign-in service did not pass our checks, so we did not use it.")
    return _(
        "The sign-in was started in another tab or browser, or long ago. "
        "Start again here, and finish it in the same tab."
    )
