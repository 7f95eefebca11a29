"""The simulator: talk to the skill in the browser, over real HTTP, signed and verified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.rate_limit import limited
from skill_endpoint.simulator import conversation, households, interaction_model, saving
from skill_endpoint.simulator.access import (
    DeveloperRequest,
    few_at_once,
    loopback_only,
    needs_development_keys,
    pki_folder,
)
from skill_endpoint.simulator.alexa import PERSISTED, Alexa
from skill_endpoint.simulator.conversation import CannotDo, alexa_of
from skill_endpoint.simulator.forms import ActAsForm, SayForm
from skill_endpoint.simulator.households import Household
from skill_endpoint.simulator.languages import has_texts
from skill_endpoint.simulator.linking import LinkingFailed
from skill_endpoint.simulator.saving import NothingToSave

COOKIE = "doors_simulator"
COOKIE_AGE = 180 * 24 * 3600
View = Callable[..., HttpResponse]
Action = Callable[[DeveloperRequest, Household], HttpResponse]


def developer_page(view: View) -> View:
    """What every address of the simulator wants."""
    for decorate in (
        limited("simulator", rate=240, per=60),
        needs_development_keys,
        loopback_only,
        never_cache,
        login_not_required,
    ):
        view = decorate(view)
    return view


def with_household(action: Action) -> View:
    """Give the browser's household to the action, keep it, and tell what could not be done.

    Only a form begins a household: a page elsewhere can have any number of browsers get an address.
    """

    def view(request: DeveloperRequest) -> HttpResponse:
        key = request.COOKIES.get(COOKIE, "")
        may_begin = request.method == "POST"
        skill_id = settings.ALEXA_SKILL_IDS[0]
        with households.opened(pki_folder(), key, skill_id, may_begin=may_begin) as household:
            try:
                response = action(request, household)
            except CannotDo as error:
                messages.error(request, str(error))
                response = _back(request)
            except LinkingFailed as error:
                messages.error(request, _("Linking failed: %s") % error.reason)
                response = _back(request)
        if not may_begin and household.key != key:
            return response
        response.set_cookie(
            COOKIE,
            household.key,
            max_age=COOKIE_AGE,
            path="/dev/",
            httponly=True,
            samesite="Lax",  # the callback comes from the pool's page
        )
        return response

    view.__name__ = getattr(action, "__name__", "view")
    return few_at_once(view)


@developer_page
@require_GET
def simulator(request: DeveloperRequest) -> HttpResponse:
    household = _found(request)
    return render(request, "simulator/alexa.html", _context(household))


@developer_page
@require_POST
@with_household
def say(request: DeveloperRequest, household: Household) -> HttpResponse:
    form = SayForm(request.POST)
    last = household.last_number
    if not form.is_valid():
        raise CannotDo(" ".join(str(each) for errors in form.errors.values() for each in errors))
    form.perform(household)
    if not request.htmx:
        return redirect(f"{reverse('simulator')}#say")
    fresh = [entry for entry in household.talk if entry["number"] > last]
    response = render(request, "simulator/fresh.html", {"household": household, "entries": fresh})
    patch_vary_headers(response, ["HX-Request"])
    return response


@developer_page
@require_POST
@with_household
def act_as(request: DeveloperRequest, household: Household) -> HttpResponse:
    form = ActAsForm(request.POST)
    if form.is_valid():
        form.perform(household)
    return redirect("simulator")


@developer_page
@require_POST
@with_household
def start_over(request: DeveloperRequest, household: Household) -> HttpResponse:
    conversation.start_over(household)
    return redirect("simulator")


@developer_page
@require_POST
@with_household
def start_as_new_user(request: DeveloperRequest, household: Household) -> HttpResponse:
    conversation.start_as_new_user(household)
    return redirect("simulator")


@developer_page
@require_POST
@with_household
def undo(request: DeveloperRequest, household: Household) -> HttpResponse:
    conversation.undo(household)
    return redirect(f"{reverse('simulator')}#say")


@developer_page
@require_GET
def save(request: DeveloperRequest) -> HttpResponse:
    """The conversation as a test of this project, to download."""
    day = timezone.localdate()
    try:
        text = saving.test_of(_found(request).talk, day)
    except NothingToSave as error:
        messages.error(request, str(error))
        return redirect("simulator")
    return HttpResponse(
        text,
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{saving.file_name(day)}"'},
    )


@developer_page
@require_POST
@with_household
def link(request: DeveloperRequest, household: Household) -> HttpResponse:
    """As the Alexa app does: open the pool's authorize address. A plain form, never htmx."""
    if not (settings.COGNITO_DOMAIN_URL and settings.COGNITO_ALEXA_CLIENT_SECRET):
        raise CannotDo(_("The pool’s address or the Alexa client’s secret is not set."))
    with alexa_of(household) as alexa:
        return redirect(alexa.authorize_address())


@developer_page
@require_GET
@with_household
def callback(request: DeveloperRequest, household: Household) -> HttpResponse:
    try:
        with alexa_of(household) as alexa:
            alexa.finish_linking(request.GET.dict())
            household.sends = "token"
        conversation.note(household, _("The account is linked."))
    finally:
        conversation.note_trace(household, request.GET.get("state", ""))
    return redirect("simulator")


@developer_page
@require_POST
@with_household
def refresh(request: DeveloperRequest, household: Household) -> HttpResponse:
    with alexa_of(household) as alexa:
        alexa.refresh()
    return redirect("simulator")


@developer_page
@require_POST
@with_household
def unlink(request: DeveloperRequest, household: Household) -> HttpResponse:
    """Alexa knows no unlinking but disabling the skill."""
    keep_data = request.POST.get("information") == PERSISTED
    household.sends = "nothing"
    with alexa_of(household) as alexa:
        _disable(alexa, keep_data=keep_data)
        household.forget_marks()
    conversation.note(household, _("The skill is disabled; its next use has a new user id."))
    return redirect("simulator")


def _disable(alexa: Alexa, *, keep_data: bool) -> None:
    if not alexa.account.user_id:
        raise CannotDo(_("The skill is not enabled yet."))
    alexa.disable(keep_data=keep_data)


def _found(request: DeveloperRequest) -> Household:
    key = request.COOKIES.get(COOKIE, "")
    return households.find(pki_folder(), key, settings.ALEXA_SKILL_IDS[0])


def _back(request: DeveloperRequest) -> HttpResponse:
    page = reverse("simulator")
    return HttpResponseClientRedirect(page) if request.htmx else redirect(page)


def _context(household: Household) -> dict[str, Any]:
    try:
        chips = interaction_model.chips(household.account.locale)
    except (OSError, ValueError, KeyError):
        chips = []
    return {
        "household": household,
        "entries": household.talk,
        "chips": chips,
        "act_as": ActAsForm(
            initial={
                "locale": household.account.locale,
                "device": household.account.device,
                "speaker": bool(household.account.person_id),
                "sends": household.sends,
            }
        ),
        "presses": SayForm.PRESSES,
        "endpoint": f"{settings.PUBLIC_URL}/alexa/",
        "has_own_model": interaction_model.has_own_model(household.account.locale),
        "has_texts": has_texts(household.account.locale),
    }
