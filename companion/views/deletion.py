"""Delete an account: what goes, a fresh sign-in, one last question, and a page that says it."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.cognito import endpoints
from accounts.cognito.sign_in_again import is_fresh
from accounts.erasure import PoolUnavailable
from accounts.models import Deletion
from accounts.personal_data import counts_of, elsewhere, shown_holdings
from accounts.rate_limit import limited
from companion import time_zones
from companion.deletion_form import DeleteAccountForm
from companion.http import SignedInRequest

_SALT = "deleted"


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest) -> HttpResponse:
    return _delete(request) if request.method == "POST" else _page(request, DeleteAccountForm())


@limited("delete-account", rate=10, per=600)
def _delete(request: SignedInRequest) -> HttpResponse:
    if not is_fresh(request):  # it was, when the page was made
        return _page(request, DeleteAccountForm(), status=403)
    form = DeleteAccountForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        deletion = form.delete(request.user)
    except PoolUnavailable:
        return render(request, "companion/delete_failed.html", status=503)
    logout(request)
    # its number, signed, and nothing of the person: the page is there when the session is not
    if deletion is None:
        return redirect("deleted")
    return redirect("deleted_on", signing.dumps(deletion.pk, salt=_SALT))


def _page(request: SignedInRequest, form: DeleteAccountForm, *, status: int = 200) -> HttpResponse:
    counts = counts_of(request.user)
    held = [holding for holding in shown_holdings() if counts[holding]]
    context = {
        "form": form,
        "goes": [(holding, counts[holding]) for holding in held if not holding.detach],
        "stays": [holding for holding in held if holding.detach],
        "elsewhere": [place for place in elsewhere() if place.label],
        "is_fresh": is_fresh(request),
        "here": reverse("data_delete"),
    }
    with timezone.override(time_zones.of(request.user.profile)):
        return render(request, "companion/delete.html", context, status=status)


@login_not_required
@never_cache
@require_safe
def deleted(request: HttpRequest, token: str = "") -> HttpResponse:
    """What was done and when. Without a token for a second press, which the first one beat."""
    deletion = None
    if token:
        try:
            pk = signing.loads(token, salt=_SALT)
        except signing.BadSignature as error:
            raise Http404 from error
        deletion = get_object_or_404(Deletion, pk=pk)
    context = {"deletion": deletion, "logout_url": endpoints.logout_url()}
    return render(request, "companion/deleted.html", context)
